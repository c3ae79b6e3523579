"""Splits and dividends at the exchange: from one session to the next, and on its record."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from small_market import LATER, SESSION, Opens, at, order, recorded

from orderworks.brokers.adapter import ReportKind
from orderworks.market.calendar import require_session
from orderworks.market.files import DAILY_COLUMNS
from orderworks.market.replay import ReplayMarket
from orderworks.model.corporate_action import ActionKind
from orderworks.model.errors import MarketDataError
from orderworks.model.order import TimeInForce
from orderworks.model.state import OrderState

D = Decimal
QUOTES = [(second, "A", 99.99, 100.01, 500, 500) for second in (1, 2, 3, 4)]
TRADES = [(second, "A", 100.0, 100.0, 10_000) for second in (1, 2, 3, 4)]
SPLIT_QUOTES = [(second, "A", 66.65, 66.67, 500, 500) for second in (1, 2, 3, 4)]
SPLIT_TRADES = [(4, "A", 66.66, 66.66, 1_000)]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A trades at 100, pays 0.40 and is split 3 for 2 before the second session."""
    (tmp_path / "corporate_actions.csv").write_text(
        "date,symbol,kind,value\n2026-11-23,A,split,3/2\n2026-11-23,A,dividend,0.40\n"
        "2026-11-24,A,dividend,9\n"
    )
    return tmp_path


@pytest.fixture
def markets(directory: Path) -> tuple[ReplayMarket, ReplayMarket]:
    (directory / "daily.csv").write_text(
        ",".join(DAILY_COLUMNS) + "\n2026-11-20,A,100,100,100,100,40000\n"
    )
    return (
        recorded(directory, QUOTES, TRADES),
        recorded(directory, SPLIT_QUOTES, SPLIT_TRADES, LATER),
    )


def leave_the_first_session(opens: Opens, market: ReplayMarket) -> tuple[Decimal, int]:
    """Holds 5 of A, a limit to buy and one to sell rest; returns the cash and the shares."""
    exchange = opens(market)
    exchange.submit([order("A", "buy", 5)], at(1))
    exchange.submit(
        [
            order("A", "buy", 100, "95.40", "ow-buy", TimeInForce.GTC),
            order("A", "sell", 5, "120", "ow-sell", TimeInForce.GTC),
        ],
        at(3),
    )
    exchange.advance(SESSION.close)
    left = exchange.portfolio()
    exchange.close()
    return left.cash, left.positions["A"].quantity


def test_actions_are_applied_at_the_open_and_once(
    opens: Opens, markets: tuple[ReplayMarket, ReplayMarket]
) -> None:
    cash, shares = leave_the_first_session(opens, markets[0])
    assert shares == 5
    seen = []
    for _ in range(2):
        exchange = opens(markets[1], LATER)
        seen.append(exchange.snapshot())
        exchange.close()
    assert seen[0] == seen[1]
    after = seen[0]
    # 5 x 0.40, and half a new share at 100 / 1.5.
    assert after.portfolio.cash == cash + D("2.00") + D("33.33")
    assert after.portfolio.positions["A"].quantity == 7
    assert [
        (one.kind, one.quantity_change, one.cash_change, one.at) for one in after.corporate_actions
    ] == [
        (ActionKind.DIVIDEND, 0, D("2.00"), LATER.open),
        (ActionKind.SPLIT, 2, D("33.33"), LATER.open),
    ]
    rests = {one.client_order_id: one for one in after.orders if one.state is OrderState.SUBMITTED}
    # (95.40 - 0.40) / 1.5, rounded down.
    assert (rests["ow-buy"].quantity, rests["ow-buy"].limit_price) == (150, D("63.33"))
    assert (rests["ow-sell"].quantity, rests["ow-sell"].limit_price) == (7, D("80.00"))


def rows_of(url: str, table: str) -> list[dict[str, Any]]:
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return connection.execute(
            f"SELECT * FROM exchange.{table} ORDER BY 1, 2".encode()
        ).fetchall()


def test_what_cannot_be_kept_is_not_applied_and_then_it_is_once(
    opens: Opens, markets: tuple[ReplayMarket, ReplayMarket], ledger_url: str
) -> None:
    """The process dies in the commit that begins the session."""
    cash, _ = leave_the_first_session(opens, markets[0])
    tables = ("accounts", "orders", "positions", "corporate_actions")
    before = {table: rows_of(ledger_url, table) for table in tables}
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        connection.execute(
            "ALTER TABLE exchange.corporate_actions ADD CONSTRAINT never CHECK (kind <> 'split')"
        )
        with pytest.raises(psycopg.errors.CheckViolation):
            opens(markets[1], LATER)
        connection.execute("ALTER TABLE exchange.corporate_actions DROP CONSTRAINT never")
    assert {table: rows_of(ledger_url, table) for table in tables} == before
    exchange = opens(markets[1], LATER)
    assert exchange.portfolio().cash == cash + D("35.33")
    assert exchange.portfolio().positions["A"].quantity == 7
    assert len(rows_of(ledger_url, "corporate_actions")) == 2


