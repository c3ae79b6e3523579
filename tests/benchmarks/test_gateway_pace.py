"""A thousand orders through a gateway that takes 50 messages a second: near that pace, and never above it."""

import asyncio
import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
from gateway.processes import process_of
from gateway.small_session import SESSION, market, write_market
from pytest_benchmark.fixture import BenchmarkFixture
from working_orders import order, plan_of

from orderworks.brokers.paced import PacedBroker
from orderworks.desk.desk import open_desk, patience_with_broker
from orderworks.desk.opening_ibkr import ibkr_tools
from orderworks.desk.reconciliation import reconcile
from orderworks.desk.waves import Wave, work_wave
from orderworks.ledger.orders import OrderRecord
from orderworks.ledger.runs import freeze_plan, start_run
from orderworks.market.replay import ReplayMarket
from orderworks.settings import Settings, load_settings

ORDERS = 1_000
PERMITTED = 50
ENOUGH = 0.95
"""Of the pace, on a machine that does nothing else."""
HELD_BY_ANY_MACHINE = 0.5
"""Of the pace, where other work holds the machine up: less means that messages wait for one another."""
TURNS = 3
ACCOUNT = "DU1234567"
LIMITS = {"ACME": "103", "BOLT": "45", "BRK.B": "380"}
SYMBOLS = tuple(LIMITS)


with_and_without_stops = pytest.mark.parametrize("exits", [0, 1], ids=["plain", "with stops"])


@pytest.mark.proof
@with_and_without_stops
def test_a_thousand_orders_leave_no_faster_than_the_gateway_permits(
    ledger_url: str, tmp_path: Path, exits: int
) -> None:
    directory = write_market(tmp_path / "market")
    turns = (
        asyncio.run(_measured(ledger_url, tmp_path, directory, exits, turn))
        for turn in range(TURNS)
    )
    # A gateway that other work holds up finds together what left apart. Who leaves too fast always does.
    one = next((one for one in turns if one.fullest <= PERMITTED), None)
    assert one is not None, "in each turn a second had more messages than are permitted"
    assert one.pace >= HELD_BY_ANY_MACHINE * PERMITTED


@pytest.mark.benchmark(group="pace")
@with_and_without_stops
def test_a_thousand_orders_leave_at_the_pace_that_the_gateway_permits(
    benchmark: BenchmarkFixture, ledger_url: str, tmp_path: Path, exits: int
) -> None:
    directory = write_market(tmp_path / "market")
    turns: list[Held] = []

    def measure() -> None:
        turns.append(asyncio.run(_measured(ledger_url, tmp_path, directory, exits, len(turns))))

    # What else a machine does takes of the pace, and never adds to it.
    benchmark.pedantic(measure, rounds=TURNS)
    benchmark.extra_info["messages a second"] = [round(one.pace, 2) for one in turns]
    assert all(one.fullest <= PERMITTED for one in turns)
    assert max(one.pace for one in turns) >= ENOUGH * PERMITTED


class Held(NamedTuple):
    """Messages a second, on the whole and in the fullest one."""

    pace: float
    fullest: int


async def _measured(url: str, home: Path, directory: Path, exits: int, turn: int) -> Held:
    """Trades through a gateway of its own; the pace by the record of that, in which nothing is amiss."""
    log = home / f"{turn}.jsonl"
    options = ["--market", str(directory), "--session", str(SESSION.date), "--log", str(log)]
    environment = {"ORDERWORKS_DATABASE_URL": url, "ORDERWORKS_HOME": str(home)}
    async with process_of(*options, "--speed", "1", environment=environment) as (_, port):
        there = {"port": port, "account_id": ACCOUNT, "clock": "gateway", "no_send": []}
        settings = load_settings(broker={"provider": "ibkr", "ibkr": there})
        await _trade(settings, url, market(directory), exits, turn)
    return _judged([json.loads(line) for line in log.read_text("utf-8").splitlines()])


async def _trade(
    settings: Settings, url: str, recorded: ReplayMarket, exits: int, turn: int
) -> None:
    """As a run does it: permitted, sent, answered and booked in the ledger, batch by batch."""
    with ibkr_tools(settings, url, SESSION.date, recorded) as (prices, ibkr, clock):
        broker = PacedBroker(ibkr, None, patience_with_broker(settings))
        async with open_desk(settings, url, SESSION, prices, broker, clock) as desk:
            assert await desk.take_over()
            assert (await reconcile(desk, None)).is_clean
            run = start_run(desk.ledger, ACCOUNT, f"daily:{turn}", "daily", SESSION.date, {})
            freeze_plan(desk.ledger, run, plan_of(_planned(exits, turn)))
            # Whatever was asked so far is a second old.
            await asyncio.sleep(1.1)
            now = clock.now()
            result = await work_wave(desk, Wave(0, now, now + timedelta(seconds=1)))
            assert (result.sent, result.refused) == (ORDERS, 0)


def _planned(exits: int, turn: int) -> list[OrderRecord]:
    """Every third order trades at once, the others rest; each with a stop of its own, or with none."""
    orders = []
    for number in range(ORDERS // (1 + exits)):
        symbol = SYMBOLS[number % len(SYMBOLS)]
        entry = replace(
            order("x", 1, account=ACCOUNT, symbol=symbol, algo="none"),
            client_order_id=f"ow-{turn}-{number}",
            limit_price=Decimal(LIMITS[symbol]),
            route_rule="SIGNAL",
            due_at=SESSION.open,
            ends_at=SESSION.close,
        )
        stop = replace(
            entry,
            client_order_id=f"ow-{turn}-{number}-stop",
            side="sell",
            order_type="stop",
            limit_price=None,
            stop_price=Decimal(10),
            route_rule="STOP_LOSS",
            attached_to=entry.client_order_id,
            tif="gtc",
        )
        orders += [entry, stop][: 1 + exits]
    return orders


def _judged(messages: list[dict[str, object]]) -> Held:
    """The pace that was held, messages a second, by the gateway's own record of what arrived when."""
    arrived = [one for one in messages if one["from"] == "client"]
    orders = [one for one in arrived if one["message"] == "PLACE_ORDER"]
    began, ended = orders[0]["at"], orders[-1]["at"]
    # Those of the first second are there at once; what counts is the pace that is held.
    held = [one for one in arrived if began + 1 < one["at"] <= ended]
    pace = len(held) / (ended - began - 1)
    times = pd.Series(sorted(one["at"] for one in arrived))
    fullest = max(int(((times >= at) & (times < at + 1)).sum()) for at in times)
    codes = Counter(one["values"]["code"] for one in messages if one["message"] == "ERROR")
    print(
        f"{len(orders)} orders in {ended - began:.2f} s; {pace:.2f} messages a second held, "
        f"{pace / PERMITTED:.1%} of {PERMITTED}; the fullest second has {fullest}"
    )
    assert Counter(one["values"]["orderRef"] for one in orders).most_common(1)[0][1] == 1
    assert len(orders) == ORDERS
    assert codes[100] == 0
    assert sum(one["message"] == "START_API" for one in arrived) == 2
    return Held(pace, fullest)
