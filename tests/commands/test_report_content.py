"""What the report reads of the ledger is what happened in its days, and no other account's."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from psycopg.types.json import Jsonb
from small_ledger import ACCOUNT, END, REASON, RUN_KEY, SESSION, name_of

from orderworks.ledger import report_rows
from orderworks.ledger.connection import Ledger
from orderworks.model.errors import MarketDataError, Unanswered
from orderworks.report.content import Content, gather
from orderworks.report.page import render


def read(ledger: Ledger, first: date = SESSION, last: date = SESSION) -> Content:
    return gather(ledger, ACCOUNT, first, last, lambda _: None)


def test_a_session_with_all_that_happened_in_it(books: Ledger) -> None:
    content = read(books)
    assert [row["client_order_id"] for row in content.orders] == [name_of("AAPL", "buy", "parent")]
    assert content.orders[0]["hour"] == 9
    assert content.left_out == {}
    assert content.rejects.values("reason") == [REASON]
    assert content.refusals.rows == [("RESTRICTED", 1, "GME", "GME is on the restricted list")]
    assert content.breaks.values("kind") == ["position", "cash"]
    assert content.breaks.values("open") == [True, False]
    assert set(content.breaks.values("open_of")) == {1}
    assert content.alerts.values("kind") == ["slippage", "late_fill"]
    (worst,) = content.worst
    assert [fill["quantity"] for fill in worst.fills] == [1, 2]
    assert worst.quotes is None
    assert [day.cost for day in content.days] == [Decimal("0.78")]
    (schedule,) = content.schedules
    assert sorted(amount for _, amount in schedule.planned) == [300.0, 500.0, 700.0]
    page = render(content, END)
    for said in (
        REASON,
        "GME is on the restricted list",
        "30 here, 29 there",
        "slippage was 12.5 bps",
    ):
        assert said in page


@pytest.mark.parametrize("error", [MarketDataError("no such file"), Unanswered("too slow")])
def test_quotes_that_cannot_be_had_hold_nothing_up(books: Ledger, error: Exception) -> None:
    class Broken:
        def quotes_between(self, *_: object, **__: object) -> None:
            raise error

    def broken(_: date) -> Any:
        return Broken()

    (worst,) = gather(books, ACCOUNT, SESSION, SESSION, broken).worst
    assert worst.quotes is None


def test_another_day_has_none_of_it_but_what_is_open_still(books: Ledger) -> None:
    before = read(books, SESSION - timedelta(days=1), SESSION - timedelta(days=1))
    assert (before.orders, before.left_out, before.days) == ([], {}, [])
    for listing in (before.rejects, before.refusals, before.breaks, before.alerts):
        assert listing.rows == []
    after = read(books, SESSION + timedelta(days=1), SESSION + timedelta(days=1))
    assert after.breaks.values("kind") == ["position"]
    assert after.alerts.rows == []
    assert [day.session for day in after.earlier] == [SESSION]
    assert after.within == []


def test_a_session_that_is_not_measured_yet_says_so(books: Ledger) -> None:
    books.execute("DELETE FROM order_quality")
    page = render(read(books), END)
    assert "1 order of this session has not been measured yet" in page
    assert f"orderworks run end-of-day --session {SESSION}" in page


def test_an_experiment_knows_all_that_it_drew_whatever_came_of_it(books: Ledger) -> None:
    terms = {"name": "pov", "kind": "algo", "control": "twap", "treatment": "pov"}
    terms |= {"share": 0.5, "seed": 4}
    books.execute(
        "UPDATE runs SET settings = %s WHERE run_key = %s",
        (Jsonb({"experiments": [terms]}), RUN_KEY),
    )
    books.execute("UPDATE order_quality SET shortfall_bps = 7.8")
    for symbol, side, treated in (("AAPL", "buy", True), ("MSFT", "sell", False)):
        books.execute(
            "INSERT INTO experiment_orders (client_order_id, run_id, experiment, stratum, treated) "
            "SELECT client_order_id, run_id, 'pov', 'small', %s FROM orders WHERE client_order_id = %s",
            (treated, name_of(symbol, side, "parent")),
        )
    sent, refused = sorted(read(books).drawn, key=lambda row: not row["treated"])
    outcome = ("released", "shortfall_bps", "paper", "filled")
    assert [sent[name] for name in outcome] == [True, 7.8, 1000.0, 300.0]
    assert [refused[name] for name in outcome] == [False, None, None, None]
    assert (sent["control"], sent["treatment"], sent["share"], sent["seed"]) == (
        *("twap", "pov", 0.5, 4),
    )


@pytest.mark.parametrize("before", [3, 20])
def test_the_days_before_are_the_latest_measured_ones(books: Ledger, before: int) -> None:
    books.execute("SET session_replication_role = replica")
    for days in range(1, 31):
        books.execute("SELECT open_quality_month(%s)", (SESSION - timedelta(days=days),))
        for table in ("order_quality", "daily_quality"):
            books.execute(
                f"CREATE TEMP TABLE copied AS SELECT * FROM {table} WHERE session = '{SESSION}'".encode()
            )
            books.execute(f"UPDATE copied SET session = session - {days}".encode())
            if table == "order_quality":
                books.execute(f"UPDATE copied SET client_order_id = 'earlier-{days}'".encode())
            books.execute(f"INSERT INTO {table} SELECT * FROM copied".encode())
            books.execute("DROP TABLE copied")
    first = SESSION - timedelta(days=2)
    rows = report_rows.daily_costs(books, ACCOUNT, first, SESSION, before)
    wanted = [SESSION - timedelta(days=days) for days in range(before + 2, -1, -1)]
    assert [row["session"] for row in rows] == wanted
    assert {(row["orders"], row["cost"], row["paper"]) for row in rows} == {
        (1, Decimal("0.78"), Decimal("1000"))
    }
