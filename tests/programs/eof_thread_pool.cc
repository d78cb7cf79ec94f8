// SPDX-License-Identifier: MIT
/* C++: an acceptor, a queue and three workers; a worker that reads an empty request drops the number. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <condition_variable>
#include <mutex>
#include <queue>
#include <thread>
#include <vector>

class Pool {
public:
	Pool()
	{
		for (int i = 0; i < 3; i++)
			workers_.emplace_back([this] { work(); });
	}
	~Pool()
	{
		for (size_t i = 0; i < workers_.size(); i++)
			push(-1);
		for (auto &worker : workers_)
			worker.join();
	}
	void push(int fd)
	{
		std::lock_guard<std::mutex> guard(lock_);
		queue_.push(fd);
		waiting_.notify_one();
	}

private:
	int pop()
	{
		std::unique_lock<std::mutex> guard(lock_);
		waiting_.wait(guard, [this] { return !queue_.empty(); });
		int fd = queue_.front();
		queue_.pop();
		return fd;
	}
	__attribute__((noinline)) void serve(int fd)
	{
		char request[64];
		// EXPECT eof-not-closed evidence fn=Pool::serve(int)
		ssize_t n = read(fd, request, sizeof(request));
		if (n == 0)
			return;
		must(send(fd, "ok", 2, MSG_NOSIGNAL));
		must(close(fd)); // EXPECT eof-not-closed sibling count=8 fn=Pool::serve(int)
	}
	void work()
	{
		for (int fd = pop(); fd >= 0; fd = pop())
			serve(fd);
	}

	std::mutex lock_;
	std::condition_variable waiting_;
	std::queue<int> queue_;
	std::vector<std::thread> workers_;
};

int main()
{
	int listener = stage_listen();
	{
		Pool pool;
		for (int i = 0; i < 12; i++) {
			int client = peer_connect(stage_port(listener));
			pool.push(must(accept(listener, nullptr, nullptr))); // EXPECT eof-not-closed opened count=4
			if (i % 3) {
				peer_send(client, 10);
				peer_receive(client, 2);
			} else {
				peer_finish(client);
			}
		}
	}
	stage_ready();
	return 0;
}
