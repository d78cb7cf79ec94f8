# SPDX-License-Identifier: MIT
"""Servers driven by turns, a slice of a few milliseconds each: what the machine does meanwhile happens to all of them.

In each round three servers are started anew: bare, bare once more (the control), and audited. A figure of the round is
the median of the ratios of slices that are neighbours.
"""
import contextlib
import operator
import os
import statistics
import subprocess
import tempfile

from pairs import BUILD, environment
from results import interval_of, tell
from servers import Stage, placed

NAMES = ("bare", "control", "audited")


class Load:
    """load.c at work on one server."""

    def __init__(self, workload, port, rate=0):
        self.process = subprocess.Popen([*placed(workload.where[1]), os.path.join(BUILD, "tests", "bench", "load"),
                                         str(port), str(workload.connections), str(rate), workload.how,
                                         workload.request], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.requests = 0

    def slice(self, milliseconds):
        """Requests a second, and the latencies' median and 99th percentile."""
        self.process.stdin.write(f"{milliseconds}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"load: ended with status {self.process.wait()}")
        requests, seconds, median, last = map(float, line.split())
        self.requests += int(requests)
        return requests / seconds, median, last

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate()


class Round:
    """Three servers, their clients, and what their slices came to."""

    def __init__(self, stack, workload, order, rate):
        folder = stack.enter_context(tempfile.TemporaryDirectory(dir="/dev/shm"))
        self.order, self.stages, self.loads = order, {}, {}
        self.slices = {name: [] for name in NAMES}
        for name in order:
            place = os.path.join(folder, name)
            os.mkdir(place)
            stage = stack.enter_context(Stage(environment(name == "audited", place), place, workload.where[0]))
            self.stages[name] = stage
            self.loads[name] = stack.enter_context(Load(workload, workload.server(stage), rate))
        stack.callback(self.end)

    def drive(self, count, milliseconds):
        for load in self.loads.values():
            load.slice(milliseconds)
            load.requests = 0
        before = {name: self.stages[name].processor_seconds() for name in NAMES}
        for turn in range(count):
            for name in self.order[turn % 3:] + self.order[:turn % 3]:
                self.slices[name].append(self.loads[name].slice(milliseconds))
        self.processor = {name: (self.stages[name].processor_seconds() - before[name]) / self.loads[name].requests * 1e6
                          for name in NAMES}

    def end(self):
        """All at once: redis takes up to a second."""
        for stage in self.stages.values():
            for process in stage.processes:
                process.terminate()

    def figures(self, which):
        return {name: [each[which] for each in slices] for name, slices in self.slices.items()}


def ratios_of(figures):
    """Audited / bare, and control / bare, of one round: medians over its slices. Audited is held against both that are
    bare, one by one: against their mean, rare high figures would make it look better."""
    ratios = [audited / other for who in ("bare", "control")
              for audited, other in zip(figures["audited"], figures[who])]
    return statistics.median(ratios), statistics.median(map(operator.truediv, figures["control"], figures["bare"]))


def tell_rounds(part, name, unit, rounds, limit, at_least, note=None):
    """`rounds`: of each, the figures of its slices by name."""
    ratios, controls = zip(*map(ratios_of, rounds))
    bare, audited = (statistics.median(statistics.median(each[who]) for each in rounds)
                     for who in ("bare", "audited"))
    text = f"{bare:,.1f} {unit} bare, {audited:,.1f} audited"
    tell(part, name, statistics.median(ratios), "of bare", limit=limit, at_least=at_least,
         spread=(min(ratios), max(ratios)), control=(min(controls), max(controls)), interval=interval_of(ratios),
         control_interval=interval_of(controls), median_control=statistics.median(controls), rounds=len(rounds),
         ratios=ratios, controls=controls, bare=bare, audited=audited, note=f"{text}; {note}" if note else text)


def rounds_of(workload, rate, rounds, count, milliseconds):
    """That many rounds, done, one after another."""
    for turn in range(rounds):
        with contextlib.ExitStack() as stack:
            each = Round(stack, workload, NAMES[turn % 3:] + NAMES[:turn % 3], rate)
            each.drive(count, milliseconds)
            yield each


def compare(workload, rounds):
    """Tells the throughput, and the processor time that the server takes for a request."""
    rates, processor = [], []
    for each in rounds_of(workload, 0, rounds, workload.slices, workload.milliseconds):
        rates.append(each.figures(0))
        processor.append({name: [value] for name, value in each.processor.items()})
    tell_rounds("throughput", workload.name, "/s", rates, workload.limit, True)
    tell_rounds("throughput", workload.name + ": processor time", "us", processor, None, False)


def compare_latency(workload, rate, limit, rounds):
    """Tells the 99th percentile of the latencies at a fixed rate, and their median."""
    medians, lasts = [], []
    for each in rounds_of(workload, rate, rounds, 24, 100):
        medians.append(each.figures(1))
        lasts.append(each.figures(2))
    tell_rounds("latency", f"{workload.name}, p99 at {rate:,}/s", "us", lasts, limit, False)
    tell_rounds("latency", f"{workload.name}, median at {rate:,}/s", "us", medians, None, False)
