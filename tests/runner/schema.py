# SPDX-License-Identifier: MIT
"""The shape of `--format=json`, schema sockaudit/1: every field present, also where it is null."""
import functools
import json
import os

import jsonschema

PUBLISHED = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
                         "report", "schema", "sockaudit-1.schema.json")

FRAME = {"function": str, "file": str, "line": int, "module": str, "offset": int, "build_id": str, "inlined": bool}
PLACE = {"call": str, "errno": str, "frames": [FRAME]}
SHORT_PLACE = {"call": str, "frame": FRAME}
HOLDER = {"pid": int, "comm": str, "fd": int}
PEER = {"pid": int, "comm": str, "fd": int, "tcp_state": str, "opened": SHORT_PLACE, "closed": SHORT_PLACE,
        "closed_ms": int, "opened_ms": int, "last_use": {"call": str, "age_ms": int}, "fin_ms": int,
        "fin_least_ms": int, "eof_ms": int, "holders": [HOLDER], "note": str}
SOCKET = {"pid": int, "fd": int, "family": str, "local": str, "peer": str, "cookie": str, "inode": int,
          "tcp_state": str, "recv_q": int, "send_q": int, "age_ms": int, "since_ms": int, "since": str,
          "eof_reads": int, "holders": [HOLDER], "peer_process": PEER}
# Under --sockets.
LISTED = {**SOCKET, "type": str, "protocol": str, "opened": SHORT_PLACE, "closed": SHORT_PLACE, "rule": str,
          "unexplained": str, "listening": bool, "opened_ms": int, "last_use": {"call": str, "age_ms": int},
          "fin": bool, "fin_ms": int, "fin_least_ms": int, "eof_ms": int, "error_ms": int, "shutdown_ms": int}
FINDING = {
    "rule": str, "severity": str, "count": int, "fingerprint": str, "stable": bool, "status": str, "gating": bool,
    "suppressed_by": str, "site": FRAME, "facts": dict, "opened": {"call": str, "frames": [FRAME]},
    "connected": PLACE, "evidence": PLACE, "closed": {"call": str, "frames": [FRAME]},
    "fork": {"call": str, "frames": [FRAME], "child": {"pid": int, "comm": str, "fd": int}},
    "siblings": [{"call": str, "count": int, "frames": [FRAME]}],
    "last_use": {"call": str, "age_ms": int}, "cause": {"class": str, "text": str},
    "marks": {"opened": str, "evidence": str},
    "sockets": [SOCKET],
}
PROCESS = {
    "pid": int, "ppid": int, "uid": int, "comm": str, "exe": str, "state": str, "started_at": str, "ended_at": str,
    "exit": {"code": int, "signal": object}, "net_ns": int, "audited": bool, "reason": str,
    "nofile": {"limit": int, "used": int}, "lost": {"slots": int, "stacks": int},
    "sockets": {"opened": int, "closed": int, "open": int, "drift": int, "copied": int, "inherited": int,
                "received": int, "adopted": int},
    "drift_by": dict, "coverage": {"kernel": int, "explained": int, "unexplained": dict,
                 "close_wait": {"kernel": int, "found": int, "grace": int, "unexplained": int, "unexplained_by": dict},
                 "unix_ended": {"kernel": int, "found": int, "grace": int}},
    "states": dict,
    "unaudited_sockets": [{"fd": int, "local": str, "peer": str, "tcp_state": str, "recv_q": int, "send_q": int,
                           "since_ms": int, "since": str, "since_at_most_ms": int, "inode": int}],
    "endings": {"closed_first": int, "closed_by_peer": int, "reset_unread": int, "reset_unread_at": dict,
                "reset_linger": int, "dead": int, "unknown": int},
}
NAMESPACE = {"net_ns": int, "states": dict,
             "close_wait": {"kernel": int, "found": int, "grace": int, "unexplained": dict,
                            "others": [{"pid": int, "comm": str, "count": int}]}}
