# SPDX-License-Identifier: MIT
"""Handlers as routes of a checkout have them."""


class StringHandler:
    def __init__(self, data, content_type, **headers):
        self.data = data
        self.resp_headers = [("Content-Type", content_type)] + [
            (name.replace("_", "-"), value) for name, value in
            headers.items()]


class StaticHandler(StringHandler):
    def __init__(self, path, format_args, content_type, **headers):
        with open(path) as f:
            super().__init__(f.read() % format_args, content_type, **headers)


class ErrorHandler:
    def __init__(self, status):
        self.status = status


class FileHandler:
    def __init__(self, base_path=None, url_base="/"):
        self.base_path, self.url_base = base_path, url_base


class PythonScriptHandler(FileHandler):
    pass


class HtmlWrapperHandler(FileHandler):
    pass


class AnyHtmlHandler(HtmlWrapperHandler):
    pass


class FunctionHandler:
    def __init__(self, func):
        self.func = func


def report(request, response):
    return "never run by h2rig"
