# SPDX-License-Identifier: MIT
#
# The other half of early_hints.py, which waits for this request: it puts the
# value of ?value=, or "hello" without one, in the stash.
#
# A client sees: 204.

def main(request, response):
    request.server.stash.put(request.GET["key"],
                             request.GET.first("value", b"hello"),
                             "/early_hints")
    return 204, [], ""
