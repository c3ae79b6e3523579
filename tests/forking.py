"""Processes forked from one that has imported everything.

A fresh interpreter spends seconds on imports; a fork of one that has done them spends none, and it
ends, or dies by a signal, just as well.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

PATIENCE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended: its exit status, or minus the signal that killed it."""

    status: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Running:
    """A process that writes what it says into files."""

    pid: int
    said: Path

    @property
    def out(self) -> str:
        return self.said.with_suffix(".out").read_text("utf-8")

    @property
    def err(self) -> str:
        return self.said.with_suffix(".err").read_text("utf-8")

    @property
    def status(self) -> int | None:
        """Its exit status, or minus the signal that killed it; None while it runs."""
        ended = self.said.with_suffix(".status")
        return int(ended.read_text()) if ended.exists() else None

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self, patience_seconds: float = PATIENCE_SECONDS) -> Ended:
        """Returns when it has ended, whatever its end is."""
        give_up = time.monotonic() + patience_seconds
        while (status := self.status) is None:
            if time.monotonic() > give_up:
                raise TimeoutError(f"a process still runs; it said: {self.err}")
            time.sleep(0.005)
        return Ended(status, self.out, self.err)


class Forks:
    """Processes of one origin.

    Args:
        program: the file that calls ``fork_each`` when it is run.
        environment: what the origin needs to start.
        directory: where what the processes say is kept.
        prepared: what the program is told.
    """

    def __init__(
        self, program: str, environment: Mapping[str, str], directory: Path, *prepared: str
    ) -> None:
        self._directory = directory
        self._numbers = count(1)
        self._turn = Lock()
        shared = {"PYTHONPATH": str(Path(__file__).parent)}
        self._origin = subprocess.Popen(
            [sys.executable, program, *prepared],
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

    def start(self, *arguments: str, environment: Mapping[str, str]) -> Running:
        """Starts a process, beside whatever else runs."""
        assert self._origin.stdin is not None
        assert self._origin.stdout is not None
        with self._turn:
            said = self._directory / str(next(self._numbers))
            asked = json.dumps([arguments, dict(environment), str(said)])
            print(asked, file=self._origin.stdin, flush=True)
            return Running(int(self._origin.stdout.readline()), said)

    def run(self, *arguments: str, environment: Mapping[str, str]) -> Ended:
        """Runs a process to its end, whatever that is."""
        return self.start(*arguments, environment=environment).wait()


def _without_settings() -> dict[str, str]:
    return {name: at for name, at in os.environ.items() if not name.startswith("ORDERWORKS_")}


def fork_each(work: Callable[..., Any]) -> None:
    """Forks a process for each list of arguments that is read, tells its number, and keeps how it ended."""
    running: dict[int, Path] = {}
    asked = b""
    while True:
        if select.select([0], [], [], 0.005)[0]:
            read = os.read(0, 2**16)
            if not read:
                break
            *lines, asked = (asked + read).split(b"\n")
            for line in lines:
                arguments, environment, said = json.loads(line)
                child = _fork(work, arguments, environment, Path(said))
                running[child] = Path(said)
                print(child, flush=True)
        while running and (ended := os.waitpid(-1, os.WNOHANG))[0]:
            kept = running.pop(ended[0]).with_suffix(".status")
            unseen = kept.with_suffix(".unseen")
            unseen.write_text(str(os.waitstatus_to_exitcode(ended[1])))
            unseen.rename(kept)
    for child in running:
        os.kill(child, signal.SIGKILL)


def _fork(
    work: Callable[..., Any], arguments: list[str], environment: dict[str, str], said: Path
) -> int:
    """A process that does some work; returns in the one that began it only."""
    for suffix in (".out", ".err"):
        said.with_suffix(suffix).touch()
    child = os.fork()
    if child:
        return child
    signal.alarm(PATIENCE_SECONDS)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, suffix in ((1, ".out"), (2, ".err")):
        os.dup2(os.open(said.with_suffix(suffix), os.O_WRONLY), number)
    os.environ.update(environment)
    # Taking down an interpreter of this size costs another second.
    os._exit(_status_of(work, arguments))


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
