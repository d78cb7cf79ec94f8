# SPDX-License-Identifier: MIT
"""A script of ours in another language, tests/real/scripts/: in its good mode it says the same bare and audited and
nothing is reported; in its leak mode it keeps sockets on purpose, and they alone are reported."""
import os

from runner import compare, real, schema, stage

FOLDER = os.path.join(stage.ROOT, "tests", "real", "scripts")


def path(name):
    return os.path.join(FOLDER, name)


def words(command, options=None):
    """What a script says in its whole life; what it says under the library is judged when it is "ready", too, since
    most languages close what they kept when they end."""
    with stage.Run(command, options) as run:
        if not run.wait_ready():
            real.failed(f"it ended: {run.output.decode()}{run.stderr()}")
        alive = stage.report(str(run.pid), "--grace", "0") if options is not None else None
        status = run.end()
        ended = stage.report(run.folder) if options is not None else None
        return (status, run.output.decode(), run.stderr()), alive, ended


def stays_the_same(command, least, kept=0, left=0):
    """Runs its good mode bare and audited. `kept`: sockets that its language keeps as long as it runs; `left`: those
    still open when its processes end or exec."""
    bare, _, _ = words(command)
    if bare[0]:
        real.failed(f"bare: exit status {bare[0]}", *bare[1:])
    audited, alive, ended = words(command, ["keep=1000"])
    if bare != audited:
        real.failed("not the same", f"bare: {bare}", f"audited: {audited}")
    # Warnings, too, are not true of a program that closes all.
    for label, report, least, true in (("alive", alive, 1, kept), ("ended", ended, least, left)):
        real.judge(report, f"good, {label}", (), least)
        still = sum(p["sockets"]["open"] for p in report["processes"] if p["audited"])
        if report["findings"] or still != true:
            real.failed(*map(compare.describe, report["findings"]), f"{label}: {still} sockets open, not {true}")
    all_explained(alive)


def all_explained(alive):
    for process in alive["processes"]:
        real.failed_if(*(f"alive: {count} sockets of {process['comm']} not explained: {reason}"
                         for reason, count in process["coverage"]["unexplained"].items() if count))


def told(report):
    counts = {}
    for finding in report["findings"]:
        counts[finding["rule"]] = counts.get(finding["rule"], 0) + finding["count"]
    return counts


def leaks(command, alive, after):
    """Its leak mode says "ready" and ends with its standard input. `alive` and `after`: {rule: sockets} that must be
    reported before and after that."""
    with stage.Run(command, ["grace=0"]) as run:
        if not run.wait_ready():
            real.failed(f"it ended: {run.stderr()}")
        before = stage.report(str(run.pid), "--grace", "0")
        status = run.end()
        ended = stage.report(run.folder)
        line = run.stderr()
    if status:
        real.failed(f"exit status {status}: {line}")
    for label, report, true in (("alive", before, alive), ("after", ended, after)):
        print(f"{label}: {told(report)}")
        if told(report) != true:
            real.failed(f"{label}: true is {true}", *map(compare.describe, report["findings"]))
        real.failed_if(*(f"{label}: {problem}" for problem in schema.problems(report)))
    all_explained(before)
    for rule, count in after.items():
        if f"{count} {rule}" not in line:
            real.failed(f"the line at exit does not tell {count} {rule}: {line!r}")
