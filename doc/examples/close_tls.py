# SPDX-License-Identifier: MIT
#
# writer.close("tls"): ends TLS, then the TCP connection.
#
# A client sees: the response, then a close_notify alert, then a TCP FIN.  TLS
# ends in good order, but there is no GOAWAY.

def main(request, response):
    response.writer.write_headers([("content-type", "text/plain")], 200)
    response.writer.write_data("whole", last=True)
    response.writer.flush()
    response.writer.close("tls")
