# SPDX-License-Identifier: MIT
"""Servers of many processes: they fork, hand on their sockets, start anew and leave their parents. A scene for them,
with load that runs beside, and an end for whatever they left behind."""
import contextlib
import ctypes
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time

from runner import books, real, stage

PR_SET_CHILD_SUBREAPER = 36
# Every process of a server leaves a ledger, and all of them are judged.
KEEP = 20000


class Load:
    """A client that runs beside; its end is waited for."""

    def __init__(self, scene, command, ledgers):
        self.command, self.output, self.errors = command, tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, env=scene.environment(ledgers), stdin=subprocess.DEVNULL,
                                        stdout=self.output, stderr=self.errors, cwd=scene.folder,
                                        start_new_session=True)
        scene.started.append(self.process)

    def runs(self):
        return self.process.poll() is None

    def so_far(self):
        return os.pread(self.output.fileno(), 1 << 20, 0)

    def end(self):
        """Its exit status, output and errors."""
        status, texts = self.process.wait(real.PATIENCE * 4), []
        for file in (self.output, self.errors):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
            file.close()
        return (status, *texts)


class Scene(real.Stage):
    """As Stage; what servers leave behind comes back to us as children of ours, and is ended."""

    def __enter__(self):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.problems = []
        return super().__enter__()

    def __exit__(self, *raised):
        deadline = time.monotonic() + real.PATIENCE
        while (left := books.family(os.getpid()) - {os.getpid()}) and time.monotonic() < deadline:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        super().__exit__(*raised)
        if self.problems and raised[0] in (None, SystemExit):
            real.failed(*self.problems)

    def environment(self, ledgers, options=None):
        environment = super().environment(ledgers, options)
        if ledgers:
            environment["SOCKAUDIT_OPTIONS"] += f":keep={KEEP}"
        return environment

    def owned_by(self, user, *names):
        """Folders for a server that refuses to be root."""
        for name in names:
            os.makedirs(self.path(name), mode=0o700, exist_ok=True)
            if os.geteuid() == 0:
                os.chown(self.path(name), user.pw_uid, user.pw_gid)

    def load(self, command, ledgers=None):
        return Load(self, command, ledgers)

    def pid_in(self, path, other_than=None):
        """The process that a pid file names, once there is one."""
        def read():
            with contextlib.suppress(OSError, ValueError):
                with open(path, encoding="utf-8") as file:
                    pid = int(file.readline())
                if pid != other_than:
                    return pid
            return None

        real.until(read, f"a process in {path}")
        return read()

    def gone(self, *pids):
        """Waits until these and all their children have ended."""
        members = books.family(*pids)
        real.until(lambda: not any(runs(pid) for pid in members), f"{sorted(members)} end")

    def busy(self, least, *pids):
        """Waits until the family holds so many sockets: the clients have come."""
        real.until(lambda: sum(map(books.held_by, books.family(*pids))) >= least, f"{least} sockets in use")

    def agree(self, label, *pids, unaudited=()):
        """At this moment every ledger of the family agrees with /proc/PID/fd, and nothing is wrong."""
        processes, held, differences, report = books.compare(*pids, unaudited=unaudited)
        differences += [f"not true: {real.compare.describe(finding)}" for finding in report["findings"]
                        if finding["severity"] == "error"]
        # What follows is worth knowing, too; the end of the scene tells.
        self.problems += [f"{label}: {line}" for line in differences]
        print(f"{label}: {processes} processes hold {held} sockets, "
              f"{'but their ledgers differ' if differences else 'as their ledgers say'}")

    def judge(self, ledgers, allowed=(), least=1, not_kept=()):
        """As Stage.judge; and nothing that happened was lost but what is named."""
        report = super().judge(ledgers, allowed, least)
        lost = self.not_kept(ledgers)
        if any(not any(word in what for word in not_kept) for what in lost):
            real.failed(f"{ledgers}: not kept: {lost}")
        return report

    def not_kept(self, ledgers):
        """What the ledgers had no room or no way to write down, as the report's text names it."""
        done = self.run([stage.REPORTER, "report", self.path(ledgers)])
        # A paragraph: it ends where the next word stands in the first column of its block.
        return {" ".join(found.split()) for found in
                re.findall(r"^ +not kept +(.*(?:\n {12,}.*)*)", done.stdout, re.MULTILINE)}


def runs(pid):
    return pid in books.family(pid)


def path_of(program):
    """Where it is; daemons often are in sbin, which isn't on every user's path."""
    return shutil.which(program, path=stage.clean_environment()["PATH"])


def other_user(*names):
    """Whom a server becomes that refuses to be root: the first of these that exists; ourselves when we are not root."""
    if os.geteuid():
        return pwd.getpwuid(os.geteuid())
    for name in names:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    return real.skip(f"there is no user {' or '.join(names)}")


def as_user(user, command):
    """The command, run as that user."""
    if os.geteuid():
        return command
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--", *command]
