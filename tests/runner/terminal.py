# SPDX-License-Identifier: MIT
"""A terminal that somebody looks at: a command in a tmux of its own, keys for it, and what stands on the screen."""
import os
import subprocess
import time

from runner import stage


class Terminal:
    """`command` is a shell's; its words are the caller's own."""

    def __init__(self, command, columns=80, lines=24, term="tmux-256color", **environment):
        self.socket = os.path.join(os.environ["SOCKAUDIT_TEST_DIR"], f"tmux{id(self)}")
        self.columns = columns
        self.environment = {**stage.clean_environment(), "SHELL": "/bin/sh", **environment}
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(lines), "-c", stage.ROOT,
                  "env", f"TERM={term}", "sh", "-c", command)

    def tmux(self, *arguments):
        return subprocess.run(["tmux", "-S", self.socket, *arguments], env=self.environment, check=True,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=stage.PATIENCE).stdout

    def keys(self, *names):
        self.tmux("send-keys", *names)

    def lines(self, *options):
        """What stands there, without the spaces at the ends."""
        return self.tmux("capture-pane", "-p", *options).rstrip("\n").split("\n")

    def resize(self, columns, lines):
        self.columns = columns
        self.tmux("resize-window", "-x", str(columns), "-y", str(lines))

    def until(self, holds, what):
        """The lines of the screen as soon as that holds of them; Trouble when it doesn't come to that."""
        deadline = time.monotonic() + stage.PATIENCE
        while True:
            lines = self.lines()
            if holds(lines):
                return lines
            if time.monotonic() > deadline:
                raise stage.Trouble("\n".join([f"never seen: {what}", *lines]))
            time.sleep(0.02)

    def until_text(self, text):
        return self.until(lambda lines: any(text in line for line in lines), text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], env=self.environment, capture_output=True,
                       check=False)
