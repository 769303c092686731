# SPDX-License-Identifier: MIT
#
# Waits ?seconds= (0.5 if it is not given).
#
# A client sees: nothing for so long, then "slept"; its other streams are
# answered meanwhile.

import time


def main(request, response):
    time.sleep(float(request.GET.first("seconds", b"0.5")))
    return [("content-type", "text/plain")], "slept"
