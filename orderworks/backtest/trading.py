"""One session of one account, traded to its end: the steps of the flows, on the replay clock.

A batch that comes while another is worked is planned at its time, netted against what is open, and
worked along with it, as the holder of an account does with another run's orders.

The suites between the steps are left out: they guard a run's money against our own faults, and
would take longer than everything else. The signals were judged by theirs before.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import pandas as pd

from orderworks.backtest.batches import Batch
from orderworks.desk.desk import Desk
from orderworks.desk.ending import close_session
from orderworks.desk.plan import fingerprint, plan_of
from orderworks.desk.reconciliation import reconcile
from orderworks.desk.reports import follow
from orderworks.desk.scheduling import schedule_routed
from orderworks.desk.steps import gate_sized, route_gated, size_signals, take_stock
from orderworks.desk.summary import summary_of
from orderworks.desk.timing import too_late
from orderworks.desk.valuation import value_account
from orderworks.desk.waves import Wave, waves, work_wave
from orderworks.ledger.runs import Run, find_run, finish_run, freeze_plan, refusals, start_run
from orderworks.model.errors import BooksDiffer
from orderworks.model.order import Algo
from orderworks.quality.report import measure_session

PLANNED = ("client_order_id", "strategy", "symbol", "side", "quantity", "decision_price", "algo")
"""What is kept of a planned order."""

TOO_LATE = "TOO_LATE"
"""The code of signals that came when no time was left for a slice."""


@dataclass(frozen=True, slots=True, eq=False)
class SessionTraded:
    """What a session came to in one account.

    ``orders`` has a row for each planned order: as ``measure_orders``, with ``run_key``,
    ``asked_algo`` where ``algo`` is how it was worked, ``style`` in which its slices were priced,
    and ``route``, the rule that the router would
    price it by if no algorithm were asked for. What never reached the market has no measures.
    ``refused`` holds the code of each signal without an order.
    """

    orders: pd.DataFrame
    refused: list[str]


@dataclass(frozen=True, slots=True, eq=False)
class _Planned:
    run: Run
    orders: pd.DataFrame


async def trade_session(desk: Desk, batches: Sequence[Batch]) -> SessionTraded:
    """Trades the batches in their order, then ends the day.

    Raises:
        InputError: if a signal cannot be traded as it asks.
        BooksDiffer: if the books and the exchange do not agree afterwards.
    """
    await take_stock(desk, None)
    planned, refused = await _work(desk, batches)
    for one in planned:
        finish_run(desk.ledger, one.run, "DONE", summary_of(desk, one.run))
        refused += [code for code, _ in refusals(desk.ledger, one.run.run_id)]
    await close_session(desk)
    reconciled = await reconcile(desk, None)
    if not reconciled.is_clean:
        raise BooksDiffer(
            f"the replay of {desk.account} does not agree with the exchange after "
            f"{desk.session.date}: {reconciled}, the first is {reconciled.breaks[0]}"
        )
    return SessionTraded(_measured(desk, planned), refused)


async def _work(desk: Desk, batches: Sequence[Batch]) -> tuple[list[_Planned], list[str]]:
    """Plans each batch at its time and works the waves between; with the codes of what came too late."""
    waiting, planned, refused = deque(batches), list[_Planned](), list[str]()

    async def plan_what_is_due() -> None:
        while waiting and waiting[0].begins_at <= desk.clock.now():
            batch = waiting.popleft()
            if too_late(desk):
                refused.extend([TOO_LATE] * len(batch.signals))
            else:
                planned.append(await _plan(desk, batch))

    worked = 0
    while waiting:
        await follow(desk, waiting[0].begins_at)
        await plan_what_is_due()
        while worked < len(planned):
            async for wave in waves(desk, planned[worked].run):
                await work_wave(desk, _until_the_next(wave, waiting))
                await plan_what_is_due()
            worked += 1
    return planned, refused


def _until_the_next(wave: Wave, waiting: Sequence[Batch]) -> Wave:
    """The wave, ended where the next batch begins."""
    return replace(wave, until=min(wave.until, waiting[0].begins_at)) if waiting else wave


async def _plan(desk: Desk, batch: Batch) -> _Planned:
    """Size, gate, route, schedule, commit: as the flows do."""
    session, settings = desk.session.date, desk.settings.model_dump(mode="json")
    run = start_run(desk.ledger, desk.account, batch.run_key, batch.kind, session, settings)
    sized = size_signals(desk, batch.signals, value_account(desk))
    gated = await gate_sized(desk, run, sized.orders)
    routed = route_gated(desk, gated.accepted)
    scheduled = schedule_routed(desk, run.run_key, routed)
    inputs = fingerprint(batch.kind, session, batch.signals)
    plan = plan_of(desk.account, inputs, batch.signals, sized, gated, scheduled)
    freeze_plan(desk.ledger, run, plan)
    by_itself = route_gated(desk, gated.accepted.drop(columns="algo", errors="ignore"))
    orders = scheduled.schedule.parents[list(PLANNED)].assign(
        run_key=batch.run_key,
        route=by_itself["route_rule"].to_numpy(),
        asked_algo=routed["algo"].to_numpy(),
        style=np.where(routed["algo"] == Algo.NONE, "", desk.settings.router.slice_style),
        decision_price=routed["decision_price"].map(str).map(Decimal).to_numpy(),
    )
    return _Planned(find_run(desk.ledger, desk.account, run.run_key) or run, orders)


def _measured(desk: Desk, planned: Sequence[_Planned]) -> pd.DataFrame:
    """Every planned order beside what was measured of it."""
    orders = pd.concat([pd.DataFrame(), *(one.orders for one in planned)], ignore_index=True)
    if orders.empty:
        return orders
    quality = measure_session(
        desk.ledger,
        desk.account,
        desk.session.date,
        desk.session.close,
        desk.market,
        desk.settings.quality,
        desk.clock.now(),
    )
    known = [name for name in quality.per_order if name not in PLANNED[1:]]
    orders = orders.merge(quality.per_order[known], on="client_order_id", how="left")
    return orders.assign(
        session=desk.session.date,
        filled_quantity=orders["filled_quantity"].fillna(0).astype("int64"),
        fill_rate=orders["fill_rate"].fillna(0.0),
        filled_notional=orders["filled_notional"].where(
            orders["filled_notional"].notna(), Decimal(0)
        ),
    )
