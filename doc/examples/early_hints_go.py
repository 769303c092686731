# SPDX-License-Identifier: MIT
#
# The other half of early_hints.py: puts ?value= (or "hello") in the stash.
#
# A client sees: 204.

def main(request, response):
    request.server.stash.put(request.GET["key"],
                             request.GET.first("value", b"hello"),
                             "/early_hints")
    return 204, [], ""
