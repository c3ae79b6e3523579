"""Processes in the background that end when this one does, however it ends.

A guard beside them reads a pipe that only this process holds: when that closes, it stops what is left.
So a command that was killed leaves nothing behind that would stand in the way of the next.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from flows.operating import guard
from flows.operating.interrupts import held_back, ignore_interrupts
from orderworks.model.errors import OrderworksError

PROJECT = Path(__file__).resolve().parents[2]
"""Where the flows are imported from."""

GLANCE_SECONDS = 0.2

LATELY_SECONDS = 300
ENDS_LATELY = 3
"""So often in that time a process is started again; then something is wrong that a start does not cure."""


class Child(NamedTuple):
    """A process, the head of a group of its own, and where it writes what it has to say."""

    name: str
    arguments: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes]


class Children:
    """The processes of one command; leaving the context stops them, the last one first.

    Args:
        keep: a descriptor that is held until the last of them has ended, even if we are killed.
    """

    def __init__(self, keep: int | None = None) -> None:
        self._keep = () if keep is None else (keep,)
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        # In sessions of their own: what interrupts or kills our group must not reach them first.
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=self._keep,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # A second Ctrl-C, given while this goes on, would leave the rest to the guard in the dark.
        ignore_interrupts()
        for child in reversed(self._children):
            guard.stop(child.process.pid, reap=child.process.poll)
            self._tell_guard(-child.process.pid)
        with suppress(OSError):
            self._guard.communicate()

    def start(
        self, name: str, arguments: Sequence[str], log: Path, environment: Mapping[str, str]
    ) -> Child:
        """Starts ``python ARGUMENTS`` with these variables, and no others."""
        # An interrupt between a process's start and the note of its number would leave it running.
        with held_back(), log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=PROJECT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._tell_guard(process.pid)
            child = Child(name, arguments, log, environment, process)
            self._children.append(child)
        return child

    def keep(self, tell: Callable[[str], None]) -> None:
        """Returns never: starts again what ends by itself.

        What a worker that died was running goes on without it, and is left alone.

        Raises:
            OrderworksError: if one of them does not stay, naming its log.
        """
        ends: dict[str, list[float]] = {}
        while True:
            for child in [each for each in self._children if each.process.poll() is not None]:
                ends.setdefault(child.name, []).append(time.monotonic())
                lately = [at for at in ends[child.name] if at > time.monotonic() - LATELY_SECONDS]
                if len(lately) > ENDS_LATELY:
                    self.require_alive()
                tell(
                    f"the {child.name} ended by itself and is started again; {child.log} tells why"
                )
                self._children.remove(child)
                if guard.is_empty(child.process.pid):
                    self._tell_guard(-child.process.pid)
                self.start(child.name, child.arguments, child.log, child.environment)
            time.sleep(GLANCE_SECONDS)

    def _tell_guard(self, number: int) -> None:
        told = self._guard.stdin
        if told is not None:
            with suppress(OSError):
                told.write(f"{number}\n".encode())
                told.flush()

    def require_alive(self) -> None:
        """Raises OrderworksError if one of them has ended."""
        for child in self._children:
            if child.process.poll() is not None:
                raise OrderworksError(
                    f"the {child.name} ended by itself: {_last_words(child.log)}; {child.log} tells more"
                )


def environment_without(*names: str, **others: str) -> dict[str, str]:
    """Our own variables without some, and with others."""
    return {name: at for name, at in os.environ.items() if name not in names} | others


def _last_words(log: Path) -> str:
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return said[-1].strip() if said else "it did not say why"
