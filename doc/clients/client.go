// SPDX-License-Identifier: MIT

// Go's net/http, which sends one request after the other:
//
//	go build -o client doc/clients/client.go
//	h2bad run --got exit -- ./client {ca} {method} {bodyfile} {urls}
//
// The last URL is the follow-up: its method is GET. The exit status is 1 if a
// request before it failed.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

func main() {
	ca, _ := os.ReadFile(os.Args[1])
	method, urls, status := os.Args[2], os.Args[4:], 0
	body, _ := os.ReadFile(os.Args[3])
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool}}}
	for i, url := range urls {
		last := i == len(urls)-1
		if last {
			method, body = "GET", nil
		}
		request, _ := http.NewRequest(method, url, bytes.NewReader(body))
		response, err := client.Do(request)
		if err == nil {
			_, err = io.Copy(io.Discard, response.Body)
			response.Body.Close()
		}
		if err != nil {
			fmt.Println(err)
			if !last {
				status = 1
			}
		}
	}
	os.Exit(status)
}
