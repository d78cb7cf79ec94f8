# SPDX-License-Identifier: MIT
"""Starts the players (tests/calls/actors/) under the library, and reads their ledgers. For the scripts of this folder."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.environ.get("ROOT") or os.getcwd()
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
LIBRARY = os.environ.get("LIBSOCKAUDIT") or os.path.join(BUILD, "libsockaudit.so")
ACTORS = os.path.join(BUILD, "tests", "calls", "actors")
PATIENCE = 20  # seconds; a deadline for what hangs
PYTHON = "/usr/bin/python3"  # Debian's, as users have it

problems = []


def actor(name):
    return os.path.join(ACTORS, name)


def check(condition, text):
    if not condition:
        problems.append(text)
    return condition


def same(name, found, wanted):
    return check(found == wanted, f"{name}: {found!r}, wanted {wanted!r}")


def finish():
    print("\n".join(problems) or "all as promised")
    sys.exit(1 if problems else 0)


def skip(reason):
    print(reason)
    sys.exit(77)


def environment(folder=None, options="", **more):
    """An environment with the library when there is a folder for its ledgers, else without."""
    base = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "CALLS_ACTORS": ACTORS}
    if folder:
        base["LD_PRELOAD"] = LIBRARY
        base["SOCKAUDIT_OPTIONS"] = f"dir={folder}" + (f":{options}" if options else "")
    return {**base, **more}


def run(command, env, status=0, **more):
    """The ended process; a problem when its status is another."""
    done = subprocess.run(command, env=env, capture_output=True, text=True, errors="replace",
                          timeout=PATIENCE, stdin=subprocess.DEVNULL,
                          **more)
    check(done.returncode == status,
          f"{' '.join(command)}: status {done.returncode} instead of {status}: {done.stdout}{done.stderr}")
    return done


class Folder:
    """A place for ledgers, gone at the end."""

    def __init__(self):
        self.path = os.path.join(tempfile.mkdtemp(prefix="calls-", dir=os.environ.get("SOCKAUDIT_TEST_DIR")), "ledgers")

    def __enter__(self):
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(os.path.dirname(self.path), ignore_errors=True)


def ledger_names(folder):
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def ledger(path):
    """A ledger's facts, as the player ledger_print tells them."""
    return json.loads(run([actor("ledger_print"), path], environment()).stdout)


def ledgers(folder):
    return [ledger(os.path.join(folder, name)) for name in ledger_names(folder)]


def ledger_of(folder, pid, sequence=0):
    """The ledger of one process; None and a problem when there is none."""
    for name in ledger_names(folder):
        if name.startswith(f"{pid}.") and name.endswith(f".{sequence}.ledger"):
            return ledger(os.path.join(folder, name))
    check(False, f"no ledger {sequence} of process {pid} among {ledger_names(folder)}")
    return None


def open_slots(facts):
    return [slot for slot in facts["slots"] if slot["phase"] == "open"]
