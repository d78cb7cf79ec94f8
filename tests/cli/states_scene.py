# SPDX-License-Identifier: MIT
"""A network namespace of the test's own, with TCP sockets in every state: the kernel does what it always does, on a
loopback whose packets get lost where the test says."""
import errno
import os
import socket
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from runner import stage  # noqa: E402

INSIDE = "SOCKAUDIT_TEST_SCENE"
SKIP = 77
MUTE = bytes((2, 0, 0, 0, 0, 1))  # a hardware address


def skip(reason):
    print(reason)
    sys.exit(SKIP)


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def enter():
    """Starts the script anew inside namespaces of its own; returns there."""
    if os.environ.get(INSIDE):
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
        ip("link", "set", "lo", "up")
        for family in "-4", "-6":
            # Behind ours: a rule may then lose what goes to an address of this host.
            ip(family, "rule", "add", "pref", "200", "lookup", "local")
            ip(family, "rule", "del", "pref", "0")
        return
    user = [] if os.geteuid() == 0 else ["-r"]
    command = ["unshare", *user, "-n", "-m", "--propagation", "private"]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        skip("no network namespace can be made here")
    os.environ[INSIDE] = "1"
    os.execvp("unshare", [*command, sys.executable, *sys.argv])


def lose(source, target):
    """From now on what `source` sends to `target` is lost."""
    family = "-6" if ":" in source else "-4"
    ip(family, "rule", "add", "pref", "10", "from", source, "to", target, "blackhole")


class Pair:
    """Two ends of a connection, at addresses of its own, so that each direction can be lost."""

    def __init__(self, scene, number, v6):
        family = socket.AF_INET6 if v6 else socket.AF_INET
        self.near, self.far = ((f"fd00::{number}:1", f"fd00::{number}:2") if v6 else
                               (f"127.1.{number}.1", f"127.1.{number}.2"))
        if v6:
            for address in self.near, self.far:
                ip("-6", "addr", "add", f"{address}/128", "dev", "lo", "nodad")
        with socket.socket(family) as listener:
            listener.bind((self.far, 0))
            listener.listen()
            self.a = socket.socket(family)
            self.a.bind((self.near, 0))
            self.reach(listener.getsockname())
            self.b, _ = listener.accept()
        scene.kept += [self.a, self.b]

    def reach(self, address):
        """An IPv6 address that was just added may have no route for a moment."""
        deadline = time.monotonic() + stage.PATIENCE
        while error := self.a.connect_ex(address):
            if error != errno.ENETUNREACH or time.monotonic() > deadline:
                raise OSError(error, os.strerror(error))


