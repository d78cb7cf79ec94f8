// SPDX-License-Identifier: MIT
/* C++: close() by hand, and once more in the destructor. */
#include "stage/peer.h"
#include "stage/stage.h"

class Connection {
public:
	explicit Connection(int fd) : fd_(fd) {}
	// EXPECT double-close evidence fn=Connection::~Connection()
	~Connection() { expect(::close(fd_) == -1); }
	void shut() { must(::close(fd_)); } // EXPECT double-close closed fn=Connection::shut()

private:
	int fd_;
};

static void serve(int listener)
{
	int client = peer_connect(stage_port(listener));
	// EXPECT double-close opened count=2 fn=serve(int)
	Connection connection(must(accept(listener, nullptr, nullptr)));

	peer_finish(client);
	connection.shut();
}

int main()
{
	int listener = stage_listen();

	for (int i = 0; i < 2; i++)
		serve(listener);
	stage_ready();
	return 0;
}
