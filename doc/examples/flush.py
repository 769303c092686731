# SPDX-License-Identifier: MIT
#
# writer.flush: returns when the kernel has all that was written.
#
# A client sees: HEADERS and 300,000 octets of DATA, which is more than the
# server queues, then DATA that says how many there were, with END_STREAM.

def main(request, response):
    writer = response.writer
    writer.write_headers([("content-type", "text/plain")], 200)
    writer.write_data("x" * 299999 + "\n")
    writer.flush()
    writer.write_data("300000 octets are out", last=True)
