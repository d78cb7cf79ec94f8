# SPDX-License-Identifier: MIT
"""The stage of the harm_* tests: a program's behaviour bare and audited, and what the ledger says of it.

A test is a script with functions marked @promise; play() carries them out. A promise that can't be tested here calls
skip(reason); when none of them could, the script ends with 77.
"""
import atexit
import difflib
import glob
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests"))
from runner import stage  # noqa: E402

BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))
LIBRARY = os.environ.get("LIBSOCKAUDIT", os.path.join(BUILD, "libsockaudit.so"))
REPORTER = os.environ.get("SOCKAUDIT", os.path.join(BUILD, "sockaudit"))
SOURCES = os.path.join(ROOT, "tests", "cli", "programs")
NOBODY = 65534


# Programs that give up root's rights must still find the library: a tree in a private folder is copied out of it.
if os.geteuid() == 0 and not stage.reachable(os.path.abspath(BUILD)):
    _copy = tempfile.mkdtemp(prefix="sockaudit-build-")
    os.chmod(_copy, 0o755)
    atexit.register(shutil.rmtree, _copy, True)
    shutil.copytree(os.path.join(BUILD, "tests", "cli"), os.path.join(_copy, "tests", "cli"))
    LIBRARY = shutil.copy(LIBRARY, _copy)
    BUILD = _copy
PATIENCE = 40  # seconds until a hang is a failure


class Skip(Exception):
    """This promise can't be tested here."""


class Broken(Exception):
    """The promise is broken."""


def skip(reason):
    raise Skip(reason)


def check(holds, *words):
    if not holds:
        raise Broken(" ".join(str(word) for word in words))


def program(name):
    path = os.path.join(BUILD, "tests", "cli", name)
    if not os.path.exists(path):
        raise Broken(f"{path} was not built: make test-cli")
    return path


def need(*commands):
    for command in commands:
        if not shutil.which(command):
            skip(f"{command} is not installed")


def need_root():
    if os.geteuid() != 0:
        skip("needs root")


def need_mounts():
    need("unshare", "mount")
    if subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True,
                      check=False).returncode:
        skip("a mount namespace can't be made here")


def compiled(folder, source, name, compiler, *flags):
    """A program of ours built another way, in the test's own folder."""
    need(compiler)
    path = os.path.join(folder, name)
    done = subprocess.run([compiler, "-std=gnu11", "-D_GNU_SOURCE", "-g", "-I", os.path.join(ROOT, "include"), "-o",
                           path, os.path.join(SOURCES, source), *flags], capture_output=True, text=True, check=False)
    if done.returncode:
        skip(f"{compiler} {' '.join(flags)} doesn't work here: {done.stderr.strip().splitlines()[-1:]}")
    return path


def seconds(default):
    """How long a storm blows; SOCKAUDIT_TESTS_SECONDS asks for another time."""
    return float(os.environ.get("SOCKAUDIT_TESTS_SECONDS", default))


class Outcome:
    """How a run ended: status, stdout, stderr without our lines, and these: `said`."""

    def __init__(self, status, out, err, folder):
        self.status, self.out, self.folder = status, out, folder
        lines = err.split("\n")
        self.said = [line for line in lines if line.startswith("sockaudit: ")]
        self.err = "\n".join(line for line in lines if not line.startswith("sockaudit: "))

    def behaviour(self):
        return {"status": self.status, "stdout": self.out, "stderr": self.err}

    def headers(self):
        """The ledgers of this run, in the order of their making."""
        found = sorted(glob.glob(os.path.join(self.folder, "**", "*.ledger"), recursive=True), key=os.path.getctime)
        return [header(path) for path in found]

    def header(self):
        headers = self.headers()
        check(len(headers) == 1, f"one ledger expected, {len(headers)} found; said {self.said}")
        return headers[0]


def header(path):
    done = subprocess.run([program("ledger_header"), path], capture_output=True, text=True, check=False)
    check(done.returncode == 0, f"{path}: ledger_header ends with {done.returncode}")
    return json.loads(done.stdout)


