#!/usr/bin/env ruby
# SPDX-License-Identifier: MIT
# Ruby's http-2 (ruby-http-2):
#
#	h2bad run -- doc/clients/ruby.rb {ca} {url} {follow}
require "http/2"
require "openssl"
require "socket"
require "uri"

ca, *urls = ARGV
first = URI(urls[0])
context = OpenSSL::SSL::SSLContext.new
context.set_params(ca_file: ca)
context.alpn_protocols = ["h2"]
sock = OpenSSL::SSL::SSLSocket.new(TCPSocket.new(first.host, first.port), context)
sock.hostname = first.host
sock.sync_close = true
sock.connect

client = HTTP2::Client.new
client.on(:frame) { |octets| sock.write(octets) }
ask = lambda do
	url = urls.shift or next sock.close
	stream = client.new_stream
	stream.on(:close) { ask.call unless sock.closed? }
	stream.headers({":scheme" => "https", ":method" => "GET",
		":authority" => "#{first.host}:#{first.port}",
		":path" => URI(url).request_uri}, end_stream: true)
end
ask.call
begin
	client << sock.readpartial(16384) until sock.closed?
rescue HTTP2::Error::Error, IOError, SystemCallError, OpenSSL::SSL::SSLError => e
	puts e.inspect
end