def test_changed_terms_are_on_record_and_a_trailing_stop_follows_from_there(
    opens: Opens, markets: tuple[ReplayMarket, ReplayMarket], ledger_url: str
) -> None:
    exchange = opens(markets[0])
    exchange.submit([order("A", "buy", 5)], at(1))
    trailing = order("A", "sell", 5, name="ow-trail", tif=TimeInForce.GTC, trail_amount=D("1.50"))
    exchange.submit([trailing], at(3))
    exchange.advance(SESSION.close)
    exchange.close()
    (kept,) = [row for row in rows_of(ledger_url, "orders") if row["client_order_id"] == "ow-trail"]
    assert (kept["watermark"], kept["stop_price"]) == (D(100), D("98.50"))
    later = opens(markets[1], LATER)
    (kept,) = [row for row in rows_of(ledger_url, "orders") if row["client_order_id"] == "ow-trail"]
    # Less 0.40, by 3/2.
    assert (kept["quantity"], kept["trail_amount"]) == (7, D("1.00"))
    assert (kept["watermark"], kept["stop_price"]) == (D("66.40"), D("65.40"))
    # It trades at 66.66 in the fourth second.
    later.advance(at(4, LATER))
    shown = later.order("ow-trail")
    assert shown is not None
    assert (shown.state, shown.stop_price) == (OrderState.SUBMITTED, D("65.66"))


def test_what_traded_before_an_order_was_changed_is_still_shown(
    opens: Opens, markets: tuple[ReplayMarket, ReplayMarket]
) -> None:
    """Who did not hear of it has to see it, though the order has moved since."""
    exchange = opens(markets[0])
    exchange.submit([order("A", "buy", 900, "100.01", "ow-part", TimeInForce.GTC)], at(2))
    exchange.advance(at(3))
    exchange.close()
    shown = opens(markets[1], LATER).snapshot()
    assert [(one.client_order_id, one.quantity) for one in shown.executions] == [("ow-part", 500)]
    (rests,) = [one for one in shown.orders if one.client_order_id == "ow-part"]
    assert (rests.filled_quantity, rests.quantity) == (500, 500 + 600)


def test_a_record_that_was_begun_before_there_were_actions_is_gone_on_with(
    opens: Opens, markets: tuple[ReplayMarket, ReplayMarket], ledger_url: str
) -> None:
    cash, _ = leave_the_first_session(opens, markets[0])
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        connection.execute("DROP TABLE exchange.corporate_actions, exchange.laggards")
        connection.execute("ALTER TABLE exchange.orders DROP COLUMN split_gain")
    assert opens(markets[1], LATER).portfolio().cash == cash + D("35.33")


def test_an_order_good_till_a_time_is_carried_over_until_then(
    opens: Opens, markets: tuple[ReplayMarket, ReplayMarket]
) -> None:
    exchange = opens(markets[0])
    timed = order("A", "buy", 10, "90", "ow-gtd", TimeInForce.GTD, good_till=at(3, LATER))
    exchange.submit([timed], at(1))
    exchange.advance(SESSION.close)
    exchange.close()
    later = opens(markets[1], LATER)
    shown = later.order("ow-gtd")
    assert shown is not None
    assert (shown.state, shown.quantity, shown.limit_price) == (
        OrderState.SUBMITTED,
        15,
        D("59.73"),
    )
    (ended,) = later.advance(at(10, LATER))
    assert (ended.kind, ended.ts) == (ReportKind.EXPIRED, at(3, LATER))


FALLING_QUOTES = [(second, "A", 44.99, 45.01, 500, 500) for second in (1, 2, 3, 4, 5)]
FALLING_TRADES = [(second, "A", 45.0, 45.0, 10_000) for second in (2, 3, 4, 5)]


def twice_the_shares(directory: Path) -> ReplayMarket:
    """The second session, after a split 2 for 1, in which A trades at 45."""
    (directory / "corporate_actions.csv").write_text(
        "date,symbol,kind,value\n2026-11-23,A,split,2\n"
    )
    return recorded(directory, FALLING_QUOTES, FALLING_TRADES, LATER)


