# SPDX-License-Identifier: MIT
def main(request, response):
    state = []

    def piece():
        state.append(1)
        return "%d " % len(state)
    return [], [piece, piece, b"then ", piece]
