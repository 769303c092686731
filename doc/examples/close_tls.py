# SPDX-License-Identifier: MIT
#
# writer.close("tls").
#
# A client sees: the response, then a close_notify alert, then FIN: an
# orderly end of TLS, without GOAWAY.

def main(request, response):
    response.writer.write_headers([("content-type", "text/plain")], 200)
    response.writer.write_data("whole", last=True)
    response.writer.flush()
    response.writer.close("tls")
