# SPDX-License-Identifier: MIT
"""What a benchmark has found: a line on the screen and, where $BENCH_RESULTS names a file, an object at its end
(JSON, one a line). Of these `make bench` makes the table, the document and the plots: tests/bench/summary.

Parts are the promises of tests/bench/README.md: instructions, throughput, latency, threads, memory, start, stacks,
reporter, soak.
"""
import json
import math
import os
import sys


def interval_of(values):
    """Where the median of such rounds lies, with 95 % confidence, whatever their distribution (the sign test's ranks);
    fewer than six rounds can't tell, and give their spread."""
    rank, tail = 0, 1
    while 2 * tail <= 0.05 * 2 ** len(values):
        rank += 1
        tail += math.comb(len(values), rank)
    ordered = sorted(values)
    return ordered[max(rank - 1, 0)], ordered[-max(rank, 1)]


def verdict_of(value, limit, at_least, control, interval=None, control_interval=None):
    """"met", "missed", "not measurable here" or "-" (nothing was promised).

    Where the whole interval of the median (`interval`) is on one side of the limit, that decides. Otherwise, and where
    bare against bare differs by more than what the limit allows (its median's interval, or, without one, its spread),
    a ratio that misses its limit, or by its interval may miss it, is not measurable.
    """
    if limit is None:
        return "-"
    sign = 1 if at_least else -1
    reached = sign * value >= sign * limit
    certain = interval and (sign * interval[0] >= sign * limit) == (sign * interval[1] >= sign * limit)
    noise = control_interval or control
    if certain or (reached and not interval) or not noise or noise[1] - noise[0] <= abs(1 - limit):
        return "met" if reached else "missed"
    return "not measurable here"


def tell(part, name, value, unit, limit=None, at_least=False, spread=None, control=None, interval=None,
         control_interval=None, note=None, **more):
    """One figure. `limit`: at most so much (at_least: at least); `spread` and `control`: lowest and highest of the
    rounds' ratios, with and without us, and bare against bare; `interval` and `control_interval`: of their medians.
    Returns the verdict."""
    verdict = verdict_of(value, limit, at_least, control, interval, control_interval)
    line = f"{part:<13}{name:<46}{value:>14,.3f} {unit:<12}"
    line += f"{'>=' if at_least else '<='} {limit:<8,}" if limit is not None else " " * 11
    if spread:
        line += f" [{spread[0]:.3f}, {spread[1]:.3f}]"
    if interval:
        line += f" median in [{interval[0]:.3f}, {interval[1]:.3f}]"
    if control:
        line += f" control [{control[0]:.3f}, {control[1]:.3f}]"
    if control_interval:
        line += f" median in [{control_interval[0]:.3f}, {control_interval[1]:.3f}]"
    print(f"{line} {verdict if verdict != '-' else ''}{'  (' + note + ')' if note else ''}".rstrip(), flush=True)
    write({"part": part, "name": name, "value": value, "unit": unit, "limit": limit, "at_least": at_least,
           "spread": spread, "control": control, "interval": interval, "control_interval": control_interval,
           "verdict": verdict, "note": note, **more})
    return verdict


def grow(part, name, unit, points, note=None, work="work"):
    """A figure at several amounts of work: points are (work, whole cost), the work growing at least tenfold; `work`
    says what is counted there. It is
    linear or better when the cost's exponent, the slope between the first and the last point with both axes
    logarithmic, is at most 1.1."""
    (first, cost), (last, dearer) = points[0], points[-1]
    exponent = math.log(dearer / cost) / math.log(last / first)
    verdict = "met" if exponent <= 1.1 else "missed"
    print(f"{part:<13}{'growth: ' + name:<46}{exponent:>14.3f} {'exponent':<12}<= 1.1      {verdict}"
          f"{'  (' + note + ')' if note else ''}", flush=True)
    write({"part": "growth", "of": part, "name": name, "unit": unit, "work": work, "points": points, "value": exponent,
           "limit": 1.1, "verdict": verdict, "note": note})
    return verdict


def read(path):
    """All that was written to a file of results."""
    with open(path, encoding="ascii") as results:
        return [json.loads(line) for line in results]


def write(found):
    path = os.environ.get("BENCH_RESULTS")
    if path:
        with open(path, "a", encoding="ascii") as results:
            results.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    sys.exit("results.py is a module of the benchmarks: see tests/bench/README.md")
