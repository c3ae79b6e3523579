"""Processes forked from one that has imported everything.

A fresh interpreter spends seconds on imports; a fork of one that has done them spends none, and it
ends, or dies by a signal, just as well.
"""

import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PATIENCE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended: its exit status, or minus the signal that killed it."""

    status: int
    out: str
    err: str


class Forks:
    """Processes of one origin, one at a time.

    Args:
        program: the file that calls ``fork_each`` when it is run.
        environment: what the origin needs to start.
        directory: where what the processes say is kept.
        prepared: what the program is told besides where to say what.
    """

    def __init__(
        self, program: str, environment: Mapping[str, str], directory: Path, *prepared: str
    ) -> None:
        self._out, self._err = directory / "out.txt", directory / "err.txt"
        shared = {"PYTHONPATH": str(Path(__file__).parent)}
        self._origin = subprocess.Popen(
            [sys.executable, program, self._out, self._err, *prepared],
            env={**_without_settings(), **shared, **environment},
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
        """Runs a process to its end, whatever that is."""
        assert self._origin.stdin is not None
        assert self._origin.stdout is not None
        print(json.dumps([arguments, dict(environment)]), file=self._origin.stdin, flush=True)
        status = int(self._origin.stdout.readline())
        return Ended(status, self._out.read_text("utf-8"), self._err.read_text("utf-8"))


def _without_settings() -> dict[str, str]:
    return {name: at for name, at in os.environ.items() if not name.startswith("ORDERWORKS_")}


def fork_each(work: Callable[..., Any], out: str, err: str) -> None:
    """Forks a process for each list of arguments that is read, and tells how it ended."""
    for line in sys.stdin:
        arguments, environment = json.loads(line)
        child = os.fork()
        if not child:
            signal.alarm(PATIENCE_SECONDS)
            for number, path in ((1, out), (2, err)):
                os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
            os.environ.update(environment)
            # Taking down an interpreter of this size costs another second.
            os._exit(_status_of(work, arguments))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _status_of(work: Callable[..., Any], arguments: list[str]) -> int:
    try:
        work(*arguments)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    except BaseException:  # noqa: BLE001 - whatever it is, it is told
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0
