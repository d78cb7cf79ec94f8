# SPDX-License-Identifier: MIT
"""Programs that do with sockets what a test tells them (tests/cli/programs/puppet.c), audited or not."""
import os
import subprocess

from . import stage

PROGRAM = os.path.join(stage.BUILD, "tests", "cli", "puppet")


class Puppet:
    """`folder`: of its ledger; None: it is not audited. `before`: a command that starts it, as in ip netns exec."""

    def __init__(self, folder=None, options="", before=()):
        environment = stage.clean_environment()
        if folder:
            environment.update(LD_PRELOAD=stage.LIBRARY, SOCKAUDIT_OPTIONS=f"dir={folder}:summary=0{options}")
        # The library is for the program alone, not for what starts it.
        words = ["env", *(f"{key}={value}" for key, value in environment.items()), PROGRAM]
        self.process = subprocess.Popen([*before, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        bufsize=1, env=stage.clean_environment())
        self.pid = self.process.pid

    def begin(self, *words):
        self.process.stdin.write(" ".join(str(word) for word in words) + "\n")

    def finish(self, *words):
        """The answer to what was begun."""
        answer = self.process.stdout.readline().split()
        if len(answer) != 2 or int(answer[0]) < 0:
            raise stage.Trouble(f"puppet: {words}: {answer}")
        first, second = map(int, answer)
        return (first, second) if second >= 0 else first

    def do(self, *words):
        """What a command answers: one number, or two where it tells two."""
        self.begin(*words)
        return self.finish(*words)

    def end(self):
        self.process.stdin.close()
        self.process.wait(stage.PATIENCE)
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
