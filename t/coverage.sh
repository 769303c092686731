#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Line coverage of src/h2 by the unit tests, the comparison with libnghttp2 and
# the fuzzers' corpus:
#
#	coverage.sh DIR
#
# builds in DIR, runs them, and prints the lines per file and those that were
# never reached; doc/coverage.md says why.  DIR/coverage.info is for genhtml.
# Fails below H2RIG_COVERAGE percent.  Needs GCC and lcov.
#
# The whole-server tests do not count: what they reach is no more, and the
# children leave by _exit, which writes nothing.

set -eu

tests='t/unit/test_buf t/unit/test_fields t/unit/test_frame t/unit/test_hpack
t/unit/test_huff t/unit/test_memory t/unit/test_send t/unit/test_session
t/unit/test_stream t/unit/diff_hpack t/fuzz/replay_frame t/fuzz/replay_hpack
t/fuzz/replay_roundtrip t/fuzz/replay_session'
least=${H2RIG_COVERAGE-95}

case $# in
1)	;;
*)	echo "usage: coverage.sh DIR" >&2
	exit 64
	;;
esac
command -v lcov >/dev/null || {
	echo "coverage.sh: no lcov" >&2
	exit 69
}
mkdir -p "$1"
dir=$(cd "$1" && pwd)
source=$(cd "$(dirname "$0")/.." && pwd)

# Nothing can be built elsewhere from a tree that is built in place, but from
# the copy of it that a release would be.
if [ -f "$source/config.status" ]; then
	rm -rf "$dir/source"
	make -s -C "$source" distdir distdir="$dir/source"
	source=$dir/source
fi

# A command whose output is of interest when it fails.
quietly()
{
	"$@" >output 2>&1 || {
		cat output
		exit 1
	}
}

mkdir -p "$dir/build"
cd "$dir/build"
[ -f Makefile ] || quietly "$source/configure" CC="${CC-gcc}" \
    CFLAGS='-O0 -g --coverage'
find . -name '*.gcda' -exec rm -f {} +		# of an earlier run
quietly make check-TESTS TESTS="$tests"
quietly lcov --capture --directory . --output-file all.info
quietly lcov --extract all.info '*/src/h2/*' --output-file ../coverage.info

# Records of a file: SF:NAME, DA:LINE,TIMES for each line, end_of_record.
awk -v least="$least" '
function report(name, reached, lines)
{
	printf "%6.1f %%  %4d of %4d  %s\n", lines ? 100 * reached / lines : 100,
	    reached, lines, name
}
/^SF:/ {
	path = substr($0, 4)
	name = path
	sub(/.*\//, "", name)
}
/^DA:/ {
	split(substr($0, 4), at, ",")
	n[name]++
	if (at[2] > 0) {
		hit[name]++
		next
	}
	want[path, at[1]] = 1
	missed[path] = path
}
/^end_of_record/ {
	report(name, hit[name], n[name])
	all += n[name]
	all_hit += hit[name]
}
END {
	report("src/h2", all_hit, all)
	print "\nNever reached:"
	order = "sort -t: -k1,1 -k2,2n"
	for (path in missed) {
		name = path
		sub(/.*\//, "", name)
		for (i = 1; (getline line < path) > 0; i++) {
			if ((path, i) in want) {
				sub(/^[ \t]*/, "", line)
				print name ":" i ": " line | order
			}
		}
	}
	close(order)
	exit all_hit * 100 < all * least
}' ../coverage.info
