# SPDX-License-Identifier: MIT
def main(request, response):
    mime = request.GET.first("mime", "text/event-stream")
    message = request.GET.first("message", "data: data").replace("\\n", "\n")
    newline = "" if request.GET.first("newline", None) == "none" else "\n\n"
    headers = [("Content-Type", mime)]
    return headers, message + newline + "\n"
