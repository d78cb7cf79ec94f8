# SPDX-License-Identifier: MIT
"""What the benchmarks share: running something bare and audited in turns, and saying what came of it."""
import os
import statistics
import sys
import tempfile

from results import interval_of, tell

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
LIBRARY = os.path.join(BUILD, "libsockaudit.so")


def rounds_wanted(default=9):
    """As the first argument says, else $ROUNDS."""
    return int(number("rounds", sys.argv[1] if len(sys.argv) > 1 else os.environ.get("ROUNDS") or default))


def number(what, word):
    """Ends with one line and status 2 when it is none above 0."""
    try:
        if float(word) > 0:
            return float(word)
    except ValueError:
        pass
    print(f"{os.path.basename(sys.argv[0])}: {what}: a number above 0, not {word!r}; see tests/bench/README.md", file=sys.stderr)
    sys.exit(2)


def environment(audited, folder):
    """The environment of one run; ledgers go to a folder of their own."""
    made = {key: value for key, value in os.environ.items() if key not in ("LD_PRELOAD", "SOCKAUDIT_OPTIONS")}
    if audited:
        made.update(LD_PRELOAD=LIBRARY, SOCKAUDIT_OPTIONS="dir=" + folder)
    return made


def measure(part, name, unit, rounds, run, limit=None, more_is_better=False, note=None):
    """Runs bare, audited, bare, ... `rounds` times and tells the median of the ratios, audited / bare, with its
    spread, and the control's, bare / bare. `run(environment)` answers one figure. Returns the median ratio.
    `limit`: of the ratio, at least so much where more is better, else at most."""
    with tempfile.TemporaryDirectory() as folder:
        run(environment(True, folder))  # warm-up
        bare, audited, ratios, controls = [], [], [], []
        last = run(environment(False, folder))
        for _ in range(rounds):
            audited.append(run(environment(True, folder)))
            bare.append(run(environment(False, folder)))
            ratios.append(audited[-1] / ((last + bare[-1]) / 2))
            controls.append(bare[-1] / last)
            last = bare[-1]
    ratio = statistics.median(ratios)
    figures = f"{statistics.median(bare):,.2f} {unit} bare, {statistics.median(audited):,.2f} audited"
    tell(part, name, ratio, "of bare", limit=limit, at_least=more_is_better, spread=(min(ratios), max(ratios)),
         control=(min(controls), max(controls)), interval=interval_of(ratios), control_interval=interval_of(controls),
         note=f"{figures}; {note}" if note else figures, bare=bare, audited=audited,
         median_control=statistics.median(controls), rounds=rounds)
    return ratio