REPORT = {
    "schema": str, "tool": {"version": str}, "made_at": str, "view": str,
    "host": {"name": str, "boot_id": str, "kernel": str, "arch": str}, "grace_ms": int, "gate": [str],
    "suppressions": [{"line": str, "used": int}], "fixed": list, "timeline": list, "processes": [PROCESS],
    "kernel": {"states": dict, "namespaces": [NAMESPACE], "time_wait": {"kernel": int, "explained": int, "unexplained": int}}, "summary": {"findings": int, "sockets": int, "gating": int}, "findings": [FINDING],
}


@functools.lru_cache(None)
def validator():
    """Of the schema that is installed."""
    with open(PUBLISHED, encoding="utf-8") as file:
        return jsonschema.Draft202012Validator(json.load(file))


def _walk(value, shape, path):
    if isinstance(shape, type):
        if value is not None and not isinstance(value, shape):
            yield f"{path}: {value!r} is no {shape.__name__}"
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{path}: {value!r} is no list"
            return
        for index, item in enumerate(value):
            yield from _walk(item, shape[0], f"{path}[{index}]")
    elif value is not None:
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is no object"
            return
        for key, inner in shape.items():
            if key not in value:
                yield f"{path}.{key} is missing"
            else:
                yield from _walk(value[key], inner, f"{path}.{key}")


def problems(report):
    """What is wrong with a report's shape and its sums, a line each."""
    yield from _walk(report, REPORT, "")
    for error in validator().iter_errors(report):
        yield f"{error.json_path}: {error.message[:200]}"
    if "sockets" in report:
        yield from _walk(report["sockets"], [LISTED], ".sockets")
    if report.get("schema") != "sockaudit/1":
        yield f"schema is {report.get('schema')!r}"
    findings = report.get("findings") or []
    counted = [f for f in findings if f.get("status") != "suppressed"]
    summary = report.get("summary") or {}
    if summary.get("findings") != len(counted):
        yield f"summary.findings is {summary.get('findings')}, findings holds {len(counted)}"
    if summary.get("sockets") != sum(f["count"] for f in counted):
        yield f"summary.sockets is {summary.get('sockets')}, the counts make {sum(f['count'] for f in counted)}"
    for finding in findings:
        if finding["rule"] not in ("double-close", "use-after-close", "time-wait-churn") and finding["count"] != len(finding["sockets"]):
            yield f"{finding['rule']}: count {finding['count']} but {len(finding['sockets'])} sockets"
    for process in report.get("processes") or []:
        yield from sums(process)
    for space in (report.get("kernel") or {}).get("namespaces") or []:
        close_wait = space["close_wait"]
        if close_wait["kernel"] is not None and close_wait["kernel"] != \
                close_wait["found"] + close_wait["grace"] + sum(close_wait["unexplained"].values()):
            yield f"namespace {space['net_ns']}: {close_wait}"


def sums(process):
    """The identities that hold in every process's books."""
    name = f"process {process['pid']} ({process['comm']})"
    sockets, coverage = process["sockets"], process["coverage"]
    if process["audited"] and sockets["opened"] - sockets["closed"] != sockets["open"]:
        yield f"{name}: {sockets['opened']} opened - {sockets['closed']} closed is not {sockets['open']} open"
    if coverage and coverage["kernel"] is not None:
        rest = sum(coverage["unexplained"].values())
        if coverage["kernel"] != coverage["explained"] + rest:
            yield f"{name}: {coverage['kernel']} sockets, but {coverage['explained']} explained + {rest}"
    if coverage and coverage["close_wait"]["kernel"] is not None:
        told = coverage["close_wait"]
        if told["unexplained"] != sum(told["unexplained_by"].values()) or \
                told["kernel"] != told["found"] + told["grace"] + told["unexplained"]:
            yield f"{name}: CLOSE_WAIT {told}"
