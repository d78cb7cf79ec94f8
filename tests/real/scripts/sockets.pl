#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Sockets as perl programs use them. `good` closes all that it opens and prints what it saw; `leak` keeps sockets in
# two ways. Both then say "ready" and end when their standard input does.
use strict;
use warnings;
use File::Temp qw(tempdir);
use HTTP::Tiny;
use IO::Handle;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX qw(:sys_wait_h);
use Socket qw(:all);

$| = 1;
$SIG{PIPE} = 'IGNORE';

sub listener {
	return IO::Socket::INET->new(Listen => 50, LocalAddr => '127.0.0.1', LocalPort => 0, ReuseAddr => 1)
		// die "listen: $@";
}

sub client {
	my ($server) = @_;
	return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server->sockport) // die "connect: $@";
}

# Runs a part in a child, which leaves by POSIX::_exit as perl's servers do, or by exit.
sub in_child {
	my ($part, $leave) = @_;
	my $pid = fork // die "fork: $!";
	return $pid if $pid;
	my $status = $part->();
	$leave ? POSIX::_exit($status) : exit $status;
}

sub ended {
	my ($pid) = @_;
	waitpid($pid, 0) == $pid or die "waitpid: $!";
	return $? >> 8;
}

sub released {
	print "ready\n";
	my $end = <STDIN>;
}

