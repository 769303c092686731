# SPDX-License-Identifier: MIT
from common import tools


def main(request, response):
    request.server.stash.put(tools.first(request, "key"), b"went",
                             path="/stash-wait.py")
    return b"gone"
