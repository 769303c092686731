# SPDX-License-Identifier: MIT
def main(request, response):
    response.set_error(409, "in the way")
