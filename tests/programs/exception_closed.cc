// SPDX-License-Identifier: MIT
/* The twin of eof_exception: a destructor closes while the exception unwinds. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <stdexcept>

namespace {

struct Socket {
	int fd;
	explicit Socket(int number) : fd(number) {}
	~Socket() { must(close(fd)); }
	Socket(const Socket &) = delete;
	Socket &operator=(const Socket &) = delete;
};

void serve(int listener)
{
	char byte;
	Socket client(must(accept(listener, nullptr, nullptr)));

	if (recv(client.fd, &byte, 1, 0) <= 0)
		throw std::runtime_error("nothing said");
}

} // namespace

int main()
{
	int listener = stage_listen(), thrown = 0;

	for (int i = 0; i < 6; i++) {
		int client = peer_connect(stage_port(listener));
		if (i % 2)
			peer_reset(client);
		else
			peer_finish(client);
		try {
			serve(listener);
		} catch (const std::runtime_error &) {
			thrown++;
		}
	}
	expect(thrown == 6);
	stage_ready();
	return 0;
}
