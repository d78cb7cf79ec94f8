# SPDX-License-Identifier: MIT
"""The truth that a program of tests/programs/ tells about itself, in comments of its source.

    /* TEST key=value ... */           how to run it and what holds for the whole of it; also=FILE speaks too
    /* EXPECT rule place key=value */  a finding: this line is its place

TEST keys: live=no kill=no, moving=yes (sockets come while it is looked at), grace= live_grace= options= (the library's), status= signal=, line=no, cflags= libs=;
opened= closed= drift= (drift_kill= and the like: in one mode only), unexplained=N, reason= for all
of those (blanks are _); tcp= unix_ended= how many have a TCP state, and how many streams a peer that left (live).
endings=KEY:N,... how its connections ended, all others 0.
A program that can't be played here says why on standard error and ends with 77.

A place is `opened`, `evidence`, `closed`, `connected`, `fork`, `sibling`, or `any` (no line: interpreted programs). A comment
that stands alone on its line speaks of the next line of code. Places with the same rule and `id` are one expectation;
what isn't expected must not be reported. Keys:

    id=1,2         which findings of this rule (default: one, without a name)
    count=N        sockets (default 1), `any` where it changes all the time; for a sibling: descriptors closed there
    findings=N     how many distinct stacks they come from
    when=live,exit,kill   (default: all, but what only the kernel knows is not known after a kill)
    fn=NAME        the function (default: the one around the line; `|` between alternatives, `*` any)
    call= errno=   of the place;  inlined=true;  child=NAME  of the process that was forked there
    recv_q= tcp_state= eof_reads=   of every socket
    class= says=   the cause: its letter, words of it (blanks are _; class_live= says_live= and the like: in one mode only);  severity= (default: by rule);  facts.KEY= one of its facts

The place `fact` is none: its keys are facts of the finding, as dead=3 (dead_live= in one mode only); None for one that is
not known.
"""
import os
import re

EXPECT = re.compile(r"EXPECT (?P<rule>[a-z-]+) (?P<place>[a-z]+)(?P<rest>[^*/\n]*?(?:fn=[^\n]*?)?)\s*(?:\*/|$)")
ALONE = re.compile(r"^\s*(/\*|//|#)\s*EXPECT .*$")
C_FUNCTION = re.compile(r"(\w+)\([^()]*(?:\([^()]*\)[^()]*)*\)\s*$")
MODES = ("live", "exit", "kill")
# Findings that need the kernel's state, which nobody sampled in a process that was killed.
NOT_AFTER_KILL = ("fin-unread", "stale-pool")


class Place:
    def __init__(self, path, line, function, keys):
        self.path, self.line, self.keys = path, line, keys
        self.functions = keys["fn"].split("|") if "fn" in keys else [function]

    def __str__(self):
        return f"{os.path.basename(self.path)}:{self.line}"


class Expectation:
    def __init__(self, rule, name):
        self.rule, self.name, self.places = rule, name, {}
        self.count, self.keys, self.facts = 1, {}, {}

    def holds(self, mode):
        if "when" in self.keys:
            return mode in self.keys["when"].split(",")
        return mode != "kill" or self.rule not in NOT_AFTER_KILL


class Truth:
    def __init__(self, path):
        self.path, self.settings, self.expectations = path, {}, {}
        self._read(path)
        if "also" in self.settings:
            self._read(os.path.join(os.path.dirname(path), self.settings["also"]))

    def _read(self, path):
        with open(path, encoding="utf-8") as source:
            self.path, self.lines = path, source.read().split("\n")
        for index, line in enumerate(self.lines):
            match = re.search(r"\bTEST ((?:\w+=\S+ ?)+)", line)
            if match:
                self.settings.update(pair.split("=", 1) for pair in match.group(1).split()
                                     if "=" in pair)
            for match in EXPECT.finditer(line):
                self._add(index, match)

    def _add(self, index, match):
        spoken_of = index
        while ALONE.match(self.lines[spoken_of]):
            spoken_of += 1
        keys = dict(pair.split("=", 1) for pair in match["rest"].split())
        for name in keys.pop("id", "").split(","):
            expectation = self.expectations.setdefault((match["rule"], name),
                                                       Expectation(match["rule"], name))
            if match["place"] == "fact":
                expectation.facts.update(keys)
                continue
            place = Place(self.path, spoken_of + 1, self._function(spoken_of), keys)
            assert match["place"] not in expectation.places, \
                f"{place}: two places '{match['place']}' of {match['rule']} {name}"
            expectation.places[match["place"]] = place
            if match["place"] != "sibling" and "count" in keys:
                expectation.count = None if keys["count"] == "any" else int(keys["count"])
            expectation.keys.update(keys)

    def _function(self, index):
        """The name of the function around a line, in the kernel's style: its braces stand in the first column."""
        if self.path.endswith(".py"):
            return "*"
        while index > 0 and not self.lines[index].startswith("{"):
            index -= 1
        match = C_FUNCTION.search(self.lines[index - 1])
        return match.group(1) if match else None

    def expected(self, mode):
        return [e for e in self.expectations.values() if e.holds(mode)]

    def setting(self, key, default=None):
        return self.settings.get(key, default)
