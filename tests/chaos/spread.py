"""Many worlds at once: each process has a ground of its own, and takes one seed after another."""

from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from multiprocessing.queues import Queue
from pathlib import Path
from queue import Empty

from chaos.ground import own_ground
from chaos.world import Outcome, live


def outcomes(seeds: range, jobs: int, market: Path) -> Iterator[Outcome]:
    """What became of each seed's world, as they come to an end, in so many processes."""
    context = get_context("spawn")
    ended: Queue[Outcome] = context.Queue()
    dealt = [seeds[job::jobs] for job in range(min(jobs, len(seeds)))]
    processes = [context.Process(target=_work, args=(one, market, ended)) for one in dealt]
    for process in processes:
        process.start()
    for _ in seeds:
        yield _next(ended, processes)
    for process in processes:
        process.join()


def _next(ended: "Queue[Outcome]", processes: list[SpawnProcess]) -> Outcome:
    while True:
        try:
            return ended.get(timeout=5)
        except Empty:
            if any(process.exitcode for process in processes):
                raise RuntimeError("a process of the simulation ended; see above why") from None


def _work(seeds: range, market: Path, ended: "Queue[Outcome]") -> None:
    with own_ground(market) as ground:
        for seed in seeds:
            ended.put(live(seed, ground))
