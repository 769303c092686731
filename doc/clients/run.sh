#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs all cases (or those that fit the globs) with each client that is
# installed, and writes the matrix; `make clients` calls it.
#
#	doc/clients/run.sh ./h2bad DIR [GLOB ...]
#
# DIR/*/CLIENT/report.html shows each failure with its trace, DIR/matrix.html all
# clients. Three clients run at once, each with JOBS cases at a time. PYTHON is
# the interpreter that has httpx and h2. The exit status is 1 if an installed
# client has no report of all cases.
set -u
h2bad=$1 dir=$2
shift 2
here=$(dirname "$0")
mkdir -p "$dir"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python=${PYTHON:-python3}
have() { command -v "$1" >/dev/null; }
module() { "$python" -c "import $1" 2>/dev/null; }
note() { echo "$1: left out, it is not installed"; }

# failed NAME WHY: says and notes that this client has no complete report.
failed() {
	echo "$1: $2"
	echo "$1" >>"$tmp/failed"
}

# run NAME [option ...] [GLOB ...] -- command: runs the command once per case.
run() {
	name=$1
	shift
	"$h2bad" run -j "${JOBS:-4}" --tap --dir "$dir/$lane" --client "$name" \
		"$@" >/dev/null 2>"$tmp/$lane.said"
	status=$?
	if [ $status -gt 1 ]; then
		failed "$name" "exit status $status: $(tail -n 1 "$tmp/$lane.said")"
	else
		echo "$name: done"
	fi
}

version() { "$@" 2>&1 | grep -o '[0-9][0-9]*\.[0-9.]*[0-9]' | head -n 1; }
all='{ca} {method} {bodyfile} {urls}'	# unquoted below: split into words

first() {
	lane=first
	have curl && run "curl $(version curl -V)" --got exit "$@" -- \
		"$here/curl.sh" $all || note curl
	have go && go build -o "$tmp/go" "$here/client.go" &&
		run "Go net/http $(version go version)" --got exit "$@" -- \
		"$tmp/go" $all || note Go
	have php && php -r 'exit(extension_loaded("curl") ? 0 : 1);' &&
		run "PHP $(version php -v), libcurl $(version php -r \
		'echo curl_version()["version"];')" --got exit "$@" -- \
		php "$here/php.php" $all || note PHP
	module h2 && run "python3-h2 $(version $python -c \
		'import h2; print(h2.__version__)')" --got exit "$@" -- \
		"$python" "$here/h2_client.py" {ca} {urls} || note python3-h2
}

second() {
	lane=second
	have nghttp && run "nghttp $(version nghttp --version)" "$@" -- \
		"$here/nghttp.sh" {url} {follow} || note nghttp
	have node && run "Node http2 $(node --version)" --got exit "$@" -- \
		node "$here/node_http2.mjs" $all || note Node
	have ruby && ruby -e 'require "http/2"' 2>/dev/null &&
		run "Ruby http-2 $(version ruby -e \
		'require "http/2"; puts HTTP2::VERSION')" "$@" -- \
		ruby "$here/ruby.rb" {ca} {url} {follow} || note "Ruby http-2"
}

# Builds client.rs with Debian's crates, without a network.
rust() {
	mkdir "$tmp/rust" && cp "$here/Cargo.toml" "$here/client.rs" "$tmp/rust" &&
		(cd "$tmp/rust" && cargo build --offline --quiet \
		--config 'source.crates-io.replace-with="debian"' --config \
		"source.debian.directory='$crates'") >"$tmp/rust.said" 2>&1 ||
		! tail -n 5 "$tmp/rust.said"
}

third() {
	lane=third
	module httpx && run "httpx $(version $python -c \
		'import httpx; print(httpx.__version__)')" --got exit "$@" -- \
		"$python" "$here/httpx_client.py" $all || note httpx
	have node && run "Node fetch $(node --version)" --got exit "$@" -- \
		node "$here/fetch.mjs" $all || note "Node fetch"
	crates=/usr/share/cargo/registry
	have cargo && [ -d $crates/reqwest-* ] && rust &&
		run "Rust reqwest $(version ls -d $crates/reqwest-*)" --got exit \
		"$@" -- "$tmp/rust/target/debug/client" $all || note Rust
	have perl && perl -MProtocol::HTTP2 -MIO::Socket::SSL -e 1 2>/dev/null &&
		run "Perl Protocol::HTTP2 $(version perl -MProtocol::HTTP2 -e \
		'print $Protocol::HTTP2::VERSION')" "$@" -- \
		perl "$here/perl.pl" {ca} {url} {follow} ||
		note "Perl Protocol::HTTP2"
}

# loop NAME [GLOB ...] -- command: runs a client that loops over all cases. It
# has a server of its own, since an armed case goes to the next connection,
# whichever client opens it. The command gets the CA, the control port's URL and
# the query for /new.
loop() {
	name=$1 globs=
	shift
	while [ "$1" != -- ]; do
		globs=${globs:+$globs,}$1
		shift
	done
	shift
	at=$tmp/$name
	mkdir "$at" && : >"$at/said"
	"$h2bad" serve --control 0 --bad 0 --ca-out "$at/ca.pem" \
		--dir "$dir/$name" >"$at/said" 2>&1 &
	serving=$!
	until base=$(sed -n 's/.*control.* \(https:[^ ]*[0-9]\).*/\1/p' \
		"$at/said") && [ -n "$base" ] && [ -s "$at/ca.pem" ]; do
		kill -0 $serving 2>/dev/null || {
			failed "$name" "$(tail -n 1 "$at/said")"
			return 0
		}
		sleep 1
	done
	"$@" "$at/ca.pem" "$base" "${globs:+cases=$globs}" >"$at/said" 2>&1
	status=$?
	kill $serving
	wait $serving
	rm -rf "${dir:?}/$name/bad" "$dir/$name/runs"
	report=$(find "$dir/$name" -name report.json)
	if [ $status -ne 0 ]; then
		failed "$name" "exit status $status: $(tail -n 1 "$at/said")"
	elif ! [ "$report" ] || grep -q '"interrupted": true' "$report"; then
		failed "$name" 'its run was not over'
	else
		echo "$name: done"
	fi
	[ "$report" ] || rm -rf "${dir:?}/$name"
}

loops() {
	have javac && javac -d "$tmp" "$here/Client.java" &&
		loop Java "$@" -- java -cp "$tmp" Client || note Java
	have chromium && loop Chromium "$@" -- "$here/browser.sh" chromium ||
		note Chromium
	have firefox-esr && have certutil && loop Firefox "$@" -- \
		"$here/browser.sh" firefox-esr || note Firefox
}

first "$@" & one=$!
second "$@" & two=$!
third "$@"
wait $one $two
loops "$@"	# alone, since its requests may take no more than 5 s
"$h2bad" report --matrix "$dir/matrix.html" "$dir"/*/ || exit
[ ! -s "$tmp/failed" ]
