# SPDX-License-Identifier: MIT
"""CPython's own test suites, each run bare and under the library and compared test by test. LONG=1 runs all of their
tests; else every n-th of them, without those that take seconds."""
import fnmatch
import os
import signal
import subprocess
import xml.etree.ElementTree
import zlib

from runner import compare, real

PYTHON = "/usr/bin/python3"
TEST = [PYTHON, "-m", "test"]
SECONDS = 900 if real.LONG else 100  # for a suite; regrtest then tells where it hangs
AGAIN = 5
MANY = 10

# Not run at all, and why.
EXCLUDED = {
    "*VSOCK*": "hang by themselves in a container",
}
# Two seconds or more each, most of them waiting.
SLOW = (
    "test_asyncio.*.test_*_del_collect", "test_asyncio.*.test_kill_issue43884", "test_asyncio.*.test_taskgroup_23",
    "test_eintr.*", "test_fork1.*.test_wait", "fork_wait.*",
    "test_multiprocessing_*.test_boundaries", "test_multiprocessing_*.test_poll_eintr",
    "test_multiprocessing_*.test_thread_safety", "test_multiprocessing_*.test_wait_*",
    "test_multiprocessing_*.test_map_no_failfast", "test_multiprocessing_*.test_pool_worker_lifetime",
    "test_poll.*.test_poll2", "test_signal.SiginterruptTest.*",
    "test_socket.*.test*sideTimeout", "test_socket.*.testInterruptedTimeout",
    "test_socket.*.test_sendall_interrupted_with_timeout",
    "test_ssl.*.test_PROTOCOL_TLS", "test_ssl.*.test_alpn_protocols", "test_ssl.*.test_check_hostname",
    "test_ssl.*.test_echo", "test_subprocess.*.test_check_output_timeout",
    "test_subprocess.*.test_communicate_repeated_call_after_stdout_close", "test_imaplib.*imaplib_timeout*",
    "test_imaplib.*.test_ssl_*", "test_xmlrpc.MultiPathServerTestCase.*",
)


def need():
    real.need()
    if subprocess.run([PYTHON, "-c", "import test.test_socket"], capture_output=True, check=False).returncode:
        real.skip("libpython3.11-testsuite is not installed")


def chosen(scene, suite, every):
    """The suite's tests by name, as many as there is time for; the same ones each time."""
    listed = scene.run([*TEST, "--list-cases", suite]).stdout.split()
    patterns = [*EXCLUDED, *(() if real.LONG else (f"test.{slow}" for slow in SLOW))]
    tests = [test for test in listed if not any(fnmatch.fnmatchcase(test, pattern) for pattern in patterns)]
    if not real.LONG:
        tests = [test for test in tests if zlib.crc32(test.encode()) % every == 0]
    if not tests:
        real.failed(f"{suite}: no tests among {len(listed)}")
    return tests


def outcome(case):
    """passed, failure, error, or skipped and why."""
    for told in case:
        if told.tag in ("skipped", "failure", "error"):
            return f"skipped: {told.text}" if told.tag == "skipped" else told.tag
    return "passed"


def run(scene, suite, tests, ledgers=None):
    """({test: outcome}, the ended process)."""
    matches, results = scene.path("matches"), scene.path("results.xml")
    with open(matches, "w", encoding="utf-8") as file:
        file.write("\n".join(tests) + "\n")
    # Whatever it says of its tests, it says in this file; a process that crashed wrote none.
    if os.path.exists(results):
        os.unlink(results)
    # All processes' ledgers stay: those of clean ones, too, must add up.
    done = scene.run([*TEST, "-v", "--timeout", str(SECONDS), "--tempdir", scene.folder, "--junit-xml", results,
                      "--matchfile", matches, suite], ledgers, timeout=SECONDS + 60, options="keep=100000")
    if not os.path.exists(results):
        return {}, done
    cases = xml.etree.ElementTree.parse(results).findall(".//testcase")
    return {case.get("name"): outcome(case) for case in cases}, done


def settled(scene, suite, test, bad):
    """A test whose outcome differed, again and by itself. None when that happens bare, too, or not again; else what
    the library did."""
    bare = [run(scene, suite, [test])[0].get(test) for _ in range(AGAIN)]
    audited = [run(scene, suite, [test], "again")[0].get(test) for _ in range(AGAIN)]
    if bad in bare or bad not in audited:
        print(f"{suite}: {test}: {bad} once under the library; again bare {bare}, audited {audited}: left out")
        return None
    return f"{suite}: {test}: bare {bare}, audited {audited}"


def same(scene, suite, every):
    """The suite's outcomes are the same with and without the library. Returns its tests."""
    tests = chosen(scene, suite, every)
    before, bare = run(scene, suite, tests)
    if not before or bare.returncode not in (0, 2):
        real.failed(f"{suite}: bare: exit status {bare.returncode}", bare.stdout[-1500:], bare.stderr[-1500:])
    after, audited = run(scene, suite, tests, suite)
    if not after:
        real.failed(f"{suite}: exit status {audited.returncode}, and no results", audited.stdout[-1500:],
                    audited.stderr[-1500:])
    different = sorted(test for test in before.keys() | after.keys() if before.get(test) != after.get(test))
    # A few may be chance; many are not, and would take long to ask again.
    if len(different) > MANY:
        real.failed(*(f"{suite}: {test}: bare {before.get(test)}, audited {after.get(test)}"
                      for test in different[:50]))
    bad = [line for test in different if (line := settled(scene, suite, test, after.get(test)))]
    if bad or (not different and bare.returncode != audited.returncode):
        real.failed(*bad, f"{suite}: exit status {bare.returncode} and {audited.returncode}",
                    *[line for line in audited.stdout.split("\n") if "Error" in line][:20], audited.stderr[-1500:])
    skipped = sum(told.startswith("skipped") for told in after.values())
    print(f"{suite}: {len(after)} tests, {skipped} of them skipped, {len(different)} uncertain")
    return tests


def judge(scene, suite, tests, deliberate):
    """Its ledgers: of errors exactly those that its tests make on purpose."""
    # Nothing stands there when the suite opened no socket.
    if not os.listdir(scene.path(suite)):
        print(f"{suite}: no sockets")
        return
    true = {}
    for test, rule in deliberate.items():
        if test in tests:
            true[rule] = true.get(rule, 0) + 1
    report = scene.judge(suite, allowed=tuple(true), least=0)
    told = {}
    for finding in report["findings"]:
        if finding["severity"] == "note":
            continue
        told[finding["rule"]] = told.get(finding["rule"], 0) + finding["count"]
    if told != true:
        real.failed(f"{suite}: told {told}, made on purpose {true}", *map(compare.describe, report["findings"]))


def play(suites, deliberate=None):
    """`suites`: {name: n, every n-th test is run; 0: with LONG=1 only}. `deliberate`: {test: the rule that it breaks
    once, on purpose}."""
    need()
    # A shell's background job ignores SIGINT, and so would all that it starts: tests that interrupt themselves hang.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with real.Stage() as scene:
        os.environ["TMPDIR"] = scene.folder
        for suite, every in suites.items():
            if every or real.LONG:
                judge(scene, suite, same(scene, suite, every), deliberate or {})
