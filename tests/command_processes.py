"""The command line in processes of its own, forked from one that has imported everything.

A fresh interpreter spends seconds on imports; a fork of one that has done them spends none, and it
ends, or dies by a signal, just as well. This file is that process when it is run.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Self

PATIENCE_SECONDS = 120

IMPORTED_LATE = ("fastapi", "flows.daily", "flows.end_of_day")
"""What a command imports when it comes to it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit status, or minus the signal that killed it."""

    status: int
    out: str
    err: str


class CommandProcesses:
    """Runs commands, one at a time; Prefect's variables must be in ``environment`` from the start."""

    def __init__(self, environment: Mapping[str, str], directory: Path) -> None:
        self._out, self._err = directory / "out.txt", directory / "err.txt"
        self._origin = subprocess.Popen(
            [sys.executable, __file__, self._out, self._err],
            env={**_without_settings(), **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._origin.communicate()

    def run(self, *arguments: str, environment: Mapping[str, str]) -> Ended:
        """Runs ``orderworks`` to its end, whatever that is."""
        assert self._origin.stdin is not None
        assert self._origin.stdout is not None
        print(json.dumps([arguments, dict(environment)]), file=self._origin.stdin, flush=True)
        status = int(self._origin.stdout.readline())
        return Ended(status, self._out.read_text("utf-8"), self._err.read_text("utf-8"))


def _without_settings() -> dict[str, str]:
    return {name: at for name, at in os.environ.items() if not name.startswith("ORDERWORKS_")}


def serve(out: str, err: str) -> None:
    """Forks a process for each command that is read, and tells how it ended."""
    for name in IMPORTED_LATE:
        import_module(name)
    from orderworks.cli import main
    from orderworks.handoffs.engine import warm
    from orderworks.market.calendar import latest_closed_session

    warm()
    latest_closed_session(datetime.now(UTC))
    for line in sys.stdin:
        arguments, environment = json.loads(line)
        child = os.fork()
        if not child:
            signal.alarm(PATIENCE_SECONDS)
            for number, path in ((1, out), (2, err)):
                os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
            os.environ.update(environment)
            sys.argv = ["orderworks", *arguments]
            try:
                main()
            except SystemExit as ended:
                # Taking down an interpreter of this size costs another second.
                sys.stdout.flush()
                os._exit(ended.code if isinstance(ended.code, int) else 0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    serve(*sys.argv[1:])
