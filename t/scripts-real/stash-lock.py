# SPDX-License-Identifier: MIT
# Requests one at a time, however they come.
def main(request, response):
    stash = request.server.stash
    key = b"00000000-0000-0000-0000-00000000000a"
    with stash.lock:
        count = stash.take(key) or 0
        stash.put(key, count + 1)
    return str(count + 1)
