# SPDX-License-Identifier: MIT
# Answers when the other request has come.
from common.tools import first, wait_for


def main(request, response):
    value = wait_for(request.server.stash, first(request, "key"))
    return (504, [], "nobody came") if value is None else value
