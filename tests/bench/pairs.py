# SPDX-License-Identifier: MIT
"""What the benchmarks share: running something bare and audited in turns, and saying what came of it."""
import os
import statistics
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
LIBRARY = os.path.join(BUILD, "libsockaudit.so")


def environment(audited, folder):
    """The environment of one run; ledgers go to a folder of their own."""
    made = {key: value for key, value in os.environ.items() if key not in ("LD_PRELOAD", "SOCKAUDIT_OPTIONS")}
    if audited:
        made.update(LD_PRELOAD=LIBRARY, SOCKAUDIT_OPTIONS="dir=" + folder)
    return made


def measure(name, unit, rounds, run, more_is_better):
    """Runs bare, audited, bare, ... `rounds` times; prints medians, the ratio's median and spread, and the
    control (bare against bare). `run(environment)` answers one figure. Returns the median ratio."""
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
    ratio, control = statistics.median(ratios), statistics.median(controls)
    print(f"{name:<34}{statistics.median(bare):>12.2f}{statistics.median(audited):>12.2f} {unit:<10}"
          f"{ratio:>7.3f}  [{min(ratios):.3f}, {max(ratios):.3f}]  control {control:.3f} "
          f"[{min(controls):.3f}, {max(controls):.3f}]" + ("" if more_is_better else "  (less is better)"))
    return ratio


def header():
    print(f"{'':<34}{'bare':>12}{'audited':>12} {'':<10}{'ratio':>7}  [spread]")
