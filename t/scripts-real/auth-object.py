# SPDX-License-Identifier: MIT
# Credentials, or that there are none.


def main(request, response):
    auth = request.auth
    return "%s|%s" % (auth.username.decode() if auth.username else None,
                      auth.password.decode() if auth.password else None)
