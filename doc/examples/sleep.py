# SPDX-License-Identifier: MIT
#
# Sleeps for the number of seconds in ?seconds= (0.5 without it).
#
# A client sees: nothing during that time, then "slept".  Requests on its other
# streams are answered meanwhile.

import time


def main(request, response):
    time.sleep(float(request.GET.first("seconds", b"0.5")))
    return [("content-type", "text/plain")], "slept"
