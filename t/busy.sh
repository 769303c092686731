#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Runs a command beside N processes that keep the processors busy, and ends
# them when it has ended:
#
#	t/busy.sh N COMMAND [ARGUMENT ...]

set -eu
n=$1
shift
pids=

# shellcheck disable=SC2086 # a list of process ids
trap '[ -z "$pids" ] || { kill $pids; wait; }' EXIT
trap 'exit 1' HUP INT TERM
while [ "$n" -gt 0 ]; do
	while :; do :; done &
	pids="$pids $!"
	n=$((n - 1))
done
"$@"
