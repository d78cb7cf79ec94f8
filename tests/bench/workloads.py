# SPDX-License-Identifier: MIT
"""What the servers are asked for, and how much of their throughput is promised to be left to them."""
from collections import namedtuple

import servers

# how: keep, each, ended (load.c); limit: of the throughput; connections: at once; slices: of a set of servers, of so
# many milliseconds; where: the processors of server and client
Workload = namedtuple("Workload", "name server how request limit connections slices milliseconds where",
                      defaults=(20, 16, 20, ("server", "client")))

PAGE = "GET /index.html HTTP/1.1\r\nHost: localhost\r\n\r\n"
LAST_PAGE = "GET /index.html HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

WORKLOADS = [
    Workload("redis GET, keep-alive", servers.redis, "keep", "GET key\r\n", 0.99),
    Workload("redis GET, a connection each", servers.redis, "each", "GET key\r\n", 0.98),
    Workload("nginx, keep-alive", servers.nginx, "keep", PAGE, 0.99),
    Workload("nginx, Connection: close", servers.nginx, "ended", LAST_PAGE, 0.98),
    Workload("memcached get, 4 threads", servers.memcached, "keep", "get key\r\n", 0.99,
             where=("anywhere", "anywhere")),
    Workload("haproxy before nginx, keep-alive", servers.haproxy("http-keep-alive"), "keep", PAGE, 0.98),
    Workload("haproxy before nginx, a connection each", servers.haproxy("httpclose"), "ended", LAST_PAGE, 0.98),
    Workload("epoll echo, 10,000 connections", servers.echo, "keep", "x" * 64, 0.99, 10000, slices=8),
]
