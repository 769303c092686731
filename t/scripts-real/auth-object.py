# SPDX-License-Identifier: MIT
# As authors do who make the object themselves.
from wptserve.request import Authentication


def main(request, response):
    auth = request.auth
    return "%s|%s" % (auth.username.decode() if auth.username else None,
                      auth.password.decode() if auth.password else None)
