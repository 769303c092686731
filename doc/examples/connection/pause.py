# SPDX-License-Identifier: MIT
#
# pause_reading and resume_reading: a server that reads nothing for a while.
#
# A client sees: SETTINGS, then no answer to anything for 2 seconds, then
# responses as usual.

import time


def main(connection):
    connection.pause_reading()
    time.sleep(2)
    connection.resume_reading()
