# SPDX-License-Identifier: MIT
#
# writer.settings: SETTINGS in mid-connection, by which h2rig goes from then on.
#
# A client sees: SETTINGS with MAX_FRAME_SIZE 32768 and INITIAL_WINDOW_SIZE 1000,
# which it acknowledges, then the response.  At once it may send frames of up to
# 32,768 octets; once it has acknowledged, it may send no more than 1,000 octets
# on a stream before it gets credit by WINDOW_UPDATE.

def main(request, response):
    response.writer.settings([("MAX_FRAME_SIZE", 32768),
                              ("INITIAL_WINDOW_SIZE", 1000)])
    return [("content-type", "text/plain")], "after SETTINGS"
