# SPDX-License-Identifier: MIT
#
# writer.reset_stream: the stream ends with an error.
#
# A client sees: HEADERS, DATA "partial", RST_STREAM with the error code that
# ?code= names (CANCEL if it names none); fetch() fails while it reads.

def main(request, response):
    code = request.GET.first("code", b"CANCEL").decode()
    response.writer.write_headers([("content-type", "text/plain")], 200)
    response.writer.write_data("partial")
    response.writer.reset_stream(int(code) if code.isdigit() else code)
