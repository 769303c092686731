# SPDX-License-Identifier: MIT
#
# writer.fence: waits until the client has read what was sent.
#
# A client sees: HEADERS, DATA and PING, and after it has acknowledged the
# PING, DATA with the time that this took.  A client that does not acknowledge
# the PING sees the message of the TimeoutError instead, after 5 seconds.

def main(request, response):
    response.headers.set("content-type", "text/plain")
    response.write_status_headers()
    response.writer.write_data("before, ")
    try:
        text = "read after %.6f s\n" % response.writer.fence()
    except TimeoutError as e:
        text = "%s\n" % e
    response.writer.write_data(text, last=True)
