# SPDX-License-Identifier: MIT
import importlib

shouting = importlib.import_module("common.sub-dir.helper.shout")


def main(request, response):
    return shouting.shout(request.GET.first(b"text", b"quiet"))
