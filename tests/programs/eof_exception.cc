// SPDX-License-Identifier: MIT
/* C++: the parser throws on a truncated request, the handler catches it and returns early, past the
 * close. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <stdexcept>
#include <string>

namespace proxy {

class Session {
public:
	explicit Session(int listener)
		// EXPECT eof-not-closed opened count=3 fn=proxy::Session::Session(int)
		: fd_(must(accept(listener, nullptr, nullptr)))
	{
	}

	std::string readRequest()
	{
		std::string request;
		char buffer[32];

		for (;;) {
			// EXPECT eof-not-closed evidence fn=proxy::Session::readRequest[abi:cxx11]()|proxy::Session::readRequest()
			ssize_t n = recv(fd_, buffer, sizeof(buffer), 0);
			if (n <= 0)
				throw std::runtime_error("truncated request");
			request.append(buffer, static_cast<size_t>(n));
			if (request.back() == '.')
				return request;
		}
	}

	void finish()
	{
		must(close(fd_));
	}

private:
	int fd_;
};

__attribute__((noinline)) bool serve(int listener)
{
	try {
		Session session(listener);
		session.readRequest();
		session.finish();
		return true;
	} catch (const std::exception &) {
		return false;
	}
}

} // namespace proxy

int main()
{
	int listener = stage_listen();

	for (int i = 0; i < 3; i++) {
		int client = peer_connect(stage_port(listener));
		peer_send(client, 20);
		peer_finish(client);
		expect(!proxy::serve(listener));
	}
	stage_ready();
	return 0;
}
