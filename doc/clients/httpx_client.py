#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Python's httpx, which sends one request after the other, on one connection
if it can.

    h2bad run --got exit -- doc/clients/httpx_client.py {ca} {method} \
        {bodyfile} {urls}

The last URL is the follow-up: its method is GET.  The exit status is 1 if a
request before it failed.
"""
import sys

import httpx

ca, method, bodyfile, *urls = sys.argv[1:]
status = 0
with open(bodyfile, "rb") as f:
    body = f.read() or None
with httpx.Client(http2=True, http1=False, verify=ca, timeout=5) as client:
    for url in urls:
        last = url == urls[-1]
        try:
            answer = client.request("GET" if last else method, url,
                                    content=None if last else body)
            print(answer.http_version, answer.status_code, url)
        except Exception as e:      # httpx lets some of h2's pass through
            print(f"{url}: {e!r}")
            status = status if last else 1
sys.exit(status)
