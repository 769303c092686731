# SPDX-License-Identifier: MIT
#
# writer.close("fin"): ends the TCP connection, but not TLS.
#
# A client sees: the response, then a TCP FIN without a close_notify alert
# before it.  In TLS this is a truncation, which careful clients report.

def main(request, response):
    response.writer.write_headers([("content-type", "text/plain")], 200)
    response.writer.write_data("whole", last=True)
    response.writer.flush()
    response.writer.close("fin")
