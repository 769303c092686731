# SPDX-License-Identifier: MIT
#
# writer.settings: sends SETTINGS during the connection; h2rig then obeys them.
#
# A client sees: SETTINGS with MAX_FRAME_SIZE 32768 and INITIAL_WINDOW_SIZE
# 1000, which it acknowledges, then the response.  It may send frames of up to
# 32,768 octets at once.  After its acknowledgement it may send no more than
# 1,000 octets on a stream before WINDOW_UPDATE frames give it credit.

def main(request, response):
    response.writer.settings([("MAX_FRAME_SIZE", 32768),
                              ("INITIAL_WINDOW_SIZE", 1000)])
    return [("content-type", "text/plain")], "after SETTINGS"
