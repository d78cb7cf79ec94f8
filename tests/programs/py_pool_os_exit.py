# SPDX-License-Identifier: MIT
"""A worker keeps its HTTP connections to a server that closes them, and ends by os._exit() as workers do."""
import http.client
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "stage"))
import http_server  # noqa: E402
import peer  # noqa: E402

with http_server.running() as port:
    pool = []
    for _ in range(12):
        connection = http.client.HTTPConnection("127.0.0.1", port)  # EXPECT fin-unread any count=12
        connection.request("GET", "/")
        connection.getresponse().read()
        pool.append(connection)
# The server has ended, and with it each connection's other side.
peer.ready()
os._exit(0)
