# SPDX-License-Identifier: MIT
"""The suite of tests/programs/: each program bare, looked at alive, after its exit, and after SIGKILL."""
import glob
import os
import re
import shlex

from runner import compare, schema, stage, truth

SOURCES = os.path.join(stage.ROOT, "tests", "programs")
# A variant's suffix, and what is left to know a frame by in it.
LEVELS = {"O0": compare.LINE, "nopie": compare.LINE, "split": compare.LINE,
          "nog": compare.FUNCTION, "stripped": compare.MODULE}
SKIP = 77  # a program's exit status: it can't be played here, and standard error says why


class Skip(Exception):
    """The reason."""


def names():
    """Every program, and every variant that was built: "eof_epoll", "eof_epoll.O0"."""
    for path in sorted(glob.glob(os.path.join(SOURCES, "*.*"))):
        stem, kind = os.path.splitext(os.path.basename(path))
        if kind not in (".c", ".cc", ".py") or stem == "demo_server":
            continue
        yield stem
        for variant in LEVELS:
            if os.path.exists(os.path.join(stage.PROGRAMS, f"{stem}.{variant}")):
                yield f"{stem}.{variant}"


def source_of(name):
    return next(path for kind in (".c", ".cc", ".py")
                if os.path.exists(path := os.path.join(SOURCES, name.split(".")[0] + kind)))


