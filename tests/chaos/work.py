"""What a worker does: it takes a run up where it stands and works it, as often as it must."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from working_orders import ACCOUNT, RUN_KEY, SESSION, START, plan_of

from chaos.far_exchange import FarExchange, FarLine
from chaos.ground import DAY, Ground
from chaos.orders import days_orders
from chaos.processes import Process, Worker
from orderworks.brokers.adapter import BrokerAdapter
from orderworks.brokers.simulated.adapter import SimulatedBroker
from orderworks.brokers.simulated.faults import Fate, Fault, FaultPlan
from orderworks.brokers.simulated.faulty import FaultyBroker
from orderworks.brokers.simulated.line import LineBroker
from orderworks.brokers.simulated.messages import Message
from orderworks.brokers.simulated.terms import Terms
from orderworks.desk.deciding import decide
from orderworks.desk.desk import Desk, open_desk
from orderworks.desk.ending import cancel_everything
from orderworks.desk.reconciliation import reconcile
from orderworks.desk.waves import waves, work_wave
from orderworks.ledger.orders import open_orders
from orderworks.ledger.runs import Run, find_run, finish_run, freeze_plan, start_run
from orderworks.model.clock import Clock, ReplayClock
from orderworks.model.crash_points import CrashPoint, crash_point
from orderworks.model.errors import BooksDiffer, BrokerError, InputError, OrdersUnsettled
from orderworks.model.state import OrderEvent
from orderworks.settings import load_settings

SETTINGS = load_settings(lease={"ttl_seconds": 3_600.0})
"""Leases end when a misfortune says so, not because a machine is slow."""
HELD = "held"
"""What an order that a person had to decide on is counted as."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker is begun with.

    Attributes:
        rates: of the faults of its line.
        far: the exchange, where that is a process of its own; else the worker opens its own.
        patience: how often it begins again when the broker makes it fail.
        gives_up: whether it is to cancel everything first.
        tell: takes what it does for the story.
        count: takes what befalls its messages.
    """

    ground: Ground
    seed: int
    terms: Terms
    rates: dict[Message, dict[Fault, float]]
    far: FarExchange | None
    patience: int
    gives_up: bool
    tell: Callable[[Process, str], None]
    count: Counter[str]


async def work(worker: Worker, number: int, job: Job) -> bool:
    """A worker's whole life; returns whether the run is done.

    Raises:
        Whatever it ended with before that.
    """
    ground = job.ground
    clock = ReplayClock(_reached(ground))
    broker = _broker(worker, number, job, clock)
    async with open_desk(SETTINGS, ground.url, DAY, ground.market, broker, clock) as desk:
        run = _planned(desk, job.seed)
        for _ in range(job.patience):
            try:
                return await _work_run(worker, desk, run, job)
            except (BrokerError, OrdersUnsettled, BooksDiffer) as error:
                job.tell(worker, f"begins again after {type(error).__name__}")
            await _let_a_person_decide(worker, desk, job)
        return await _work_run(worker, desk, run, job)


async def _work_run(worker: Worker, desk: Desk, run: Run, job: Job) -> bool:
    if not await desk.take_over():
        job.tell(worker, "leaves the account to another")
        return False
    await reconcile(desk, run)
    if job.gives_up:
        await cancel_everything(desk, "a person stopped the account")
    async for wave in waves(desk, run):
        result = await work_wave(desk, wave)
        job.tell(worker, f"wave at {wave.due_at:%H:%M:%S}: {result}")
    last = await reconcile(desk, run)
    if not last.is_clean:
        raise BooksDiffer(f"{last}: {last.breaks}")
    crash_point(CrashPoint.RUN_BEFORE_DONE)
    finish_run(desk.ledger, run, "DONE", "every order is done")
    return True


async def _let_a_person_decide(worker: Worker, desk: Desk, job: Job) -> None:
    """What was lost too often is held; a person who looks at the exchange sees that it is not there."""
    for order in open_orders(desk.ledger, ACCOUNT).values():
        if order.held:
            job.count[HELD] += 1
            job.tell(worker, f"a person abandons {order.client_order_id}")
            with suppress(BrokerError, InputError):
                await decide(desk, order.client_order_id, OrderEvent.ABANDON, "it is not there")


def _planned(desk: Desk, seed: int) -> Run:
    run = start_run(desk.ledger, ACCOUNT, RUN_KEY, "daily", SESSION, {})
    if not run.is_planned:
        freeze_plan(desk.ledger, run, plan_of(days_orders(seed)))
    return find_run(desk.ledger, ACCOUNT, RUN_KEY) or run


def _reached(ground: Ground) -> datetime:
    """How far the market has come; the start of the day's work at least."""
    row = ground.ledger.execute("SELECT reached FROM exchange.accounts").fetchone()
    return START if row is None else max(START, row["reached"])


def _broker(worker: Worker, number: int, job: Job, clock: Clock) -> BrokerAdapter:
    plan = _ToldPlan(job.seed * 1_000 + number, job.rates, job=job, worker=worker)
    if job.far is not None:
        line = FarLine(job.far, worker, plan, clock)
        return LineBroker(line, "simulated", ACCOUNT, "simulated", clock, SESSION)
    near = SimulatedBroker(job.ground.url, job.ground.market, DAY, job.terms, clock, part=1)
    return FaultyBroker(near, plan, clock)


@dataclass(frozen=True)
class _ToldPlan(FaultPlan):
    """A plan of faults that tells what it does."""

    job: Any = None
    worker: Any = None

    def fate(self, message: Message, occurrence: int) -> Fate:
        fate = super().fate(message, occurrence)
        for fault in Fault:
            if fault in fate.faults:
                self.job.count[str(fault)] += 1
                self.job.tell(self.worker, f"{fault} of {message} {occurrence}")
        return fate
