# SPDX-License-Identifier: MIT
#
# handle_rst_stream: called when the client has reset the stream.
#
# A client sees: HEADERS, and nothing more.  Once it has sent RST_STREAM a request
# for handle_rst_stream.py?last is answered with the stream and the error code.

def main(request, response):
    if "last" in request.GET:
        return request.connection.data.get("reset", "none\n")
    response.write_status_headers()
    response.writer.stream_ended = True         # leaves it open


def handle_rst_stream(frame, request, response):
    request.connection.data["reset"] = "stream %d: %s\n" % (
        frame.stream_id, frame.error_name)
