// SPDX-License-Identifier: MIT
/* C++ template and lambda frames: the connection's reset is thrown past its owner. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <functional>
#include <system_error>

template <typename Buffer> struct Stream {
	int fd;

	__attribute__((noinline)) size_t fill(Buffer &buffer)
	{
		// EXPECT error-not-closed evidence errno=ECONNRESET fn=*
		ssize_t n = recv(fd, buffer.data, sizeof(buffer.data), 0);
		if (n < 0)
			throw std::system_error(errno, std::generic_category());
		return static_cast<size_t>(n);
	}
};

struct Small {
	char data[16];
};

int main()
{
	int listener = stage_listen();
	std::function<void(int)> serve = [](int from) {
		Small buffer;
		// EXPECT error-not-closed opened count=2 fn=*
		Stream<Small> stream{must(accept(from, nullptr, nullptr))};
		stream.fill(buffer);
		must(close(stream.fd));
	};

	for (int i = 0; i < 2; i++) {
		peer_reset(peer_connect(stage_port(listener)));
		try {
			serve(listener);
		} catch (const std::system_error &error) {
			expect(error.code().value() == ECONNRESET);
		}
	}
	stage_ready();
	return 0;
}
