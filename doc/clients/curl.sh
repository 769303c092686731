#!/bin/sh
# SPDX-License-Identifier: MIT
# curl, which fetches all of a case's URLs in one process:
#
#	h2bad run --got exit -- doc/clients/curl.sh {ca} {method} {bodyfile} {urls}
#
# The last URL is the follow-up: its method is GET. The exit status is 1 if a
# request before it failed.
ca=$1 method=$2 body=$3
shift 3
n=$# i=0
for url; do
	i=$((i + 1))
	set -- "$@" -sS --http2 --cacert "$ca" --max-time 5 -o /dev/null \
		-w '%{exitcode}\n'
	if [ $i -lt "$n" ]; then
		case $method in
		HEAD) set -- "$@" --head ;;
		POST) set -- "$@" --data-binary "@$body" ;;
		esac
	fi
	set -- "$@" "$url"
	[ $i -eq "$n" ] || set -- "$@" --next
done
shift "$n"
! curl "$@" | sed '$d' | grep -v '^0$'
