# SPDX-License-Identifier: MIT
"""Failed connects, resets and shutdowns whose sockets are kept in a list."""
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "stage"))
import peer  # noqa: E402

kept = []
refusing = peer.do(peer.RESERVE)
for _ in range(4):
    client = socket.socket()
    kept.append(client)
    try:
        client.connect(("127.0.0.1", refusing))  # EXPECT connect-failed-not-closed any count=4
    except ConnectionRefusedError:
        pass
with socket.create_server(("127.0.0.1", 0)) as listener:
    for number in range(5):
        client = peer.do(peer.CONNECT, listener.getsockname()[1])
        server, _ = listener.accept()
        kept.append(server)
        if number < 3:
            peer.do(peer.RESET, client)
            try:
                server.recv(10)  # EXPECT error-not-closed any count=3
            except ConnectionResetError:
                pass
        else:
            server.shutdown(socket.SHUT_RDWR)  # EXPECT shutdown-not-closed any count=2
peer.ready()
os._exit(1)
