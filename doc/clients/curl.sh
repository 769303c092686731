#!/bin/sh
# SPDX-License-Identifier: MIT
# curl, one process for all of a case's URLs:
#
#	h2bad run --got exit -- doc/clients/curl.sh {ca} {method} {bodyfile} {urls}
#
# The last URL is the one that follows: it is a GET. The exit status is 1 if
# another one failed.
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
