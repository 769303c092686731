# SPDX-License-Identifier: MIT
"""Aliases of `h2rig.handlers`."""

from h2rig.errors import HTTPException  # noqa: F401
from h2rig.handlers import (ErrorHandler, FileHandler,  # noqa: F401
                            FunctionHandler, JsonHandler, PythonScriptHandler,
                            file_handler, handler, json_handler,
                            python_script_handler)
