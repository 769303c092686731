# SPDX-License-Identifier: MIT
"""Handlers as routes of a checkout have them."""


class StringHandler:
    def __init__(self, data, content_type, **headers):
        self.data = data
        self.resp_headers = [("Content-Type", content_type)] + [
            (name.replace("_", "-"), value) for name, value in
            headers.items()]


class StaticHandler:
    # Its files are read when it is called.
    def __init__(self, path, format_args, content_type, **headers):
        self._args = ([path] if isinstance(path, str) else path, format_args,
                      content_type)
        self._headers = headers

    def __getnewargs_ex__(self):
        return self._args, self._headers


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


class HtmlScriptInjectorHandlerWrapper:
    def __init__(self, inject="", wrap=None):
        self.inject = inject
        self.wrap = wrap
