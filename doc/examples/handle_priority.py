# SPDX-License-Identifier: MIT
#
# handle_priority: called for each PRIORITY frame on the stream (RFC 7540).
#
# A client that sends a PRIORITY frame before the end of its request sees: the
# values of this frame, as the content of the response.

def handle_priority(frame, request, response):
    priority = frame.priority
    response.content = "stream %d, weight %d%s\n" % (
        priority.dependency, priority.weight,
        ", exclusive" if priority.exclusive else "")
