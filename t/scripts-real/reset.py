# SPDX-License-Identifier: MIT
# Breaks off in the middle.
def main(request, response):
    response.writer.write_headers([("content-length", "100")], 200)
    response.writer.write_data("half of it")
    response.writer.reset_stream("ENHANCE_YOUR_CALM")
