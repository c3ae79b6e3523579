"""Any course of events: the accounts add up, and a crash between any two calls changes nothing."""

from collections import Counter
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorded_rows import everything_recorded
from small_market import SLOW, Opens, at, order
from steady_market import fills

from orderworks.brokers.adapter import Report, ReportKind
from orderworks.brokers.simulated.latency import Latencies
from orderworks.brokers.simulated.matching.slippage import FixedBasisPoints, Slippage, VolumeShare
from orderworks.market.replay import ReplayMarket
from orderworks.model.order import Replacement, TimeInForce

RUNS = count(1)
NAMES = st.sampled_from(["ow-1", "ow-2", "ow-3", "ow-4"])
PRICES = st.sampled_from(["20.10", "20.30", "99.99", "100.01"])
PRICED = st.one_of(
    st.fixed_dictionaries({"limit": st.none() | PRICES, "tif": st.sampled_from(TimeInForce)}),
    st.fixed_dictionaries(
        {
            "stop": PRICES,
            "limit": st.none() | PRICES,
            "tif": st.sampled_from([TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD]),
        }
    ),
    st.fixed_dictionaries({"trail_amount": st.sampled_from([Decimal("0.01"), Decimal("0.10")])}),
    st.fixed_dictionaries({"trail_percent": st.just(Decimal("0.001"))}),
)
ORDERS = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "QUIET", "NONE"]),
        st.sampled_from(["buy", "sell"]),
        st.integers(1, 900),
        NAMES,
        PRICED,
        st.none() | st.sampled_from(["group-1", "group-2"]),
        st.none() | NAMES,
    ).map(lambda one: order(*one[:3], name=one[3], oca_group=one[5], attached_to=one[6], **one[4])),
    max_size=4,
)
REPLACEMENTS = st.lists(
    st.builds(
        Replacement,
        NAMES,
        st.integers(1, 900),
        st.none() | PRICES.map(Decimal),
        st.none() | PRICES.map(Decimal),
    ),
    max_size=2,
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 1, 2.5, 7, 30_000]),
        st.one_of(
            st.tuples(st.just("submit"), ORDERS),
            st.tuples(st.just("submit"), ORDERS),
            st.tuples(st.just("cancel"), st.lists(NAMES, max_size=2)),
            st.tuples(st.just("replace"), REPLACEMENTS),
            st.tuples(st.just("advance"), st.just([])),
        ),
        st.booleans(),
    ),
    max_size=9,
)
"""How many seconds pass, what is asked for, and whether the process dies after it."""


@settings(
    max_examples=settings.default.max_examples // 4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    STEPS,
    st.booleans(),
    st.sampled_from([Latencies(), SLOW]),
    st.none() | st.sampled_from([VolumeShare(), FixedBasisPoints()]),
)
def test_whatever_happens_the_accounts_add_up_and_a_crash_changes_nothing(
    opens: Opens,
    market: ReplayMarket,
    ledger_url: str,
    steps: list[tuple[float, tuple[str, list[Any]], bool]],
    allow_short: bool,
    latencies: Latencies,
    slippage: Slippage | None,
) -> None:
    def live(account: str, crashes: bool) -> list[tuple[ReportKind, str, datetime, str | None]]:
        terms = {
            "account": account,
            "allow_short": allow_short,
            "commission": "tiered",
            "latencies": latencies,
            "slippage": slippage,
            "price_bands": True,
        }
        exchange = opens(market, **terms)
        reports: list[Report] = []
        second = 1.0
        for passed, (call, arguments), dies in [*steps, (60, ("advance", []), False)]:
            second = min(second + passed, 30_000)
            try:
                match call:
                    case "submit":
                        reports += exchange.submit(arguments, at(second))
                    case "replace":
                        reports += exchange.replace(arguments, at(second))
                    case "cancel":
                        reports += exchange.cancel(arguments, at(second))
                    case _:
                        reports += exchange.advance(at(second))
            except BaseException:
                exchange.close()
                raise
            if dies and crashes:
                # Each call has committed what it did, so closing loses what dying would.
                exchange.close()
                exchange = opens(market, **terms)
        portfolio = exchange.portfolio()
        exchange.close()
        reports_of_fills = fills(reports)
        cash = 100_000 + sum(fill.cash_change for fill in reports_of_fills)
        assert portfolio.cash == cash
        held: Counter[str] = Counter()
        for fill in reports_of_fills:
            held[fill.symbol] += fill.side.sign * fill.quantity
        assert {p.symbol: p.quantity for p in portfolio.positions.values()} == {
            symbol: quantity for symbol, quantity in held.items() if quantity
        }
        assert allow_short or min(held.values(), default=0) >= 0
        return [(one.kind, one.client_order_id, one.ts, one.reason) for one in reports]

    number = next(RUNS)
    straight, interrupted = f"straight-{number}", f"interrupted-{number}"
    assert live(straight, crashes=False) == live(interrupted, crashes=True)
    kept = everything_recorded(ledger_url, straight)
    assert kept == everything_recorded(ledger_url, interrupted)

    for row in kept["orders"]:
        mine = [fill for fill in kept["fills"] if fill["number"] == row["number"]]
        assert sum(fill["quantity"] for fill in mine) == row["filled_quantity"] <= row["quantity"]
        assert sum(fill["quantity"] * fill["price"] for fill in mine) == row["filled_value"]
        assert (row["state"] == "FILLED") == (row["filled_quantity"] == row["quantity"])
        assert (row["state"] == "REJECTED") <= (row["filled_quantity"] == 0)
    assert not kept["reports_on_their_way"]
