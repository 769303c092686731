# SPDX-License-Identifier: MIT
from wptserve.utils import HTTPException


def main(request, response):
    if b"code" in request.GET:
        raise HTTPException(int(request.GET[b"code"]), "as asked for")
    raise ValueError("no code")
