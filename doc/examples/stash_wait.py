# SPDX-License-Identifier: MIT
#
# Two requests meet: one waits until the other one puts a value in the stash.
#
# A client that asks for /stash_wait.py?key=UUID sees: nothing until a client
# asks for /stash_wait.py?key=UUID&value=TEXT, on the same connection or on
# another one; then 200 and TEXT.  If nobody does so within 10 seconds, it sees
# 504.  The client that puts the value in the stash sees: 204.

def main(request, response):
    stash, key = request.server.stash, request.GET["key"]
    if "value" in request.GET:
        stash.put(key, request.GET["value"])
        return 204, [], ""
    value = stash.wait(key, 10)
    if value is None:
        return 504, [], "nobody came"
    return [("content-type", "text/plain")], value
