#!/bin/sh
# SPDX-License-Identifier: MIT
# Starts Chromium or Firefox, headless, and opens the page of /new, which runs
# all cases by fetch(). The last argument is the query for /new:
#
#	h2bad serve --ca-out ca.pem &
#	doc/clients/browser.sh firefox-esr ca.pem https://localhost:8443 'cases=frames/*'
#
# certutil (libnss3-tools) makes Firefox trust the CA. Prints the run's TAP.
exe=$1 ca=$2 base=$3 query=$4
case $exe in
*firefox*)
	# Firefox uses HTTP/1.1 for a host whose HTTP/2 has failed once, so
	# each case gets a host name of its own.
	query=$query'&via=sni' ;;
*)	# Chromium is told to accept any certificate.
	query=$query'&exclude=tls-expired,tls-self-signed,tls-wrong-name' ;;
esac
name=$("$exe" --version 2>/dev/null | grep -o '^[A-Za-z ]* [0-9.]*' |
	sed 's/ /%20/g')
run=$(curl -sS --cacert "$ca" -o /dev/null -w '%{redirect_url}' \
	"$base/new?client=$name&$query") || exit
profile=$(mktemp -d)
case $exe in
*firefox*)
	certutil -N -d "sql:$profile" --empty-password &&
	certutil -A -d "sql:$profile" -n h2bad -t C,, -i "$ca" || exit
	set -- --headless --no-remote --profile "$profile" ;;
*)
	set -- --headless --no-sandbox --ignore-certificate-errors \
		--user-data-dir="$profile" ;;
esac
HOME=$profile "$exe" "$@" "${run}?auto=1" >/dev/null 2>&1 &
pid=$!
until curl -sN --cacert "$ca" --max-time 60 "${run}events" |
	grep -q '^event: done' || ! kill -0 $pid 2>/dev/null; do
	sleep 1
done
kill $pid
wait $pid 2>/dev/null
curl -sS --cacert "$ca" "${run}report.tap"
rm -rf "$profile"
