# SPDX-License-Identifier: MIT
#
# writer.fence: waits until the client has read what was sent.
#
# A client sees: HEADERS, DATA, PING; and once it has acknowledged that, DATA with
# the time that it took.  One that acknowledges no PING gets the rest after 5 s.

def main(request, response):
    response.headers.set("content-type", "text/plain")
    response.write_status_headers()
    response.writer.write_data("before, ")
    try:
        text = "read after %.6f s\n" % response.writer.fence()
    except TimeoutError as e:
        text = "%s\n" % e
    response.writer.write_data(text, last=True)
