# SPDX-License-Identifier: MIT
# Fields and files of a form.
import json


def main(request, response):
    out = []
    for name in request.POST:
        for value in request.POST.get_list(name):
            if hasattr(value, "filename"):
                out.append([name.decode(), value.filename.decode(),
                            value.type, value.file.read().decode()])
            else:
                out.append([name.decode(), value.decode()])
    return [("Content-Type", "application/json")], json.dumps(out)
