# SPDX-License-Identifier: MIT
"""Two books of the same moment: a server and all that descends from it stand still, and what their ledgers say is
compared with /proc/PID/fd."""
import contextlib
import os
import signal
import time

from runner import schema, stage

# A process that stands still between the kernel's accept() and the library's note of it is no trouble; what is wrong
# stays wrong.
# Each may meet a process between the making of a socket and our record of it, and children are made all the time.
ATTEMPTS = 24
PATIENCE = 20


def _stat(path):
    """(state, parent) of a process or thread; None when it is gone."""
    try:
        with open(f"{path}/stat", "rb") as file:
            fields = file.read().rsplit(b")", 1)[1].split()
    except OSError:
        return None
    return fields[0], int(fields[1])


def family(*pids):
    """These and all that descend from them, zombies left out."""
    parents = {}
    for name in os.listdir("/proc"):
        found = name.isdigit() and _stat(f"/proc/{name}")
        if found and found[0] not in (b"Z", b"X"):
            parents[int(name)] = found[1]
    members = {pid for pid in pids if pid in parents}
    while True:
        more = {pid for pid, parent in parents.items() if parent in members} - members
        if not more:
            return members
        members |= more


def held_by(pid):
    """The number of sockets that the kernel shows for a process; 0 when it is gone."""
    try:
        return len(stage.sockets_of(pid))
    except OSError:
        return 0


def _stands(pid):
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return True
    return all((_stat(f"/proc/{pid}/task/{thread}") or (b"X",))[0] in (b"T", b"t", b"Z", b"X") for thread in threads)


def _send(pids, number):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


@contextlib.contextmanager
def frozen(*pids):
    """The whole family stands still; yields its pids. A child that is born meanwhile is caught in the next round."""
    members, deadline = set(), time.monotonic() + PATIENCE
    try:
        while True:
            found = family(*pids)
            if found == members and all(map(_stands, members)):
                break
            if time.monotonic() > deadline:
                raise stage.Trouble(f"the processes {sorted(found)} do not stand still")
            _send(found - members, signal.SIGSTOP)
            members |= found
            members &= found
            time.sleep(0.002)
        yield members
    finally:
        _send(members, signal.SIGCONT)


def _differences(report, members, unaudited):
    """What the two books don't agree on, a line each."""
    yield from schema.problems(report)
    told = set()
    for process in report["processes"]:
        pid, comm = process["pid"], process["comm"]
        if process["state"] not in (None, "running") or pid not in members:
            continue
        told.add(pid)
        if not process["audited"]:
            if comm not in unaudited:
                yield f"{comm} ({pid}) is not audited: {process['reason']}"
            continue
        held, coverage = held_by(pid), process["coverage"]
        if coverage["kernel"] != held or coverage["explained"] != held or sum(coverage["unexplained"].values()):
            yield f"{comm} ({pid}) holds {held} sockets, the report says {coverage}, {process['sockets']}"
        if process["sockets"]["drift"]:
            yield f"{comm} ({pid}): drift: {process['sockets']}"
        if any(process["lost"].values()):
            yield f"{comm} ({pid}): lost: {process['lost']}"
    for pid in members - told:
        if held_by(pid):
            yield f"process {pid} holds {held_by(pid)} sockets, and no ledger speaks of it"


def compare(*pids, unaudited=()):
    """(processes, sockets held, differences, the report) of a family at one moment."""
    for attempt in range(ATTEMPTS):
        with frozen(*pids) as members:
            report = stage.report(*map(str, pids))
            differences = list(_differences(report, members, unaudited))
            held = sum(held_by(pid) for pid in members)
        if not differences:
            break
        # Each time a little longer, so that what was interrupted comes to its end.
        time.sleep(0.01 * (attempt + 1))
    return len(members), held, differences, report
