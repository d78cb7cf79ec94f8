# SPDX-License-Identifier: MIT
"""Tells sockaudit which test is running, so that each leak names its test: copy it beside your tests.

    sockaudit run --gate -- pytest
"""
import os
import time

import pytest

MARKS = os.environ.get("SOCKAUDIT_MARK")


def mark(name):
    if MARKS:
        with open(MARKS, "a", encoding="utf-8") as marks:
            marks.write(f"{time.time():.6f}\t{os.getpid()}\t{name}\n")


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    mark(item.nodeid)
    yield
    mark("")
