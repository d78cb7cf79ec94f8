# SPDX-License-Identifier: MIT
"""Healthy Python: context managers, socketserver with threads, asyncio streams, subprocess, multiprocessing by fork.
Silent."""
import asyncio
import os
import socket
import socketserver
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "stage"))
import peer  # noqa: E402


class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line)


def with_socketserver():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        for _ in range(5):
            with socket.create_connection(server.server_address) as client:
                client.sendall(b"hello\n")
                client.shutdown(socket.SHUT_WR)
                with client.makefile("rb") as answer:
                    assert answer.read() == b"hello\n"
        server.shutdown()
        thread.join()


async def with_asyncio():
    async def echo(reader, writer):
        writer.write(await reader.read())
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for _ in range(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"hello")
        writer.write_eof()
        assert await reader.read() == b"hello"
        writer.close()
        await writer.wait_closed()
    server.close()
    await server.wait_closed()


def with_children():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert subprocess.run(["/bin/echo", "hi"], capture_output=True).stdout == b"hi\n"
        assert subprocess.run(["/bin/true"], close_fds=False).returncode == 0
        child = os.fork()
        if not child:
            with socket.create_connection(listener.getsockname()) as client:
                client.sendall(b"from the child")
            os._exit(0)
        connection, _ = listener.accept()
        with connection:
            assert connection.recv(100, socket.MSG_WAITALL) == b"from the child"
        os.waitpid(child, 0)


with_socketserver()
asyncio.run(with_asyncio())
with_children()
peer.ready()
