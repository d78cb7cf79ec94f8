# SPDX-License-Identifier: MIT
"""os.close() by number, and the socket object closes it once more."""
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "stage"))
import peer  # noqa: E402

for _ in range(3):
    unlucky = socket.socket()
    os.close(unlucky.fileno())
    try:
        unlucky.close()  # EXPECT double-close any count=3
    except OSError:
        pass
peer.ready()
