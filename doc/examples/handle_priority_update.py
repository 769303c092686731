# SPDX-License-Identifier: MIT
#
# handle_priority_update: called for each PRIORITY_UPDATE frame that names the
# stream (RFC 9218).
#
# A client that sends such a frame before the end of its request sees: the
# field value of the frame, then the stream's urgency and whether it is
# incremental.

def handle_priority_update(frame, request, response):
    response.content = "%s: %r\n" % (
        frame.priority.decode("latin-1"), request.priority)