def test_the_exits_of_an_entry_protect_all_that_it_has_become(
    opens: Opens, directory: Path
) -> None:
    """10 were bought before the split: the stop sells 20."""
    exchange = opens(recorded(directory, QUOTES, TRADES), allow_short=False)
    exchange.submit([order("A", "buy", 10, name="ow-e")], at(1))
    exchange.submit(
        [
            order("A", "sell", 10, name="ow-s", tif=TimeInForce.GTC, stop="92", attached_to="ow-e"),
            order("A", "sell", 10, "120", "ow-t", TimeInForce.GTC, attached_to="ow-e"),
        ],
        at(2),
    )
    exchange.advance(SESSION.close)
    exchange.close()
    later = opens(twice_the_shares(directory), LATER, allow_short=False)
    assert later.portfolio().positions["A"].quantity == 20
    # Nobody else may sell what the exits will.
    assert later.submit([order("A", "sell", 1)], at(1, LATER))[0].reason == (
        "short sale not permitted: 0 shares are held and not being sold, 1 to sell"
    )
    reports = later.advance(at(5, LATER))
    assert sum(one.fill.quantity for one in reports if one.fill is not None) == 20
    assert later.portfolio().positions == {}
    assert {one.client_order_id: one.state for one in later.snapshot().orders}["ow-t"] is (
        OrderState.CANCELLED
    )


def test_a_group_that_has_filled_in_part_goes_on_with_what_was_left(
    opens: Opens, directory: Path
) -> None:
    """5 of 20 were sold before the split: 30 of the new shares are left to sell."""
    quotes = [(1, "A", 99.99, 100.01, 500, 500), (3, "A", 101.0, 101.02, 5, 500)]
    quotes.append((4, "A", 99.99, 100.01, 500, 500))
    exchange = opens(recorded(directory, quotes, TRADES), allow_short=False)
    exchange.submit([order("A", "buy", 20)], at(1))
    more: dict[str, Any] = {"oca_group": "g", "tif": TimeInForce.GTC}
    exchange.submit([order("A", "sell", 20, "101", **more)], at(2))
    exchange.submit([order("A", "sell", 20, stop="92", **more)], at(2))
    exchange.advance(SESSION.close)
    assert exchange.portfolio().positions["A"].quantity == 15
    exchange.close()
    later = opens(twice_the_shares(directory), LATER, allow_short=True)
    reports = later.advance(at(5, LATER))
    assert sum(one.fill.quantity for one in reports if one.fill is not None) == 30
    assert later.portfolio().positions == {}


def test_a_session_that_was_not_served_has_its_actions_caught_up(
    opens: Opens, directory: Path, markets: tuple[ReplayMarket, ReplayMarket]
) -> None:
    cash, _ = leave_the_first_session(opens, markets[0])
    third = require_session(date(2026, 11, 24))
    exchange = opens(recorded(directory, SPLIT_QUOTES, SPLIT_TRADES, third), third)
    assert exchange.portfolio().cash == cash + D("2.00") + D("33.33") + 7 * 9


def test_a_new_account_starts_after_what_was_before(
    opens: Opens, markets: tuple[ReplayMarket, ReplayMarket]
) -> None:
    assert opens(markets[1], LATER).snapshot().corporate_actions == ()


def test_a_fraction_without_a_close_is_an_error_and_nothing_is_applied(
    opens: Opens, directory: Path, markets: tuple[ReplayMarket, ReplayMarket]
) -> None:
    cash, _ = leave_the_first_session(opens, markets[0])
    daily = directory / "daily.csv"
    kept = daily.read_text()
    daily.write_text(",".join(DAILY_COLUMNS) + "\n2026-11-20,B,1,1,1,1,1\n")
    with pytest.raises(MarketDataError, match="split of A on 2026-11-23 needs the close"):
        opens(markets[1], LATER)
    daily.write_text(kept)
    exchange = opens(recorded(directory, SPLIT_QUOTES, SPLIT_TRADES, LATER), LATER)
    assert exchange.portfolio().cash == cash + D("35.33")


def test_the_borrow_file_limits_what_is_sold_short(opens: Opens, directory: Path) -> None:
    (directory / "borrow.csv").write_text("symbol,shares\nA,50\n")
    exchange = opens(recorded(directory, QUOTES, TRADES))
    reports = exchange.submit([order("A", "sell", 51), order("A", "sell", 50)], at(1))
    assert [report.reason for report in reports] == [
        "short sale not possible: 50 shares of A can be borrowed, 51 needed",
        None,
    ]


def test_a_cash_account_borrows_nothing(opens: Opens, directory: Path) -> None:
    exchange = opens(recorded(directory, QUOTES, TRADES), account_type="cash")
    assert exchange.submit([order("A", "sell", 1)], at(1))[0].reason == (
        "short sale not permitted: 0 shares are held and not being sold, 1 to sell"
    )
    assert exchange.submit([order("A", "buy", 1_001)], at(1))[0].reason == (
        "insufficient equity: 1000 shares are affordable"
    )
    exchange.submit([order("A", "buy", 900)], at(1))
    exchange.advance(at(4))
    assert exchange.margin().buying_power == exchange.portfolio().cash > 0
