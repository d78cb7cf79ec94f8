# SPDX-License-Identifier: MIT
"""A Python server keeps every connection in a list, reads their ends and never closes."""
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "stage"))
import peer  # noqa: E402

kept = []
listener = socket.create_server(("127.0.0.1", 0))
for _ in range(5):
    client = peer.do(peer.CONNECT, listener.getsockname()[1])
    connection, _ = listener.accept()  # EXPECT eof-not-closed any count=5
    peer.do(peer.SEND, client, 10)
    peer.do(peer.FINISH, client)
    while connection.recv(4):
        pass
    kept.append(connection)
peer.ready()
os._exit(0)