def report(*arguments):
    """What the reporter says of these, as JSON; nothing is waited for."""
    if not os.access(REPORTER, os.X_OK):
        skip("the reporter is not built")
    done = subprocess.run([REPORTER, "report", "--grace", "0", "--format=json", *(str(one) for one in arguments)],
                          check=False, capture_output=True, text=True, env=CLEAN, timeout=PATIENCE)
    check(done.returncode == 0 and not done.stderr, "the reporter:", done.returncode, done.stderr)
    return json.loads(done.stdout)


def found(report_):
    """The findings of a report as {(rule, function that owes): sockets}; warnings and notes left out."""
    tally = {}
    for one in report_["findings"]:
        if one["severity"] != "error":
            continue
        key = (one["rule"], one["site"]["function"] if one["site"] else None)
        tally[key] = tally.get(key, 0) + one["count"]
    return tally


def scratch():
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = tempfile.mkdtemp(prefix="sockaudit-harm-", dir=place)
    FOLDERS.append(folder)
    return folder


FOLDERS = []
# The environment of a run; what the tester's own shell holds does not matter.
CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/"}


def run(command, audited=True, folder=None, options="", env=None, preload="{us}", before=None, wrap=(),
        patience=PATIENCE, **popen):
    """Runs a command. `folder`: where ledgers go (dir=); "": no dir= at all. `preload`: the value of LD_PRELOAD, our
    library being {us}. `wrap`: a command in front that stays bare, `env` in between."""
    folder = scratch() if folder is None else folder
    environment = {**CLEAN, **(env or {})}
    libraries = preload.replace("{us}", LIBRARY if audited else "").strip(": ")
    # By env(1), so that only the command itself is audited, not what stands before it.
    assignments = [f"LD_PRELOAD={libraries}"] if libraries else []
    if audited:
        choice = ":".join(part for part in (f"dir={folder}" if folder else "", options) if part)
        assignments.append(f"SOCKAUDIT_OPTIONS={choice}")
    argv = [*wrap, "env", *assignments, *command]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL, stdout=popen.pop("stdout", out),
                                   stderr=popen.pop("stderr", err), preexec_fn=before, start_new_session=True, **popen)
        try:
            status = process.wait(patience)
        except subprocess.TimeoutExpired:
            where = stacks_of(process.pid)
            os.killpg(process.pid, signal.SIGKILL)  # the session that we started, and no other
            process.wait()
            raise Broken(f"{' '.join(command)}: no end after {patience} s\n{where}") from None
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    return Outcome(status, *texts, folder)


class Talk:
    """A running program that says "ready" where nothing moves, and goes on when it gets a line; bare when there is no
    `folder` for ledgers. `answers` is all that it said."""

    def __init__(self, command, folder=None, options="", env=None, wrap=(), before=None):
        assignments = [f"LD_PRELOAD={LIBRARY}", f"SOCKAUDIT_OPTIONS=dir={folder}:{options}"] if folder else []
        self.errors, self.answers, self.deadline = tempfile.TemporaryFile(), [], time.monotonic() + PATIENCE
        self.process = subprocess.Popen([*wrap, "env", *assignments, *command], env={**CLEAN, **(env or {})},
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
                                        preexec_fn=before, start_new_session=True, bufsize=0)
        self.pid, self.said, self.rest, self.waits = self.process.pid, [], b"", False

    def line(self):
        """What it says next; None at its end."""
        while b"\n" not in self.rest:
            if not select.select([self.process.stdout], [], [], max(0, self.deadline - time.monotonic()))[0]:
                raise Broken(f"silent for too long, said {self.answers[-5:]}\n{stacks_of(self.pid)}")
            part = os.read(self.process.stdout.fileno(), 65536)
            if not part:
                return None
            self.rest += part
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode(errors="replace")

    def ready(self):
        """Whether it is "ready" again; False when it ended instead."""
        while (line := self.line()) not in (None, "ready"):
            self.answers.append(line)
        self.waits = line is not None
        return self.waits

    def go_on(self):
        self.process.stdin.write(b"\n")
        self.waits = False

    def end(self):
        """Lets it go on to its end; its own behaviour."""
        while self.waits or self.ready():
            self.go_on()
        self.process.stdin.close()
        status = self.process.wait(PATIENCE)
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").split("\n")
        self.said = [line for line in lines if line.startswith("sockaudit: ")]
        err = "\n".join(line for line in lines if not line.startswith("sockaudit: "))
        return {"status": status, "stdout": self.answers, "stderr": err}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)  # the session that we started, and no other
            self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.errors.close()


