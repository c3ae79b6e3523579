"""Stops process groups; run as a program, those that its input names, when its input ends.

It starts in milliseconds, as it needs nothing but the standard library.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress

GRACE_SECONDS = 15
"""For a server to close its database, and for a worker to stop its runs."""

LEFTOVER_SECONDS = 5
"""For what the head of a group did not take with it."""

KILLED_SECONDS = 5
"""For what was killed to be gone: the system first takes back what it had."""


def stop(group: int, reap: Callable[[], object] = lambda: None) -> None:
    """Ends a group: its head is asked to, then the rest of it, and in the end nobody is asked.

    Args:
        reap: takes note of a head that has ended, where it is our own child.
    """
    with suppress(ProcessLookupError):
        os.kill(group, signal.SIGTERM)
    _wait(lambda: _is_alive(os.kill, group), GRACE_SECONDS, reap)
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGTERM)
    _wait(lambda: _is_alive(os.killpg, group), LEFTOVER_SECONDS, reap)
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    _wait(lambda: _is_alive(os.killpg, group), KILLED_SECONDS, reap)


def is_empty(group: int) -> bool:
    """Whether no process of a group is left."""
    return not _is_alive(os.killpg, group)


def _wait(alive: Callable[[], bool], seconds: float, reap: Callable[[], object]) -> None:
    given_up_at = time.monotonic() + seconds
    while alive() and time.monotonic() < given_up_at:
        reap()
        time.sleep(0.02)


def _is_alive(ask: Callable[[int, int], None], number: int) -> bool:
    try:
        ask(number, 0)
    except ProcessLookupError:
        return False
    return True


def main() -> None:
    """Reads a group a line, with a minus if it has ended; the input ends when who wrote it is gone."""
    groups: list[int] = []
    for line in sys.stdin:
        number = int(line)
        if number > 0:
            groups.append(number)
        else:
            # Its number may be another's by now.
            groups.remove(-number)
    for group in reversed(groups):
        stop(group)


if __name__ == "__main__":
    main()
