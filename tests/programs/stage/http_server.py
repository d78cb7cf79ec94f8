# SPDX-License-Identifier: MIT
"""An HTTP/1.1 server that keeps connections alive until it ends: `python3 http_server.py` in a process without the
library. Prints its port; when its standard input ends it shuts every connection, waits until the FINs have arrived,
and ends."""
import contextlib
import os
import socket
import subprocess
import sys
import threading
import time


def serve(connection):
    while True:
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            part = connection.recv(4096)
            if not part:
                return
            request += part
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")


def accept_all(listener, connections):
    while True:
        connection, _ = listener.accept()
        connections.append(connection)
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


def main():
    connections = []
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=accept_all, args=(listener, connections), daemon=True).start()
    while os.read(0, 1):
        pass
    for connection in connections:
        try:
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            continue
        # FIN_WAIT1 (4): not yet acknowledged.
        while connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == 4:
            time.sleep(0.0005)
    os._exit(0)


@contextlib.contextmanager
def running():
    """The server's port; when the block ends, so has the server."""
    server = subprocess.Popen([sys.executable, __file__], env={}, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    yield int(server.stdout.readline())
    server.stdin.close()
    server.wait()
    server.stdout.close()


if __name__ == "__main__":
    main()