def stacks_of(pid):
    """Where a hanging program stands, for the one who reads the failure."""
    if not shutil.which("gdb"):
        return ""
    done = subprocess.run(["gdb", "-q", "-batch", "-p", str(pid), "-ex", "thread apply all bt 14"], check=False,
                          capture_output=True, text=True, timeout=60)
    return "\n".join(done.stdout.splitlines()[-60:])


def same(command, said=0, loosely=False, bare_with=None, **how):
    """Runs it bare and audited; Broken unless they behave alike and we said exactly `said` lines (None: any). The
    audited outcome. `loosely`: without stderr and numbers of more than one digit, which are chance in a storm, and
    `bare_with`: the bare one's arguments."""
    bare_how = {key: value for key, value in how.items() if key not in ("folder", "options")}
    bare = run(command if bare_with is None else [command[0], *bare_with], audited=False, folder="", **bare_how)
    audited = run(command, **how)
    for what, value in bare.behaviour().items():
        if loosely:
            value = loose(value)
            check(what == "stderr" or loose(audited.behaviour()[what]) == value, f"{what} differs; said {audited.said}"
                  f"\n{difference(value, loose(audited.behaviour()[what]))}\n{audited.err[-1000:]}")
            continue
        check(audited.behaviour()[what] == value, f"{what} differs; said {audited.said}\n"
              f"{difference(value, audited.behaviour()[what])}")
    check(said is None or len(audited.said) == said, f"{said} lines of ours expected, said {audited.said}")
    audited.bare = bare
    return audited


def loose(value):
    return re.sub(r"\d\d+", "N", value) if isinstance(value, str) else value


def difference(bare, audited):
    lines = difflib.unified_diff(str(bare).splitlines(), str(audited).splitlines(), "bare", "audited", "", "", 1, "")
    return "\n".join(list(lines)[:30])


def numbers(text, prefix="# "):
    """The program's own counts: lines like "# opened 12"."""
    found = {}
    for line in text.splitlines():
        if line.startswith(prefix):
            words = line[len(prefix):].split()
            for key, value in zip(words[::2], words[1::2]):
                found[key] = int(value)
    return found


def balanced(header_, text):
    """The ledger's counts are the program's own, its table agrees with both, and nothing went unseen."""
    own = numbers(text)
    check(header_["drift"] == 0, "sockets that were closed unseen:", header_)
    for key in ("opened", "closed"):
        check(header_[key] == own[key], f"{key}: the ledger says {header_[key]}, the program {own[key]}: {header_}")
    held = [slot for slot in header_["open"] if slot["origin"] in (1, 2, 3)]
    check(len(held) == own["opened"] - own["closed"], f"{len(held)} slots are open:", header_)


PROMISES = []


def promise(function):
    PROMISES.append(function)
    return function


def play():
    """Carries out the promises, or those named on the command line; never returns."""
    chosen = [one for one in PROMISES if not sys.argv[1:] or one.__name__ in sys.argv[1:]]
    failed, skipped, reasons = 0, 0, []
    for one in chosen:
        start = time.monotonic()
        try:
            one()
            print(f"ok {one.__name__} ({time.monotonic() - start:.1f} s)")
        except Skip as reason:
            skipped += 1
            reasons.append(str(reason))
            print(f"skip {one.__name__}: {reason}")
        except Exception as problem:  # the others must still be tried
            failed += 1
            text = str(problem) if isinstance(problem, Broken) else traceback.format_exc()
            print(f"NOT OK {one.__name__}: {text[:3000]}")
        sys.stdout.flush()
        for folder in FOLDERS:
            shutil.rmtree(folder, ignore_errors=True)
        FOLDERS.clear()
    if failed:
        sys.exit(1)
    if skipped == len(chosen):
        print("; ".join(sorted(set(reasons))))
        sys.exit(77)
    sys.exit(0)


def at_once(*works):
    """Does works in threads of their own and tells the first that broke."""
    problems = []

    def carry_out(work):
        try:
            work()
        except Exception as problem:
            problems.append(problem)
    threads = [threading.Thread(target=carry_out, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]
