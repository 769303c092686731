# SPDX-License-Identifier: MIT
# The value waits until another request takes it.
def main(request, response):
    request.server.stash.put(request.GET.first(b"key"),
                             request.GET.first(b"value"), b"/stash")
    return b"OK"
