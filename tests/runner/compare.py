# SPDX-License-Identifier: MIT
"""Compares a report with the truth that the program's source tells: all of it, and nothing else."""
import os

from runner import stage

# What a frame can be known by, given how the program was built.
LINE, FUNCTION, MODULE = "line", "function", "module"


def top(place):
    frames = (place or {}).get("frames") or []
    return frames[0] if frames else None


def frame_name(frame):
    if not frame:
        return "-"
    where = f"{os.path.basename(frame['file'])}:{frame['line']}" if frame["file"] else \
        f"{os.path.basename(frame['module'] or '?')}+{frame['offset']:#x}"
    return f"{frame['function'] or '?'} {where}"


def describe(finding):
    return (f"{finding['rule']} x{finding['count']} opened {finding['opened'] and finding['opened']['call']} "
            f"{frame_name(top(finding['opened']))}, evidence "
            f"{frame_name(top(finding['evidence']))}, pids {sorted({s['pid'] for s in finding['sockets']})}")


def at_place(frame, place, level):
    if not frame:
        return False
    if level == MODULE:
        return frame["function"] is None and frame["line"] in (None, 0) and bool(frame["module"])
    function = frame["function"] or ""
    named = any(f == "*" or f == function or f == function.split("(")[0] or
                f.split("(")[0] == function.split("(")[0] for f in place.functions)
    if level == FUNCTION:
        return named
    wanted = os.path.relpath(place.path, stage.ROOT)
    return named and frame["line"] == place.line and (frame["file"] or "").endswith(wanted)


def belongs(finding, expectation, level):
    """Whether a finding is of an expectation's rule, opened and evidence lines."""
    if finding["rule"] != expectation.rule:
        return False
    places = expectation.places
    if "any" in places:
        return True
    if "opened" in places and not at_place(top(finding["opened"]), places["opened"], level):
        return False
    if "evidence" in places:
        return at_place(top(finding["evidence"]), places["evidence"], level)
    return top(finding["evidence"]) is None


MODES = ("live", "exit", "kill")
# Findings that are no errors.
SEVERITIES = {"accept-starved": "warning"}


def _details(finding, expectation, level, mode):
    """What a matched finding says wrongly beside its lines."""
    for name, place in expectation.places.items():
        told = finding.get({"any": "opened"}.get(name, name))
        if name == "sibling":
            here = [s for s in finding["siblings"] if at_place(top(s), place, level)]
            closed = sum(s["count"] for s in here)
            if closed != int(place.keys.get("count", 1)):
                yield f"{closed} siblings closed at {place}, not {place.keys.get('count', 1)}"
            told = here[0] if here else None
        elif name != "any" and not at_place(top(told), place, level):
            yield f"{name} at {frame_name(top(told))}, not at {place} ({'|'.join(map(str, place.functions))})"
        for key in ("call", "errno"):
            if key in place.keys and told and told.get(key) != place.keys[key]:
                yield f"{name}.{key} is {told.get(key)}, not {place.keys[key]}"
        if "child" in place.keys and (told or {}).get("child", {}).get("comm") != place.keys["child"]:
            yield f"the child is {told and told['child']}, not {place.keys['child']}"
        if "inlined" in place.keys and level == LINE and top(told) and not top(told)["inlined"]:
            yield f"{name}: the frame is not told as inlined"
    for key in ("recv_q", "tcp_state", "eof_reads"):
        if key in expectation.keys:
            wrong = [s[key] for s in finding["sockets"] if str(s[key]) != expectation.keys[key]]
            # Of a process that was killed the kernel's state is not known.
            if wrong and any(value is not None for value in wrong):
                yield f"{key} is {wrong}, not {expectation.keys[key]}"
    cause = finding["cause"] or {"class": None, "text": ""}
    for key in ("class", f"class_{mode}"):
        if key in expectation.keys and cause["class"] != expectation.keys[key]:
            yield f"the cause is of class {cause['class']}, not {expectation.keys[key]}: {cause['text']}"
    for key in ("says", f"says_{mode}"):
        if key in expectation.keys and expectation.keys[key].replace("_", " ") not in cause["text"].replace("_", " "):
            yield f"the cause does not say {expectation.keys[key]}: {cause['text']}"
    for key, value in expectation.facts.items():
        stem, _, only = key.rpartition("_")
        if only in MODES:
            if only != mode:
                continue
            key = stem
        if str(finding["facts"].get(key)) != value:
            yield f"the fact {key} is {finding['facts'].get(key)}, not {value}"
    for key, wanted in expectation.keys.items():
        if key.startswith("facts.") and str(finding["facts"].get(key[6:])) != wanted:
            yield f"{key} is {finding['facts'].get(key[6:])}, not {wanted}"
    if finding["severity"] != expectation.keys.get("severity", SEVERITIES.get(finding["rule"], "error")):
        yield f"severity {finding['severity']}"
    site = frame_name(finding["site"])
    if level == LINE and "any" not in expectation.places and \
            site not in (frame_name(top(finding[place])) for place in ("opened", "evidence", "fork", "closed")):
        yield f"site is {site}, neither where it was opened nor the evidence nor the fork nor the close"


def differences(report, truth, mode, level):
    """What a report says that is not true, and what it leaves out; a line each."""
    rest = list(report["findings"])
    for expectation in truth.expected(mode):
        mine = [f for f in rest if belongs(f, expectation, level)]
        rest = [f for f in rest if f not in mine]
        count = sum(f["count"] for f in mine)
        opened = expectation.places.get("opened") or expectation.places.get("any")
        label = f"{expectation.rule} {expectation.name}".strip()
        if expectation.count is None and not mine or expectation.count is not None and count != expectation.count:
            yield f"{mode}: {label} opened at {opened}: {count} sockets reported, {expectation.count} are true"
        if "findings" in expectation.keys and level == LINE and len(mine) != int(expectation.keys["findings"]):
            yield f"{mode}: {label}: {len(mine)} findings, not {expectation.keys['findings']}"
        for finding in mine:
            for detail in _details(finding, expectation, level, mode):
                yield f"{mode}: {label}: {detail}"
    for finding in rest:
        yield f"{mode}: not true: {describe(finding)}"
