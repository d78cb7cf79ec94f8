/* SPDX-License-Identifier: MIT */
#include "address.h"
#include "ledger_file.h"
#include "process.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

static void unix_keep(struct ledger_address *to, const struct sockaddr_un *from, size_t size)
{
	char path[sizeof from->sun_path + 1];
	size_t length = size > offsetof(struct sockaddr_un, sun_path)
				? size - offsetof(struct sockaddr_un, sun_path)
				: 0;

	if (!length)
		return; /* unnamed */
	if (length > sizeof from->sun_path)
		length = sizeof from->sun_path;
	memcpy(path, from->sun_path, length);
	path[length] = 0;
	/* An abstract name starts with NUL and may hold more of them. */
	for (size_t i = 0; !from->sun_path[0] && i < length; i++)
		if (!path[i])
			path[i] = '@';
	to->extra = ledger_file_string(path);
	to->known = to->extra != 0;
}

void address_keep(struct ledger_address *to, const struct sockaddr *from, size_t size)
{
	struct ledger_address kept = { .known = 0 };

	if (!from || size < sizeof from->sa_family)
		return;
	if (from->sa_family == AF_INET && size >= sizeof(struct sockaddr_in)) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)from;

		memcpy(kept.ip, &in->sin_addr, 4);
		kept.port = ntohs(in->sin_port);
		kept.known = 1;
	} else if (from->sa_family == AF_INET6 &&
		   size >= offsetof(struct sockaddr_in6, sin6_scope_id)) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;

		memcpy(kept.ip, &in6->sin6_addr, 16);
		kept.extra = size >= sizeof *in6 ? in6->sin6_scope_id : 0;
		kept.port = ntohs(in6->sin6_port);
		kept.known = 1;
	} else if (from->sa_family == AF_UNIX) {
		unix_keep(&kept, (const struct sockaddr_un *)from, size);
	}
	if (kept.known)
		*to = kept;
}

void address_ask(int fd, struct ledger_address *to,
		 int (*ask)(int fd, void *address, unsigned *size))
{
	struct sockaddr_storage address;
	unsigned size = sizeof address;

	if (!process_is_filtered() && ask(fd, &address, &size) == 0)
		address_keep(to, (struct sockaddr *)&address,
			     size < sizeof address ? size : sizeof address);
}

bool address_is_specific(const struct ledger_address *address)
{
	static const uint8_t any[16];

	return address->known && address->port && memcmp(address->ip, any, sizeof any) != 0;
}
