# SPDX-License-Identifier: MIT
def main(request, response):
    response.status = 204
