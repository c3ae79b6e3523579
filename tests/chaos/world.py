"""One seed's world: workers that work a day's orders one after another, whatever befalls them."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest.mock import patch

import psycopg
from synthetic_day import OPENING_CASH
from working_orders import ACCOUNT

from chaos.far_exchange import FarExchange
from chaos.ground import DAY, Ground
from chaos.misfortunes import Misfortune, Stream, climate
from chaos.processes import Process, Worker, outside, watched_connections
from chaos.verdict import Verdict, in_short, judge
from chaos.work import Job, work
from orderworks.brokers.simulated.server import opens_exchange
from orderworks.brokers.simulated.terms import Terms
from orderworks.desk import leaving, reports
from orderworks.ledger.controls import resume, throw_kill_switch
from orderworks.model.errors import (
    BooksDiffer,
    BrokerError,
    KillSwitchThrown,
    LeaseLost,
    LedgerUnavailable,
    OrdersUnsettled,
    PlanConflict,
)

MISHAPS = (
    *(BrokerError, BooksDiffer, OrdersUnsettled, PlanConflict),
    *(KillSwitchThrown, LeaseLost, LedgerUnavailable),
)
"""What a worker may end with while misfortunes come; any other error is a failure of the world."""

CUT_OFF = (psycopg.OperationalError, psycopg.InterfaceError)
"""What the database's client raises when its connection is gone."""

FOR_GOOD = 100
"""In every so many-th seed the database's server itself is restarted."""

PATIENCE, CALM_PATIENCE = 30, 2
"""How often a worker begins again; in calm, after what others have left broken."""

WORKERS = 30
"""So many workers take one another's place; then it is calm."""

STALE = 2
"""So many workers may be paused at once."""


@dataclass(slots=True)
class Outcome:
    """What became of a seed's world: how it was judged, what befell it, and its story."""

    seed: int
    verdict: Verdict
    befell: Counter[str] = field(default_factory=Counter)
    story: list[str] = field(default_factory=list)


def live(seed: int, ground: Ground) -> Outcome:
    """The world of a seed, from its first worker to the judgement; what fails in it is in the verdict."""
    world = World(seed, ground)
    with watched_connections(), _in_silence(), _batches_of(world.batch):
        try:
            verdict = world.live()
        except Exception as error:  # noqa: BLE001 - whatever a worker ended with is told
            verdict = judge(ground.ledger)
            verdict.wrong.insert(0, in_short(error))
    return Outcome(seed, verdict, world.befell, world.story)


