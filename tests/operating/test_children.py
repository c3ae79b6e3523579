"""What a command starts in the background ends with it, whenever the interrupt comes."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from operating_house import wait_until

from flows.operating import guard
from flows.operating.children import Children
from flows.operating.interrupts import INTERRUPTS, raise_interrupts

SLEEPS = ("-c", "import time; time.sleep(600)")


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Interrupts are raised, as in a command that stays; afterwards they do what they did."""
    before = {number: signal.getsignal(number) for number in INTERRUPTS}
    raise_interrupts()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def interrupted_start(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """An interrupt comes when a process is there and nobody has its number yet; those that were started."""
    started: list[int] = []

    class Interrupted(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self.pid)
            signal.raise_signal(signal.SIGTERM)

    # The guard starts as ever.
    actual = subprocess.Popen

    def starts(arguments: list[str], **options: Any) -> subprocess.Popen[bytes]:
        kind = actual if guard.__file__ in arguments else Interrupted
        return kind(arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", starts)
    yield started
    for number in started:
        with suppress(ProcessLookupError):
            os.killpg(number, signal.SIGKILL)


def test_an_interrupt_while_a_process_starts_leaves_none_behind(
    interrupted_start: list[int], tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt), Children() as children:
        children.start("sleeper", SLEEPS, tmp_path / "log", dict(os.environ))
    (number,) = interrupted_start
    assert guard.is_empty(number)


def test_what_is_told_to_end_has_ended_when_the_context_is_left(tmp_path: Path) -> None:
    with Children() as children:
        child = children.start("sleeper", SLEEPS, tmp_path / "log", dict(os.environ))
        assert not guard.is_empty(child.process.pid)
    assert child.process.returncode == -signal.SIGTERM
    assert guard.is_empty(child.process.pid)


def test_what_asks_not_to_be_ended_is_gone_when_the_command_ends(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(guard, "GRACE_SECONDS", 0.2)
    monkeypatch.setattr(guard, "LEFTOVER_SECONDS", 0.2)
    # Large, so that it is not gone the moment that it is killed.
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "large = bytearray(300_000_000); print('deaf', flush=True); time.sleep(600)"
    )
    log = tmp_path / "log"
    with Children() as children:
        child = children.start("deaf", ("-c", deaf), log, dict(os.environ))
        wait_until(lambda: "deaf" in log.read_text())
    assert child.process.returncode == -signal.SIGKILL
    assert guard.is_empty(child.process.pid)