class Scene:
    """One socket or more in each state, both families. `closed` is how many are open in CLOSE."""

    def __init__(self):
        self.kept, self.closed, self.number = [], 0, 1
        self.half_closed, self.close_waits, self.queues = 0, 0, []
        self.cable = None

    def pair(self, v6):
        self.number += 1
        return Pair(self, self.number, v6)

    def established(self, v6):
        self.pair(v6)

    def close_wait_and_fin_wait2(self, v6):
        pair = self.pair(v6)
        if v6:
            pair.b.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        pair.a.shutdown(socket.SHUT_WR)
        pair.b.recv(1)
        self.half_closed += 1
        self.close_waits += 1

    def fin_wait2_orphan(self, v6):
        pair = self.pair(v6)
        pair.a.close()
        pair.b.recv(1)
        self.close_waits += 1

    def time_wait(self, v6):
        pair = self.pair(v6)
        pair.a.close()
        pair.b.recv(1)
        pair.b.close()

    def fin_wait1(self, v6):
        pair = self.pair(v6)
        lose(pair.near, pair.far)
        pair.a.close()

    def closing(self, v6):
        pair = self.pair(v6)
        lose(pair.near, pair.far)
        pair.a.close()
        pair.b.close()

    def last_ack(self, v6):
        pair = self.pair(v6)
        pair.b.close()
        pair.a.recv(1)
        lose(pair.near, pair.far)
        pair.a.close()

    def listen(self, v6, backlog=5):
        listener = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET)
        listener.bind(("::1" if v6 else "127.0.0.1", 0))
        listener.listen(backlog)
        self.kept.append(listener)
        return listener

    def accept_queue(self, v6):
        """Connections that nobody accepts: one that stays, one whose client is gone."""
        listener = self.listen(v6)
        self.queues.append(listener)
        self.close_waits += 1
        for leaves in False, True:
            client = socket.create_connection(listener.getsockname()[:2])
            if leaves:
                client.close()
            else:
                self.kept.append(client)

    def close(self, v6):
        family = socket.AF_INET6 if v6 else socket.AF_INET
        fresh, refused = socket.socket(family), socket.socket(family)
        try:
            refused.connect(("::1" if v6 else "127.0.0.1", 9))
        except ConnectionRefusedError:
            pass
        pair = self.pair(v6)
        pair.b.shutdown(socket.SHUT_WR)
        pair.a.shutdown(socket.SHUT_WR)
        pair.b.recv(1)
        # Both are over: one in CLOSE, the other went to TIME_WAIT and its descriptor to CLOSE.
        self.kept += [fresh, refused]
        self.closed += 4

    def syn_sent(self, v6):
        client = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET)
        client.setblocking(False)
        client.connect_ex(("fd09::99" if v6 else "10.9.0.99", 80))
        self.kept.append(client)

    def syn_recv(self, v6):
        """A SYN from a host that never answers."""
        source, target = ("fd09::99", "fd09::1") if v6 else ("10.9.0.99", "10.9.0.1")
        family = socket.AF_INET6 if v6 else socket.AF_INET
        listener = socket.socket(family)
        listener.bind((target, 0))
        listener.listen()
        self.kept.append(listener)
        addresses = socket.inet_pton(family, source) + socket.inet_pton(family, target)
        port = listener.getsockname()[1]
        segment = struct.pack("!HHIIBBHHH", 4000, port, 1, 0, 5 << 4, 2, 8192, 0, 0)
        pseudo = addresses + (struct.pack("!II", 20, 6) if v6 else struct.pack("!HH", 6, 20))
        segment = segment[:16] + struct.pack("!H", checksum(pseudo + segment)) + segment[18:]
        if v6:
            packet = struct.pack("!IHBB", 6 << 28, 20, 6, 64) + addresses + segment
        else:
            header = struct.pack("!BBHHHBBH", 0x45, 0, 40, 1, 0, 64, 6, 0) + addresses
            packet = header[:10] + struct.pack("!H", checksum(header)) + header[12:] + segment
        self.cable.send(MUTE + bytes(6) + (b"\x86\xdd" if v6 else b"\x08\x00") + packet)

    def device(self):
        """A cable whose other end nobody listens to; frames may be put into it there."""
        ip("link", "add", "mute", "address", ":".join(f"{byte:02x}" for byte in MUTE), "type", "veth", "peer", "name", "deaf")
        for end in "mute", "deaf":
            ip("link", "set", end, "arp", "off", "up")
        ip("addr", "add", "10.9.0.1/24", "dev", "mute")
        ip("-6", "addr", "add", "fd09::1/64", "dev", "mute", "nodad")
        self.cable = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.cable.bind(("deaf", 0))

    def set(self):
        self.device()
        for v6 in False, True:
            for state in (self.established, self.close_wait_and_fin_wait2, self.fin_wait2_orphan, self.time_wait,
                          self.fin_wait1, self.closing, self.last_ack, self.listen, self.accept_queue, self.close,
                          self.syn_sent, self.syn_recv):
                state(v6)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def sockaudit(*arguments, **how):
    return subprocess.run([stage.REPORTER, *arguments], env=stage.clean_environment(), capture_output=True, text=True,
                          timeout=stage.PATIENCE, **{"stdin": subprocess.DEVNULL, **how}, check=False)
