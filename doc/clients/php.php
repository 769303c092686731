<?php
// SPDX-License-Identifier: MIT
// PHP's curl functions (libcurl), which send one request after the other:
//
//	h2bad run --got exit -- php doc/clients/php.php {ca} {method} {bodyfile} {urls}
//
// The last URL is the follow-up: its method is GET. The exit status is 1 if a
// request before it failed.
[, $ca, $method, $bodyfile] = $argv;
$urls = array_slice($argv, 4);
$status = 0;
$curl = curl_init();		// keeps the connection for the next request
foreach ($urls as $i => $url) {
	$last = $i === count($urls) - 1;
	curl_reset($curl);
	curl_setopt_array($curl, [
		CURLOPT_URL => $url, CURLOPT_CAINFO => $ca, CURLOPT_TIMEOUT => 5,
		CURLOPT_HTTP_VERSION => CURL_HTTP_VERSION_2TLS,
		CURLOPT_RETURNTRANSFER => true]);
	if (!$last && $method === "HEAD")
		curl_setopt($curl, CURLOPT_NOBODY, true);
	if (!$last && $method === "POST")
		curl_setopt($curl, CURLOPT_POSTFIELDS, file_get_contents($bodyfile));
	if (curl_exec($curl) === false) {
		print("$url: " . curl_error($curl) . "\n");
		$status = $last ? $status : 1;
	}
}
exit($status);
