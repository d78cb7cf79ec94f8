# SPDX-License-Identifier: MIT
"""Software that we did not write, as the scripts of tests/real/ run it: bare and under the library, on private ports
of 127.0.0.1, with private folders. A script ends with real.passed(), real.failed() or real.skip()."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from runner import compare, schema, stage

PATIENCE = 30
# make check-real: everything, however long it takes; else what fits into a minute.
LONG = os.environ.get("LONG") == "1"
VFORKED = "changes made by vfork children, not followed"


def skip(reason):
    print(reason)
    sys.exit(77)


def need(*programs):
    for program in programs:
        if not shutil.which(program) and not os.path.exists(f"/usr/sbin/{program}"):
            skip(f"{program} is not installed")
    for path in (stage.LIBRARY, stage.REPORTER):
        if not os.path.exists(path):
            sys.exit(f"{path} is missing")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"waited {PATIENCE} s in vain: {what}")
        time.sleep(0.02)


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Stage:
    """A temporary folder, ledgers in it, and what was started there; all gone at the end."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="sockaudit-real-")
        # nginx's workers, which are nobody then, must come through.
        os.chmod(self.folder, 0o755)
        self.started = []
        return self

    def __exit__(self, *_):
        for process in self.started:
            if process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def environment(self, ledgers, options=None):
        """Under the library when `ledgers` names a folder for them; more of its options."""
        environment = stage.clean_environment()
        if ledgers:
            folder = self.path(ledgers)
            os.makedirs(folder, mode=0o700, exist_ok=True)
            environment["LD_PRELOAD"] = stage.LIBRARY
            environment["SOCKAUDIT_OPTIONS"] = ":".join([f"dir={folder}", *([options] if options else [])])
        return environment

    def start(self, command, ledgers=None, port=None):
        """A server; returns when it answers on its port."""
        with open(self.path("server.log"), "ab") as log:
            process = subprocess.Popen(command, env=self.environment(ledgers), stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=log, cwd=self.folder, start_new_session=True)
        self.started.append(process)
        if port:
            until(lambda: answers(port) or process.poll() is not None, f"{command[0]} on port {port}")
        if process.poll() is not None:
            with open(self.path("server.log"), encoding="utf-8", errors="replace") as log:
                sys.exit(f"{command[0]} ended: {log.read()[-2000:]}")
        return process

    def stop(self, process, number=signal.SIGTERM):
        process.send_signal(number)
        status = process.wait(PATIENCE)
        until(lambda: not stage.group_members(process.pid), "its children end")
        return status

    def run(self, command, ledgers=None, timeout=PATIENCE, options=None, **more):
        return subprocess.run(command, env=self.environment(ledgers, options), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace", timeout=timeout, cwd=self.folder,
                              **more)

    def judge(self, ledgers, allowed=(), least=1):
        """The report on a folder of ledgers: sums right, no drift, no errors and no warnings but of the allowed rules."""
        return judge(stage.report(self.path(ledgers)), ledgers, allowed, least)

    def judge_alive(self, pid):
        """No finding even without a grace, once the server has seen its clients leave; every socket explained."""
        report = None

        def clean():
            nonlocal report
            report = stage.report(str(pid), "--grace", "0")
            # A note is no leak: a benchmark without keep-alive makes TIME_WAIT.
            return all(finding["severity"] == "note" for finding in report["findings"])

        deadline = time.monotonic() + 3
        while not clean() and time.monotonic() < deadline:
            time.sleep(0.05)
        for process in report["processes"]:
            if process["audited"] and sum(process["coverage"]["unexplained"].values()):
                failed(f"alive: {process['pid']}: not explained: {process['coverage']}")
        return judge(report, "alive", (), 1)


def judge(report, label, allowed, least):
    problems = list(schema.problems(report))
    audited = [p for p in report["processes"] if p["audited"]]
    opened = sum(p["sockets"]["opened"] for p in audited)
    if opened < least:
        problems.append(f"{opened} sockets opened, at least {least} were expected")
    for process in audited:
        if process["sockets"]["drift"]:
            problems.append(f"drift of {process['sockets']['drift']} in {process['comm']} ({process['pid']})")
        # What a vfork child does to its own table is its own; the rest would be lost.
        lost = {**process["lost"], **process["lost"].get("all", {}), "all": 0, VFORKED: 0}
        if any(lost.values()):
            problems.append(f"lost {process['lost']} in {process['comm']} ({process['pid']})")
    for finding in report["findings"]:
        if finding["severity"] != "note" and finding["rule"] not in allowed:
            frames = [compare.frame_name(f) for f in (finding["evidence"] or finding["opened"])["frames"][:5]]
            problems.append(f"not true: {compare.describe(finding)}: {frames}")
    if problems:
        failed(*(f"{label}: {problem}" for problem in problems))
    print(f"{label}: {len(audited)} processes, {opened} sockets opened, "
          f"{sum(p['sockets']['closed'] for p in audited)} closed, {len(report['findings'])} findings")
    return report


def failed(*lines):
    print("\n".join(lines))
    sys.exit(1)


def failed_if(*lines):
    if lines:
        failed(*lines)