class Test:
    def __init__(self, name):
        self.name, self.source, self.problems = name, source_of(name), []
        self.truth = truth.Truth(self.source)
        variant = name.partition(".")[2]
        self.level = LEVELS[variant] if variant else compare.LINE
        self.python = self.source.endswith(".py")
        self.command = ["/usr/bin/python3", self.source] if self.python else [os.path.join(stage.PROGRAMS, name)]
        grace = self.truth.setting("grace", "0")
        self.options = [] if grace == "default" else [f"grace={grace}"]
        self.options += [self.truth.setting("options")] if "options" in self.truth.settings else []

    def wants(self, mode):
        return self.truth.setting(mode, "yes") != "no"

    def carry_out(self):
        """All that is wrong, a line each."""
        with stage.Run(self.command) as bare:
            bare.wait_ready()
            self.bare_status = bare.end()
            self.bare_stderr, self.bare_output = bare.stderr(), bare.output
        if self.bare_status == SKIP:
            raise Skip(self.bare_stderr.strip() or "no reason given")
        wanted = -int(self.truth.setting("signal", 0))
        if self.bare_status == 3 and not self.python or wanted and self.bare_status != wanted:
            return [f"broken without the library: status {self.bare_status}: {self.bare_stderr.strip()}"]
        if not os.path.exists(stage.LIBRARY) or not os.path.exists(stage.REPORTER):
            return [f"{stage.LIBRARY} or {stage.REPORTER} is missing"]
        self._exit()
        if self.wants("kill"):
            self._kill()
        return self.problems

    def _exit(self):
        with stage.Run(self.command, self.options) as run:
            ready = run.wait_ready()
            if ready and self.wants("live"):
                self._live(run)
            status = run.end()
            wanted = int(self.truth.setting("status", self.bare_status))
            if status != wanted:
                self.problems.append(f"status {status} under the library, {self.bare_status} without: "
                                     f"{run.stderr().strip()}")
            if run.output != self.bare_output:
                self.problems.append(f"output {run.output} under the library, {self.bare_output} without")
            report = stage.report(run.folder)
            self._judge(report, "exit", run)
            self._state(report, run.pid, "killed" if status < 0 else "exited")
            for process in report["processes"]:
                if process["pid"] == run.pid and process["state"] == "exited":
                    self._reasons(process["coverage"], "exit", run.folder)
            self._stderr(run, report)

    def _kill(self):
        with stage.Run(self.command, self.options) as run:
            if not run.wait_ready():
                return
            run.end(kill=True)
            report = stage.report(run.folder)
            self._judge(report, "kill", run)
            self._state(report, run.pid, "killed")

    def _live(self, run):
        grace = self.truth.setting("live_grace", "0")
        kernel = stage.sockets_of(run.pid)
        report = stage.report(str(run.pid), *([] if grace == "default" else ["--grace", grace]))
        self._judge(report, "live", run)
        self._state(report, run.pid, "running")
        for process in report["processes"]:
            if process["pid"] != run.pid or process["state"] != "running" or "moving" in self.truth.settings:
                continue
            coverage = process["coverage"]
            if coverage["kernel"] != len(kernel):
                self.problems.append(f"live: coverage.kernel is {coverage['kernel']}, /proc/PID/fd shows {len(kernel)}")
            if coverage["explained"] != len(kernel) - int(self.truth.setting("unexplained", 0)):
                self.problems.append(f"live: {coverage['explained']} of {len(kernel)} sockets explained, the rest: "
                                     f"{coverage['unexplained']}")
            self._reasons(coverage, "live", run.pid)
        if report["view"] != "live":
            self.problems.append(f"live: view is {report['view']}")

    def _reasons(self, coverage, mode, target):
        """What is not explained has the reason that the source tells, in both formats."""
        if "reason" not in self.truth.settings:
            return
        reason, count = self.truth.setting("reason").replace("_", " "), int(self.truth.setting("unexplained"))
        if coverage["unexplained"] != {reason: count}:
            self.problems.append(f"{mode}: not explained: {coverage['unexplained']}, not {count} {reason}")
        text = " ".join(stage.report_text(str(target)).split())
        if f"explained + {count} {reason}" not in text:
            self.problems.append(f"{mode}: the text doesn't say '+ {count} {reason}': {text}")

    def _setting(self, key, mode, default=None):
        """Of one mode (drift_live=), else of all (drift=)."""
        return self.truth.setting(f"{key}_{mode}", self.truth.setting(key, default))

    def _judge(self, report, mode, run):
        self.problems += [f"{mode}: {problem}" for problem in schema.problems(report)]
        self.problems += compare.differences(report, self.truth, mode, self.level)
        drift = int(self._setting("drift", mode, 0))
        for process in report["processes"]:
            if not process["audited"]:
                continue
            if process["sockets"]["drift"] != (drift if process["pid"] == run.pid else 0):
                self.problems.append(f"{mode}: pid {process['pid']}: drift {process['sockets']['drift']}, not {drift}")
            if process["lost"]["slots"] or process["lost"]["stacks"]:
                self.problems.append(f"{mode}: pid {process['pid']}: lost {process['lost']}")
            if process["pid"] == run.pid and process["state"] != "exec" and "endings" in self.truth.settings:
                wanted = {key: int(count) for key, _, count in
                          (pair.partition(":") for pair in self.truth.setting("endings").split(","))}
                told = {key: count for key, count in process["endings"].items() if count and key != "reset_unread_at"}
                if told != wanted:
                    self.problems.append(f"{mode}: its connections ended {told}, not {wanted}")
            if process["pid"] == run.pid and process["state"] != "exec":
                for key in ("opened", "closed"):
                    wanted = self._setting(key, mode)
                    if wanted and process["sockets"][key] != int(wanted):
                        self.problems.append(f"{mode}: {process['sockets'][key]} {key}, not {wanted}")
            wanted, states = self._setting("tcp", mode), report["kernel"]["states"]
            if wanted and mode == "live" and sum(states.values()) != int(wanted):
                self.problems.append(f"{mode}: TCP states {states}, not {wanted}")
            wanted = self._setting("unix_ended", mode)
            if wanted and mode == "live" and process["coverage"]["unix_ended"]["kernel"] != int(wanted):
                self.problems.append(f"{mode}: unix_ended is {process['coverage']['unix_ended']}, not {wanted}")

    def _state(self, report, pid, wanted):
        states = [p["state"] for p in report["processes"] if p["pid"] == pid and p["state"] != "exec"]
        if states != [wanted]:
            self.problems.append(f"the process is {states}, not {wanted}")

    def _stderr(self, run, report):
        """One line if and only if there are errors; and its command shows them."""
        lines = run.stderr().splitlines()
        ours = [line for line in lines if line.startswith("sockaudit: ")]
        others = [line for line in lines if line not in ours]
        if others != self.bare_stderr.splitlines():
            self.problems.append(f"stderr differs from the bare one: {others}")
        # What a child holds is known by two ledgers together, so by no line at exit.
        errors = [f for f in report["findings"] if f["severity"] == "error" and f["rule"] != "held-by-child"]
        # Those who died by a signal had no chance to say it; who became another program may have ended as that.
        exited = {p["pid"] for p in report["processes"] if p["state"] == "exited"}
        pids = {s["pid"] for f in errors for s in f["sockets"]} & exited
        if len(ours) != (0 if self.truth.setting("line") == "no" else len(pids)):
            self.problems.append(f"exit: {len(pids)} processes with errors, but the lines at exit are {ours}")
        for line in ours:
            command = re.search(r"sockaudit report (\S.*)$", line)
            if not command:
                self.problems.append(f"no command in the line at exit: {line}")
                continue
            shown = stage.report(*shlex.split(command.group(1)))["findings"]
            rules = {f["rule"] for f in shown}
            if not rules or not all(rule in {f["rule"] for f in errors} for rule in rules):
                self.problems.append(f"the command of the line at exit shows {rules}: {line}")
            if not any(rule in line for rule in rules):
                self.problems.append(f"the line at exit names none of {rules}: {line}")
            if len(pids) == 1 and str(sum(f["count"] for f in errors)) not in line.split("sockaudit report")[0]:
                self.problems.append(f"the line at exit does not say {sum(f['count'] for f in errors)}: {line}")


def run(name):
    """(what is wrong, why it was skipped or None)"""
    try:
        return Test(name).carry_out(), None
    except stage.Trouble as trouble:
        return [str(trouble)], None
    except Skip as reason:
        return [], str(reason)
