# SPDX-License-Identifier: MIT
"""Aliases of what `h2rig.request` and `h2rig.server.forms` have."""

from h2rig.headers import MultiDict, RequestHeaders  # noqa: F401
from h2rig.request import Request, Server  # noqa: F401
from h2rig.server.forms import (Authentication, Cookies,  # noqa: F401
                                CookieValue)
