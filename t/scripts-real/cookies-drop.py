# SPDX-License-Identifier: MIT
import datetime


def main(request, response):
    response.set_cookie(b"gone", b"1", expires=datetime.timedelta(days=-1))
    response.set_cookie(b"kept", b"2")
    response.unset_cookie(b"gone")
    return b"ok"
