# SPDX-License-Identifier: MIT
def main(request, response):
    a = request.POST.first(b"a")
    many = request.POST.get_list(b"many")
    return b"%s;%s;%s" % (a, b",".join(many),
                          request.POST.first(b"none", b"default"))
