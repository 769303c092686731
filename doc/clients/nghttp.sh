#!/bin/sh
# SPDX-License-Identifier: MIT
# nghttp, which asks for all of a case's URLs at once, on one connection:
#
#	h2bad run -- doc/clients/nghttp.sh {url} {follow}
#
# It does not look at certificates, and its exit status is 0 whatever it got.
exec nghttp -n -t 5 "$@"
