# SPDX-License-Identifier: MIT
#
# writer.close("fin").
#
# A client sees: the response, then FIN without close_notify: to TLS a
# truncation, which careful clients report.

def main(request, response):
    response.writer.write_headers([("content-type", "text/plain")], 200)
    response.writer.write_data("whole", last=True)
    response.writer.flush()
    response.writer.close("fin")
