"""The command line at a gateway whose market stands but while a command waits for it to go on.

This file is what such commands are forked from when it is run. All that is another than a user's is the
clock: it keeps the gateway's time without asking for it, and lets it go on.
"""

from command_processes import serve
from steered_clock import SteeredClock

from orderworks.desk import opening_ibkr


class _StartedClock(SteeredClock):
    """A ``SteeredClock`` in the place of the one that follows a gateway's time."""

    def __init__(self, *_: object) -> None:
        super().__init__()

    def start(self) -> None:
        """It has begun."""


if __name__ == "__main__":
    opening_ibkr.GatewayClock = _StartedClock  # type: ignore[assignment, misc]
    serve()
