# SPDX-License-Identifier: MIT
#
# A script that crashes its process.
#
# A client sees: HEADERS, DATA "x", then the end of the connection.  The client
# can open another connection, and its next request is answered there.  The log
# names the signal (SIGABRT), the script and the function.

import os


def main(request, response):
    response.writer.write_headers([("content-type", "text/plain")], 200)
    response.writer.write_data('x')
    os.abort()
