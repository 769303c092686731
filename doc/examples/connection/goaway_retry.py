# SPDX-License-Identifier: MIT
#
# GOAWAY in answer to the first request, and the retry on the next connection.
#
# A client sees: GOAWAY with NO_ERROR and last stream 0 in answer to its first
# request.  This means that the server has not processed the request (RFC 9113
# §6.8).  A client that sends the request again on another connection gets its
# response there.  The log says which two connections belong together.

import uuid


def key(frame, connection):
    """Returns the stash's key for the client's address and its request."""
    return uuid.uuid5(uuid.NAMESPACE_URL, "%s %s" % (
        connection.client_address[0],
        [dict(frame.headers)[name] for name in (":method", ":path")]))


def handle_headers(frame, connection):
    if "known" in connection.data:
        return None
    connection.data["known"] = True
    stash = connection.server.stash
    first = stash.take(key(frame, connection))
    if first is not None:
        connection.logger.info("connection %d retries what connection %d "
                               "was not answered", connection.id, first)
        return None
    stash.put(key(frame, connection), connection.id)
    connection.writer.goaway("NO_ERROR", 0)
    return True         # no script runs for the request
