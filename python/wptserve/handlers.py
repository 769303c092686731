# SPDX-License-Identifier: MIT
"""Aliases of `h2rig.handlers`."""

from h2rig.errors import HTTPException  # noqa: F401
from h2rig.handlers import (AsIsHandler, BasicAuthHandler,  # noqa: F401
                            DirectoryHandler, ErrorHandler, FileHandler,
                            FunctionHandler, JsonHandler, PythonScriptHandler,
                            StaticHandler, StringHandler, as_is_handler,
                            basic_auth_handler, directory_handler,
                            file_handler, handler, json_handler,
                            python_script_handler)
