/* SPDX-License-Identifier: MIT */
/* Addresses as netstat and ss print them. */
#ifndef STATES_ADDRESS_H
#define STATES_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

/* "1.2.3.4:80", "[::1]:80", ":::80", "*:*", "127.0.0.1.80" (BSD), "[fe80::1]%eth0:80". False when
 * it holds a name, or is none; then everything is untouched. */
bool address_parse(const char *text, uint16_t *family, uint8_t ip[16], uint16_t *port);

#endif
