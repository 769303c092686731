#!/bin/sh
# SPDX-License-Identifier: MIT
# nghttp, which sends all of a case's requests at once, on one connection:
#
#	h2bad run -- doc/clients/nghttp.sh {url} {follow}
#
# nghttp checks no certificate, and its exit status is 0 whatever happened.
exec nghttp -n -t 5 "$@"
