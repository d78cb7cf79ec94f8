# SPDX-License-Identifier: MIT
"""Forty tests, two of which leak. tests/cli/marks runs them, alone and with pytest-xdist."""
import socket

import pytest

KEPT = []


@pytest.fixture(name="listener", scope="module")
def fixture_listener():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def talk(listener, keep=False):
    with socket.create_connection(listener.getsockname()) as client:
        served, _ = listener.accept()
        client.sendall(b"hello")
        assert served.recv(5) == b"hello"
    assert served.recv(1) == b""
    if keep:
        KEPT.append(served)
    else:
        served.close()


@pytest.mark.parametrize("number", range(38))
def test_closes(listener, number):
    talk(listener)


def test_leaks(listener):
    talk(listener, keep=True)


def test_leaks_twice(listener):
    talk(listener, keep=True)
    talk(listener, keep=True)
