#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
# Perl's Protocol::HTTP2 (libprotocol-http2-perl, libio-socket-ssl-perl):
#
#	h2bad run -- doc/clients/perl.pl {ca} {url} {follow}
use strict;
use warnings;
use IO::Socket::SSL;
use Protocol::HTTP2::Client;

my ($ca, @urls) = @ARGV;
my ($host, $port) = $urls[0] =~ m{//([^:/]+):(\d+)} or die "no URL\n";
my $sock = IO::Socket::SSL->new(PeerHost => $host, PeerPort => $port,
	SSL_ca_file => $ca, SSL_alpn_protocols => ['h2'], Timeout => 5)
	or die "$SSL_ERROR\n";
my $client = Protocol::HTTP2::Client->new(
	on_error => sub { print "error $_[0]\n" });

sub ask {
	my ($path) = (shift @urls // return $client->close) =~ m{//[^/]*(.*)};
	$client->request(':scheme' => 'https', ':authority' => "$host:$port",
		':path' => $path, ':method' => 'GET', on_done => \&ask);
}

sub flush {
	while (my $frame = $client->next_frame) {
		syswrite $sock, $frame;
	}
}

ask();
flush();
while (!$client->shutdown && sysread $sock, my $octets, 16384) {
	$client->feed($octets);
	flush();
}
flush();
