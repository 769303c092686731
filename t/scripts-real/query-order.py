# SPDX-License-Identifier: MIT
# Names and values as they came.
def main(request, response):
    out = []
    for name in request.GET:
        for value in request.GET.get_list(name):
            out.append(name + b"=" + value)
    return b"&".join(out) + b" last " + request.GET.last(b"a", b"")
