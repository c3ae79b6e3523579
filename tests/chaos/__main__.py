"""Any number of seeds from the command line: ``uv run python -m tests.chaos --seeds 100000``."""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from chaos.ground import write_market
from chaos.misfortunes import Misfortune
from chaos.spread import outcomes
from chaos.work import HELD
from chaos.world import Outcome
from orderworks.brokers.simulated.faults import Fault

COLUMNS: dict[str, tuple[str, ...]] = {
    "crashes": (Misfortune.CRASH,),
    "database restarts": (Misfortune.DATABASE_RESTART,),
    "stale workers": (Misfortune.PAUSE, Misfortune.LEASE_RAN_OUT),
    "kill switches": (Misfortune.KILL_SWITCH,),
    "disconnects": (Fault.DISCONNECT_BEFORE, Fault.DISCONNECT_AFTER),
    "messages lost": (Fault.DROP_REQUEST, Fault.DROP_ANSWER),
    "messages doubled": (Fault.DUPLICATE_REQUEST, Fault.DUPLICATE_REPORTS),
    "messages reordered": (Fault.REORDER_REPORTS, Fault.HOLD_BACK),
    "messages late": (Fault.DELAY,),
    "orders held for a person": (HELD,),
    "orders rejected on the way": (Fault.REJECT,),
}
"""What is counted, and what befell that counts."""


def main() -> int:
    """Works the seeds that were asked for; 1 where one of them failed."""
    asked = _arguments()
    if asked.seed is not None:
        seeds = range(asked.seed, asked.seed + 1)
    else:
        seeds = range(asked.first, asked.first + asked.seeds)
    began = time.monotonic()
    total, failed = Total(), 0
    with tempfile.TemporaryDirectory(prefix="orderworks-") as directory:
        market = write_market(Path(directory))
        for outcome in outcomes(seeds, asked.jobs, market):
            total.add(outcome)
            if asked.seed is not None:
                print(*outcome.story, f"digest {outcome.verdict.digest}", sep="\n")
            if outcome.verdict.complaints:
                failed += 1
                print(
                    f"seed {outcome.seed} failed: {'; '.join(outcome.verdict.complaints)}: "
                    f"uv run python -m tests.chaos --seed {outcome.seed}",
                    flush=True,
                )
            elif total.seeds % 1_000 == 0:
                print(f"{total.seeds:,} seeds, {time.monotonic() - began:.0f} s", flush=True)
    total.show(time.monotonic() - began)
    return 1 if failed else 0


class Total:
    """What befell all worlds together, and what became of their orders."""

    def __init__(self) -> None:
        self.seeds = 0
        self._counts: Counter[str] = Counter()
        self._befell: Counter[str] = Counter()

    def add(self, outcome: Outcome) -> None:
        verdict = outcome.verdict
        self.seeds += 1
        self._befell += outcome.befell
        self._counts["sent"] += verdict.sent
        self._counts["duplicates"] += len(verdict.duplicates)
        self._counts["lost"] += len(verdict.lost)
        self._counts["failed"] += bool(verdict.complaints)

    def show(self, seconds: float) -> None:
        """Prints the table."""
        counts = self._counts
        table = {"seeds": self.seeds, "orders sent": counts["sent"]}
        table |= {
            name: sum(self._befell[str(one)] for one in counted)
            for name, counted in COLUMNS.items()
        }
        table |= {"orders sent twice": counts["duplicates"], "orders lost": counts["lost"]}
        table |= {"seeds that failed": counts["failed"], "seconds": round(seconds)}
        for name, count in table.items():
            print(f"{name:<28}{count:>12,}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000, help="how many")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first of them")
    parser.add_argument("--seed", type=int, help="one alone, with its story")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