class World:
    """A ledger, an exchange, and the workers of one account."""

    def __init__(self, seed: int, ground: Ground) -> None:
        self.befell: Counter[str] = Counter()
        self.story: list[str] = []
        self._seed = seed
        self._ground = ground
        self._climate = climate(seed)
        self.batch = self._climate.batch
        self._stream = Stream(self._climate)
        self._terms = Terms(
            ACCOUNT,
            OPENING_CASH,
            0.1,
            "fixed",
            allow_short=False,
            latencies=self._climate.latencies,
            seed=seed,
        )
        opens = opens_exchange(ground.url, ground.market, DAY, self._terms)
        self._far = FarExchange(opens, self._begin_exchange) if self._climate.far else None
        self._exchanges: list[Process] = []
        self._workers: list[Worker] = []
        self._paused: list[Worker] = []
        self._failure: BaseException | None = None
        self._is_calm = self._is_finished = self._gives_up = False
        self._thrown_after: int | None = None

    def live(self) -> Verdict:
        """Works the orders until they are done, first through misfortunes and then in calm."""
        self._ground.clear()
        try:
            while not self._is_finished and self._stream.left and len(self._workers) < WORKERS:
                self._let_another_work()
            while self._paused:
                self._wake()
            self._is_calm, self._is_finished = True, False
            self._let_another_work()
            if not self._is_finished:
                raise AssertionError("nothing went wrong any more, and the run was not finished")
            return judge(self._ground.ledger)
        finally:
            self._end()

    # Workers ------------------------------------------------------------------------------------

    def _let_another_work(self) -> None:
        self._resume()
        number = len(self._workers) + 1
        job = Job(
            self._ground,
            self._seed,
            self._terms,
            {} if self._is_calm else self._climate.line,
            self._far,
            patience=CALM_PATIENCE if self._is_calm else PATIENCE,
            gives_up=self._gives_up,
            tell=self._tell,
            count=self.befell,
        )
        self._gives_up = False

        async def lives(worker: Worker) -> None:
            self._is_finished |= await work(worker, number, job)

        worker = Worker(f"worker {number}", self._meets, lives)
        self._workers.append(worker)
        self._tell(worker, "begins")
        self._let_work(worker)
        if self._failure is not None:
            raise self._failure

    def _let_work(self, worker: Worker) -> None:
        worker.run()
        if not worker.is_done:
            return
        error = worker.ended
        self._tell(worker, "ended" + (f" with {type(error).__name__}" if error else ""))
        # Whoever comes next finds nothing of it left, as after a while on a real day.
        self._ground.wait_for_ends(worker.backends)
        is_mishap = isinstance(error, (*MISHAPS, *CUT_OFF)) and not self._is_calm
        if worker.is_alive and not is_mishap:
            self._failure = self._failure or error

    def _wake(self) -> None:
        worker = self._paused.pop()
        self._tell(worker, "goes on")
        self._let_work(worker)

    def _begin_exchange(self) -> Process:
        self._exchanges.append(Process(f"exchange {len(self._exchanges) + 1}", self._meets))
        return self._exchanges[-1]

    def _end(self) -> None:
        """Nothing of this world goes on."""
        for process in (*self._workers, *self._exchanges):
            process.is_alive = False
        for worker in self._paused:
            worker.run()
        for process in self._exchanges:
            process.cut_off()

    # Misfortunes --------------------------------------------------------------------------------

    def _meets(self, process: Process, place: str, in_transaction: bool) -> None:
        """Something befalls the process where it comes to, or nothing."""
        if self._is_calm:
            return
        misfortune = self._stream.at(process.name, place, self._possible(process, in_transaction))
        if misfortune is None:
            return
        self.befell[str(misfortune)] += 1
        self._tell(process, f"{misfortune} at: {place}")
        match misfortune:
            case Misfortune.CRASH:
                process.die()
            case Misfortune.DATABASE_RESTART:
                with outside():
                    self._ground.cut_everyone(for_good=self._seed % FOR_GOOD == 0)
            case Misfortune.LEASE_RAN_OUT:
                self._end_lease()
            case Misfortune.KILL_SWITCH:
                throw_kill_switch(self._ground.ledger, ACCOUNT, "something looks wrong")
                self._thrown_after = self._permitted()
            case Misfortune.WAKE:
                self._wake()
            case Misfortune.PAUSE if isinstance(process, Worker):
                self._end_lease()
                self._paused.append(process)
                process.pause()

    def _possible(self, process: Process, in_transaction: bool) -> Iterable[Misfortune]:
        yield Misfortune.CRASH
        yield Misfortune.DATABASE_RESTART
        if in_transaction or not isinstance(process, Worker):
            return
        yield Misfortune.LEASE_RAN_OUT
        if len(self._paused) < STALE:
            yield Misfortune.PAUSE
        if self._paused:
            yield Misfortune.WAKE
        if self._thrown_after is None:
            yield Misfortune.KILL_SWITCH

    def _end_lease(self) -> None:
        self._ground.ledger.execute("UPDATE leases SET expires_at = clock_timestamp()")

    def _resume(self) -> None:
        """A person looks at an account that was stopped, and lets it go on."""
        if self._thrown_after is None:
            return
        if self._permitted() != self._thrown_after:
            raise AssertionError("something was permitted while the kill switch was on")
        resume(self._ground.ledger, ACCOUNT, "it was nothing")
        self._thrown_after, self._gives_up = None, self._climate.person_cancels

    def _permitted(self) -> int:
        """How many messages the ledger has permitted to leave."""
        (row,) = self._ground.ledger.execute(
            "SELECT (SELECT count(*) FROM send_attempts) "
            "+ (SELECT count(*) FROM revision_attempts) AS n"
        )
        return int(row["n"])

    def _tell(self, who: Process, what: str) -> None:
        self.story.append(f"{who.name}: {what}")


@contextmanager
def _in_silence() -> Iterator[None]:
    """What the code says of what befalls it is not looked for here."""
    logging.disable()
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


@contextmanager
def _batches_of(size: int) -> Iterator[None]:
    """So many orders are sent, and reports booked, in one transaction: few, so that many are."""
    with patch.object(leaving, "BATCH", size), patch.object(reports, "BATCH", size):
        yield
