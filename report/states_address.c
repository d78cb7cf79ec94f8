/* SPDX-License-Identifier: MIT */
/* Addresses as netstat and ss print them; see states_address.h. */
#include "states_address.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static bool port_parse(const char *text, uint16_t *port)
{
	char *end;

	*port = 0;
	if (!strcmp(text, "*"))
		return true;
	unsigned long number = strtoul(text, &end, 10);
	*port = (uint16_t)number;
	return *text >= '0' && *text <= '9' && !*end && number <= UINT16_MAX;
}

static bool parse_at(const char *text, const char *split, uint16_t *family, uint8_t ip[16],
		     uint16_t *port)
{
	char host[64];
	uint8_t found[16] = { 0 };
	uint16_t number, kind;

	if (!split || (size_t)(split - text) >= sizeof(host) || !port_parse(split + 1, &number))
		return false;
	memcpy(host, text, (size_t)(split - text));
	host[split - text] = 0;
	char *bare = *host == '[' ? host + 1 : host;
	/* An interface, inside the brackets or behind them. */
	bare[strcspn(bare, "]%")] = 0;
	if (!strcmp(bare, "*"))
		/* ss means both families by it, as an IPv6 socket on all addresses does. */
		kind = AF_INET6;
	else if (inet_pton(AF_INET, bare, found) == 1)
		kind = AF_INET;
	else if (inet_pton(AF_INET6, bare, found) == 1)
		kind = AF_INET6;
	else
		return false;
	*family = kind;
	memcpy(ip, found, sizeof(found));
	*port = number;
	return true;
}

bool address_parse(const char *text, uint16_t *family, uint8_t ip[16], uint16_t *port)
{
	/* BSD parts the port by a dot. */
	return parse_at(text, strrchr(text, ':'), family, ip, port) ||
	       parse_at(text, strrchr(text, '.'), family, ip, port);
}
