"""The command line in processes of its own. This file is what they are forked from when it is run."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from forking import Ended, Forks, Running, fork_each

__all__ = ["CommandProcesses", "Ended", "Running"]

IMPORTED_LATE = ("fastapi", "flows.daily", "flows.end_of_day")
"""What a command imports when it comes to it."""


class CommandProcesses(Forks):
    """Runs commands; Prefect's variables must be in ``environment`` from the start."""

    def __init__(self, environment: Mapping[str, str], directory: Path) -> None:
        super().__init__(__file__, environment, directory)


def serve() -> None:
    """Runs ``orderworks`` with the arguments that are read, each time in another process."""
    for name in IMPORTED_LATE:
        import_module(name)
    from orderworks.cli import main
    from orderworks.handoffs.engine import warm
    from orderworks.market.calendar import latest_closed_session

    warm()
    latest_closed_session(datetime.now(UTC))

    def run(*arguments: str) -> None:
        sys.argv = ["orderworks", *arguments]
        main()

    fork_each(run)


if __name__ == "__main__":
    serve()
