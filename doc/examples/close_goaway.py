# SPDX-License-Identifier: MIT
#
# writer.close("goaway").
#
# A client sees: GOAWAY with NO_ERROR, the rest of this response, and the
# end of the connection once its last stream has ended.

def main(request, response):
    response.writer.write_headers([("content-type", "text/plain")], 200)
    response.writer.close("goaway")
    response.writer.write_data("whole", last=True)
