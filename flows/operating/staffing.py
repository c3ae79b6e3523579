"""Who runs the runs of a machine: a worker, and the preloaded process that it forks them from."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from flows.operating.children import Children, environment_without


class Share(NamedTuple):
    """What a worker takes on: the queues that it serves, or all, and how many runs at once, or any number."""

    queues: Sequence[str] = ()
    at_once: int | None = None

    def __str__(self) -> str:
        queues = f"queues {', '.join(self.queues)}" if self.queues else "all queues"
        return f"{queues}, {self.at_once or 'any number of'} runs at once"


def start_worker(children: Children, name: str, share: Share, preloaded: Path, logs: Path) -> Path:
    """Starts both; ``preloaded`` is where their socket is made. Returns the worker's log."""
    log = logs / "worker.log"
    arguments = ["-m", "flows.operating.worker", name, str(preloaded), str(share.at_once or 0)]
    children.start("worker", [*arguments, *share.queues], log, environment_without())
    arguments = ["-m", "flows.operating.preloaded", str(preloaded)]
    children.start("preloaded process", arguments, logs / "runs.log", environment_without())
    return log
