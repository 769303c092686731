# SPDX-License-Identifier: MIT
#
# handle_rst_stream: called when the client has reset the stream.
#
# A client sees: HEADERS, and nothing more.  After it has sent RST_STREAM, it
# can ask for handle_rst_stream.py?last on the same connection: the response
# names the stream that it has reset, and the error code.

def main(request, response):
    if "last" in request.GET:
        return request.connection.data.get("reset", "none\n")
    response.write_status_headers()
    response.writer.stream_ended = True         # h2rig will not end the stream


def handle_rst_stream(frame, request, response):
    request.connection.data["reset"] = "stream %d: %s\n" % (
        frame.stream_id, frame.error_name)
