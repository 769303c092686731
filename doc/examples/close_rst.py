# SPDX-License-Identifier: MIT
#
# writer.close("rst"): resets the TCP connection.
#
# A client sees: HEADERS and some DATA, then a TCP reset.  Its read fails with
# "connection reset by peer".

def main(request, response):
    response.writer.write_headers([("content-type", "text/plain")], 200)
    response.writer.write_data("cut ")
    response.writer.flush()
    response.writer.close("rst")
