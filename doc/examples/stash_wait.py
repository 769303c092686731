# SPDX-License-Identifier: MIT
#
# A rendezvous of two requests: one waits for what the other one puts in the
# stash.
#
# A client that asks for /stash_wait.py?key=UUID sees nothing until somebody
# asks for /stash_wait.py?key=UUID&value=TEXT, on the same connection or on
# another: then 200 and TEXT.  After 10 seconds without one: 504.  Who puts the
# value sees 204.

def main(request, response):
    stash, key = request.server.stash, request.GET["key"]
    if "value" in request.GET:
        stash.put(key, request.GET["value"])
        return 204, [], ""
    value = stash.wait(key, 10)
    if value is None:
        return 504, [], "nobody came"
    return [("content-type", "text/plain")], value
