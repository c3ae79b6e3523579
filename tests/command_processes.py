"""The command line in processes of its own, forked from one that has imported everything.

A fresh interpreter spends seconds on imports; a fork of one that has done them spends none, and it
ends, or dies by a signal, just as well. This file is that process when it is run.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from itertools import count
from pathlib import Path
from threading import Lock
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


@dataclass(frozen=True, slots=True)
class Running:
    """A command in a process of its own, which writes what it says into files."""

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
                raise TimeoutError(f"a command still runs; it said: {self.err}")
            time.sleep(0.005)
        return Ended(status, self.out, self.err)


class CommandProcesses:
    """Runs commands; Prefect's variables must be in ``environment`` from the start."""

    def __init__(self, environment: Mapping[str, str], directory: Path) -> None:
        self._directory = directory
        self._numbers = count(1)
        self._turn = Lock()
        self._origin = subprocess.Popen(
            [sys.executable, __file__],
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

    def start(self, *arguments: str, environment: Mapping[str, str]) -> Running:
        """Starts ``orderworks``, beside whatever else runs."""
        assert self._origin.stdin is not None
        assert self._origin.stdout is not None
        with self._turn:
            said = self._directory / str(next(self._numbers))
            asked = json.dumps([arguments, dict(environment), str(said)])
            print(asked, file=self._origin.stdin, flush=True)
            return Running(int(self._origin.stdout.readline()), said)

    def run(self, *arguments: str, environment: Mapping[str, str]) -> Ended:
        """Runs ``orderworks`` to its end, whatever that is."""
        return self.start(*arguments, environment=environment).wait()


def _without_settings() -> dict[str, str]:
    return {name: at for name, at in os.environ.items() if not name.startswith("ORDERWORKS_")}


def serve() -> None:
    """Forks a process for each command that is read, tells its number, and keeps how it ended."""
    for name in IMPORTED_LATE:
        import_module(name)
    from orderworks.handoffs.engine import warm
    from orderworks.market.calendar import latest_closed_session

    warm()
    latest_closed_session(datetime.now(UTC))
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
                child = _fork(arguments, environment, Path(said))
                running[child] = Path(said)
                print(child, flush=True)
        while running and (ended := os.waitpid(-1, os.WNOHANG))[0]:
            kept = running.pop(ended[0]).with_suffix(".status")
            unseen = kept.with_suffix(".unseen")
            unseen.write_text(str(os.waitstatus_to_exitcode(ended[1])))
            unseen.rename(kept)
    for child in running:
        os.kill(child, signal.SIGKILL)


def _fork(arguments: list[str], environment: dict[str, str], said: Path) -> int:
    """A process that does a command; returns in the one that began it only."""
    from orderworks.cli import main

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
    sys.argv = ["orderworks", *arguments]
    status = 1
    try:
        main()
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 0
    except Exception:  # noqa: BLE001
        traceback.print_exc()
    finally:
        # Taking down an interpreter of this size costs another second.
        sys.stdout.flush()
        os._exit(status)


if __name__ == "__main__":
    serve()