my @scenes = (
	# Buffered lines over a socket: perl's own layers read and write.
	lines => sub {
		my $server = listener();
		my $pid = in_child(sub {
			while (my $peer = $server->accept) {
				while (defined(my $line = <$peer>)) {
					chomp $line;
					exit 3 if $line eq 'end';
					print $peer scalar reverse($line), "\n";
				}
				close $peer;
			}
			return 1;
		}, 0);
		my @answers;
		for my $word (qw(one two three)) {
			my $client = client($server);
			print $client "$word\n$word$word\n";
			$client->shutdown(SHUT_WR);
			my @lines = <$client>;
			push @answers, map { s/\n//gr } @lines;
			close $client;
		}
		my $last = client($server);
		print $last "end\n";
		$last->flush;
		my $status = ended($pid);
		close $last;
		close $server;
		return "@answers, $status";
	},

	# A process for each connection: the parent closes its descriptor, the child answers.
	forking => sub {
		my $server = listener();
		my $acceptor = in_child(sub {
			my %children;
			for my $number (1 .. 10) {
				my $peer = $server->accept;
				$children{in_child(sub {
					close $server;
					sysread($peer, my $text, 100);
					syswrite($peer, "$text of child $number\n");
					close $peer;
					return 0;
				}, $number % 2)} = 1;
				close $peer;
			}
			return scalar grep { ended($_) } keys %children;
		}, 1);
		my @answers;
		for my $number (1 .. 10) {
			my $client = client($server);
			syswrite($client, "question");
			push @answers, length(join '', <$client>);
		}
		my $status = ended($acceptor);
		close $server;
		return "@answers, $status";
	},

	# One loop for many: select() over non-blocking sockets.
	selecting => sub {
		my $server = listener();
		my $pid = in_child(sub {
			my @clients = map { my $client = client($server); syswrite($client, "x" x ($_ * 1000)); $client } 1 .. 15;
			$_->shutdown(SHUT_WR) for @clients;
			my $sum = 0;
			for my $client (@clients) {
				local $/;
				$sum += length(<$client>);
			}
			return $sum == 120_000 ? 0 : 1;
		}, 1);
		my $select = IO::Select->new($server);
		my ($left, $bytes) = (15, 0);
		while ($left) {
			for my $ready ($select->can_read) {
				if ($ready == $server) {
					my $peer = $server->accept;
					$peer->blocking(0);
					$select->add($peer);
				} elsif (sysread($ready, my $data, 777)) {
					$bytes += length $data;
					$ready->blocking(1);
					syswrite($ready, $data);
					$ready->blocking(0);
				} else {
					$select->remove($ready);
					close $ready;
					$left--;
				}
			}
		}
		my $status = ended($pid);
		close $server;
		return "$bytes, $status";
	},

	pairs => sub {
		my @answers;
		for my $type (SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET) {
			socketpair(my $ours, my $theirs, AF_UNIX, $type, PF_UNSPEC) or die "socketpair: $!";
			my $pid = in_child(sub {
				close $ours;
				recv($theirs, my $text, 100, 0);
				send($theirs, uc $text, 0);
				close $theirs;
				return 4;
			}, 0);
			close $theirs;
			send($ours, "pair", 0);
			recv($ours, my $text, 100, 0);
			push @answers, $text, ended($pid);
			close $ours;
		}
		return "@answers";
	},

	unix => sub {
		my $folder = tempdir('sockaudit-perl-XXXXXX', TMPDIR => 1, CLEANUP => 1);
		my $server = IO::Socket::UNIX->new(Local => "$folder/socket", Listen => 5) // die "listen: $!";
		my $client = IO::Socket::UNIX->new(Peer => "$folder/socket") // die "connect: $!";
		my $peer = $server->accept;
		$client->autoflush;
		print $client "over a path\n";
		my $text = <$peer>;
		close $_ for $client, $peer, $server;
		my $nobody = IO::Socket::UNIX->new(Peer => "$folder/socket") ? 'connected' : "$!";
		unlink "$folder/socket";
		chomp $text;
		return "$text, $nobody";
	},

	datagrams => sub {
		my $server = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1') // die "udp: $@";
		my $client = IO::Socket::INET->new(Proto => 'udp', PeerAddr => '127.0.0.1', PeerPort => $server->sockport);
		$client->send("datagram");
		$server->recv(my $text, 100);
		$server->send(uc $text);
		$client->recv($text, 100);
		close $_ for $client, $server;
		return $text;
	},

	# A descriptor of perl's own, one made of its number, and a copy: each closes once.
	copies => sub {
		my $server = listener();
		my $client = client($server);
		my $peer = $server->accept;
		open my $copy, '+>&', $peer or die "dup: $!";
		open my $alias, '+<&=', fileno($client) or die "fdopen: $!";
		close $peer;
		$copy->autoflush;
		print $copy "by the copy\n";
		close $copy;
		my @lines = <$client>;
		close $client;
		my $second = close($alias) ? 'closed' : "$!";
		close $server;
		return @lines . " line, $second";
	},

	# A child of another program with its standard streams on a socket, as inetd makes them.
	inetd => sub {
		my $server = listener();
		my $client = client($server);
		my $pid = in_child(sub {
			my $peer = $server->accept;
			open STDIN, '<&', $peer and open STDOUT, '>&', $peer or die "dup: $!";
			close $peer;
			exec 'cat' or return 9;
		}, 1);
		print $client "through cat\n";
		$client->shutdown(SHUT_WR);
		my $text = join '', <$client>;
		chomp $text;
		my $status = ended($pid);
		close $_ for $client, $server;
		return "$text, $status";
	},

	errors => sub {
		my $server = listener();
		my $client = client($server);
		my $peer = $server->accept;
		setsockopt($client, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0));
		close $client;
		my @told = (defined sysread($peer, my $data, 10) ? 'read' : "$!");
		push @told, defined syswrite($peer, 'x') ? 'written' : "$!";
		close $peer;
		my $port = $server->sockport;
		close $server;
		push @told, IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 5)
			? 'connected' : "$!";
		return join ', ', @told;
	},

	# HTTP::Tiny keeps its connection; the server closes some of them.
	http => sub {
		my $server = listener();
		my $pid = in_child(sub {
			for my $connection (1 .. 4) {
				my $peer = $server->accept;
				for my $request (1 .. 3) {
					my $length = 0;
					while (defined(my $line = <$peer>)) {
						$length = $1 if $line =~ /^content-length: (\d+)/i;
						last if $line eq "\r\n";
					}
					read $peer, my $body, $length if $length;
					my $close = $request == 3 ? "Connection: close\r\n" : '';
					print $peer "HTTP/1.1 200 OK\r\n${close}Content-Length: 6\r\n\r\nhello\n";
					$peer->flush;
				}
				close $peer;
			}
			return 0;
		}, 0);
		my $http = HTTP::Tiny->new(keep_alive => 1, timeout => 20);
		my $url = 'http://127.0.0.1:' . $server->sockport . '/';
		my @answers;
		for my $number (1 .. 12) {
			my $answer = $number % 2 ? $http->get($url) : $http->post_form($url, { a => 'b' x 1000 });
			push @answers, $answer->{status} . length $answer->{content};
		}
		undef $http;
		my $status = ended($pid);
		close $server;
		return "@answers, $status";
	},
);

# Six that were read to their end, four whose end nobody looked at; others like them are closed.
sub leak {
	my $server = listener();
	my @kept;
	for my $number (1 .. 12) {
		my $client = client($server);
		my $peer = $server->accept;
		print $client "line\n";
		close $client;
		push @kept, $peer if $number > 2;
		next if $number > 8;
		my @lines = <$peer>;
	}
	released();
	# As servers' children leave: perl closes nothing.
	POSIX::_exit(@kept == 10 ? 0 : 1);
}

if (($ARGV[0] // '') eq 'leak') {
	leak();
}
while (my ($name, $scene) = splice @scenes, 0, 2) {
	print "$name: ", $scene->(), "\n";
}
released();
