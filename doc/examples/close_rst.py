# SPDX-License-Identifier: MIT
#
# writer.close("rst").
#
# A client sees: HEADERS and some DATA, then a TCP reset: the read fails with
# "connection reset by peer".

def main(request, response):
    response.writer.write_headers([("content-type", "text/plain")], 200)
    response.writer.write_data("cut ")
    response.writer.flush()
    response.writer.close("rst")
