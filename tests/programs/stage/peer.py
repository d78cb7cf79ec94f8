# SPDX-License-Identifier: MIT
"""peer.h for Python: the other end of the connections, in a process without the library."""
import os
import struct
import subprocess
import sys

(LISTEN, RESERVE, OPEN, CONNECT, ACCEPT, SEND, RECEIVE, HALF_CLOSE, FINISH, RESET, EXPECT_END,
 REFUSED) = range(12)

_peer = subprocess.Popen([os.environ["SOCKAUDIT_TESTS_PEER"]], env={}, stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, bufsize=0)


def do(verb, a=0, b=0):
    _peer.stdin.write(struct.pack("iii", verb, a, b))
    answer, = struct.unpack("i", _peer.stdout.read(4))
    assert answer >= 0, f"peer order {verb} failed"
    return answer


def ready():
    """Says "ready" and waits until standard input ends."""
    os.write(1, b"ready\n")
    while os.read(0, 1):
        pass
