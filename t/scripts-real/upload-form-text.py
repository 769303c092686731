# SPDX-License-Identifier: MIT
def main(request, response):
    upload = request.POST.first("file")
    if upload.filename == "a.txt" and upload.value == "contents":
        return "text field %s, file of %d" % (
            request.POST["field"].decode(), len(upload.value))
    return 400, [], "wrong"
