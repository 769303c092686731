# SPDX-License-Identifier: MIT
#
# writer.reset_stream: ends the stream with an error.
#
# A client sees: HEADERS, DATA "partial", and RST_STREAM with the error code
# that ?code= names, or CANCEL without it.  In a browser, fetch() fails, or
# fails to read the content.

def main(request, response):
    code = request.GET.first("code", b"CANCEL").decode()
    response.writer.write_headers([("content-type", "text/plain")], 200)
    response.writer.write_data("partial")
    response.writer.reset_stream(int(code) if code.isdigit() else code)
