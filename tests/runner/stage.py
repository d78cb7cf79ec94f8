# SPDX-License-Identifier: MIT
"""Runs one program, bare or under the library, and asks the reporter about it."""
import atexit
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
# Of the one who runs the scripts, if there is one: see below.
LIBRARY = os.environ.get("LIBSOCKAUDIT", os.path.join(BUILD, "libsockaudit.so"))
REPORTER = os.environ.get("SOCKAUDIT", os.path.join(BUILD, "sockaudit"))
PROGRAMS = os.path.join(BUILD, "tests", "programs")
PATIENCE = 40  # seconds; a deadline for what hangs, never a wait


def reachable(path):
    """Whether any user can come to a path: no folder above it is closed to others."""
    while path != "/":
        if not os.stat(path).st_mode & 0o001:
            return False
        path = os.path.dirname(path)
    return True


# Servers that give up root's rights must still find the library: out of a private folder it is copied.
if os.geteuid() == 0 and os.path.exists(LIBRARY) and not reachable(os.path.abspath(LIBRARY)):
    _copy = tempfile.mkdtemp(prefix="sockaudit-build-")
    os.chmod(_copy, 0o755)
    atexit.register(shutil.rmtree, _copy, True)
    LIBRARY = shutil.copy(LIBRARY, _copy)
    if os.path.exists(REPORTER):
        REPORTER = shutil.copy(REPORTER, _copy)


class Trouble(Exception):
    """The test could not be carried out."""


def clean_environment():
    keep = ("HOME", "TMPDIR", "USER", "XDG_CACHE_HOME")
    # Daemons are in sbin, which isn't on every user's path.
    return {"LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "SOCKAUDIT_TESTS_PEER": os.path.join(PROGRAMS, "peer"),
            "PATH": os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin",
            **{key: os.environ[key] for key in keep if key in os.environ}}


def ledger_folder():
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    return tempfile.mkdtemp(prefix="sockaudit-test-", dir=place)


def report_text(*arguments):
    """The report as it stands on stdout. Trouble when it fails or says anything on stderr."""
    command = [REPORTER, "report", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env=clean_environment())
    if done.returncode or done.stderr:
        raise Trouble(f"{' '.join(command)}: exit status {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def report(*arguments):
    """The reporter's JSON."""
    text = report_text(*arguments, "--format=json")
    try:
        return json.loads(text)
    except ValueError as error:
        raise Trouble(f"report {' '.join(arguments)}: {error}") from None


def sockets_of(pid):
    """The inodes of the sockets that the kernel shows for a process."""
    inodes = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{fd}")
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(int(target[8:-1]))
    return inodes


def group_members(group):
    """Processes of a process group that have not ended."""
    members = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as stat:
                fields = stat.read().rsplit(b")", 1)[1].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] not in (b"Z", b"X"):
            members.append(int(name))
    return members


class Run:
    """One program, in a process group of its own."""

    def __init__(self, command, options=None):
        self.folder = ledger_folder() if options is not None else None
        environment = clean_environment()
        if options is not None:
            environment["LD_PRELOAD"] = LIBRARY
            environment["SOCKAUDIT_OPTIONS"] = ":".join([f"dir={self.folder}", *options])
        self.stderr_file = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.stderr_file, start_new_session=True)
        self.pid, self.output = self.process.pid, b""

    def wait_ready(self):
        """True when the program says "ready", False when it ends without."""
        deadline = time.monotonic() + PATIENCE
        while b"ready\n" not in self.output:
            if not select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
                raise Trouble(f"not ready after {PATIENCE} s; stderr: {self.stderr()}")
            part = os.read(self.process.stdout.fileno(), 4096)
            if not part:
                return False
            self.output += part
        return True

    def end(self, kill=False):
        """Lets the program end, or kills it with all its children; its exit status."""
        if kill:
            self.process.kill()
        self.process.stdin.close()
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Trouble("it does not end") from None
        deadline = time.monotonic() + 5
        while select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
            part = os.read(self.process.stdout.fileno(), 4096)
            if not part:
                break
            self.output += part
        while group_members(self.pid) and time.monotonic() < deadline:
            time.sleep(0.002)
        return status

    def stderr(self):
        self.stderr_file.seek(0)
        return self.stderr_file.read().decode(errors="replace")

    def close(self):
        for pid in group_members(self.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.poll()
        self.process.stdout.close()
        self.stderr_file.close()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
