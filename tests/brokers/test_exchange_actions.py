"""What splits and dividends do at the exchange, to the share and to the cent."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import psycopg
import pytest
from exchange_orders import account, resting
from hypothesis import given
from hypothesis import strategies as st
from psycopg.rows import dict_row
from small_market import LATER, SESSION, Opens, at, order, recorded

from orderworks.brokers.adapter import ReportKind
from orderworks.brokers.simulated.account import ExchangeAccount, ExchangeOrder
from orderworks.brokers.simulated.corporate_actions import Applied, adjust_order, apply_actions
from orderworks.market.calendar import require_session
from orderworks.market.files import DAILY_COLUMNS
from orderworks.market.replay import ReplayMarket
from orderworks.model.corporate_action import ActionKind, CorporateAction
from orderworks.model.errors import MarketDataError
from orderworks.model.order import TimeInForce
from orderworks.model.state import OrderState

D = Decimal
CLOSE = D("100.00")
QUOTES = [(second, "A", 99.99, 100.01, 500, 500) for second in (1, 2, 3, 4)]
TRADES = [(second, "A", 100.0, 100.0, 10_000) for second in (1, 2, 3, 4)]
SPLIT_QUOTES = [(second, "A", 66.65, 66.67, 500, 500) for second in (1, 2, 3, 4)]
SPLIT_TRADES = [(4, "A", 66.66, 66.66, 1_000)]


def split(ratio: str) -> CorporateAction:
    return CorporateAction(LATER.date, "A", ActionKind.SPLIT, ratio=Fraction(ratio))


def dividend(amount: str) -> CorporateAction:
    return CorporateAction(LATER.date, "A", ActionKind.DIVIDEND, amount=D(amount))


def applied_to(
    holder: ExchangeAccount, *actions: CorporateAction, orders: Iterable[ExchangeOrder] = ()
) -> Applied:
    return apply_actions(actions, holder, orders, lambda _: CLOSE, LATER.open)


# Positions --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "ratio", "left", "cash"),
    [
        (100, "2", 200, "0"),
        (-100, "2", -200, "0"),
        (5, "3/2", 7, "33.33"),
        (-5, "3/2", -7, "-33.33"),
        (25, "1/10", 2, "500.00"),
        (9, "1/10", 0, "900.00"),
    ],
)
def test_a_split_leaves_whole_shares_and_pays_the_fraction(
    held: int, ratio: str, left: int, cash: str
) -> None:
    holder = account("1000", {"A": (held, "80")})
    (action,) = applied_to(holder, split(ratio)).actions
    assert holder.positions["A"][0] == left
    assert holder.cash == 1_000 + D(cash)
    assert (action.quantity_change, action.cash_change) == (left - held, D(cash))
    assert action.action_id == "2026-11-23.A.split"


@given(
    held=st.integers(-100_000, 100_000).filter(bool),
    ratio=st.fractions(Fraction(1, 50), 50, max_denominator=50).filter(bool),
    price=st.decimals(D("0.01"), D(1_000), places=2),
)
def test_a_split_conserves_value_to_the_cent(held: int, ratio: Fraction, price: Decimal) -> None:
    holder = account("0", {"A": (held, "80")})
    apply_actions([split(str(ratio))], holder, [], lambda _: price, LATER.open)
    left, cost = holder.positions["A"]
    worth = left * Fraction(price) / ratio + Fraction(holder.cash)
    assert abs(worth - held * Fraction(price)) <= Fraction(1, 200)
    assert abs(left) <= abs(held * ratio) < abs(left) + 1
    assert abs(Fraction(cost) * ratio - left * 80) < Fraction(1, 10**12)


@given(
    held=st.integers(-100_000, 100_000).filter(bool),
    amount=st.decimals(D("0.01"), D(50), places=2),
)
def test_a_dividend_is_shares_times_its_amount(held: int, amount: Decimal) -> None:
    holder = account("500", {"A": (held, "80")})
    (action,) = applied_to(holder, dividend(str(amount))).actions
    assert holder.cash - 500 == action.cash_change == held * amount
    assert holder.positions["A"] == (held, held * D(80))


def test_of_one_day_the_dividend_is_paid_on_the_old_shares() -> None:
    holder = account("0", {"A": (100, "80")})
    applied = applied_to(holder, dividend("0.50"), split("2"))
    assert holder.cash == 50
    assert [action.quantity_change for action in applied.actions] == [0, 100]


def test_what_concerns_nothing_of_the_account_is_left_out() -> None:
    assert applied_to(account("0", {"B": (100, "80")}), split("2")) == Applied()


# Resting orders ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "before", "after"),
    [
        ("buy", {"limit_price": "90.00"}, {"limit_price": "89.75"}),
        ("sell", {"stop_price": "90.00"}, {"stop_price": "89.75"}),
        (
            "sell",
            {"stop_price": "90.00", "limit_price": "89.00"},
            {"stop_price": "89.75", "limit_price": "88.75"},
        ),
        ("sell", {"limit_price": "110.00"}, {"limit_price": "110.00"}),
        ("buy", {"stop_price": "110.00"}, {"stop_price": "110.00"}),
        (
            "buy",
            {"stop_price": "110.00", "limit_price": "111.00"},
            {"stop_price": "110.00", "limit_price": "111.00"},
        ),
    ],
)
def test_a_dividend_lowers_buy_limits_and_sell_stops_only(
    side: str, before: dict[str, str], after: dict[str, str]
) -> None:
    rests = resting("A", side, 10, **_prices(before))
    assert adjust_order(rests, dividend("0.25")) is None
    assert rests == resting("A", side, 10, **_prices(after))


def test_a_dividend_rounds_down_and_one_below_a_cent_changes_nothing() -> None:
    rests = resting("A", "buy", 10, limit_price=D("90.00"))
    adjust_order(rests, dividend("0.0099"))
    assert rests.limit_price == D("90.00")
    adjust_order(rests, dividend("0.255"))
    assert rests.limit_price == D("89.74")


def test_a_dividend_above_the_price_cancels() -> None:
    rests = resting("A", "buy", 10, limit_price=D("0.25"))
    assert adjust_order(rests, dividend("0.25")) == (
        "cancelled: the dividend of 0.25 on A leaves nothing of its price"
    )
    assert rests.limit_price == D("0.25")


@pytest.mark.parametrize(
    ("side", "before", "after"),
    [
        ("buy", {"limit_price": "100.00"}, {"limit_price": "66.66"}),
        ("sell", {"limit_price": "100.00"}, {"limit_price": "66.67"}),
        ("buy", {"stop_price": "100.00"}, {"stop_price": "66.67"}),
        ("sell", {"stop_price": "100.00"}, {"stop_price": "66.66"}),
        ("sell", {"trail_amount": "1.50"}, {"trail_amount": "1.00"}),
    ],
)
def test_a_split_changes_prices_so_that_nothing_trades_sooner(
    side: str, before: dict[str, str], after: dict[str, str]
) -> None:
    rests = resting("A", side, 11, filled_quantity=4, **_prices(before))
    assert adjust_order(rests, split("3/2")) is None
    assert rests == resting("A", side, 14, filled_quantity=4, **_prices(after))
    assert rests.remaining == 10


def test_a_reverse_split_cancels_what_rests() -> None:
    rests = resting("A", "buy", 1_000, limit_price=D(90))
    applied = applied_to(account("0"), split("1/10"), orders=[rests])
    assert applied.cancelled == [(rests, "cancelled by a reverse split of A, 1/10 for 1")]
    assert [action.quantity_change for action in applied.actions] == [0]
    assert rests.quantity == 1_000


@pytest.mark.parametrize(
    ("side", "action", "before", "after"),
    [
        ("sell", dividend("0.40"), ("100", "98.50"), ("99.60", "98.10")),
        ("buy", dividend("0.40"), ("100", "101.50"), ("100", "101.50")),
        ("sell", split("3/2"), ("100", "98.50"), ("66.6666", "65.66")),
        ("buy", split("3/2"), ("100", "101.50"), ("66.6667", "67.67")),
    ],
)
def test_what_a_trailing_stop_has_followed_goes_with_its_stop(
    side: str, action: CorporateAction, before: tuple[str, str], after: tuple[str, str]
) -> None:
    rests = resting("A", side, 10, trail_percent=D("0.015"))
    rests.watermark, rests.stop_price = map(D, before)
    assert adjust_order(rests, action) is None
    assert (rests.watermark, rests.stop_price) == tuple(map(D, after))


def test_a_stop_limit_that_was_triggered_is_a_limit() -> None:
    prices = _prices({"stop_price": "110.00", "limit_price": "111.00"})
    rests = resting("A", "buy", 10, triggered=True, **prices)
    assert adjust_order(rests, dividend("0.25")) is None
    assert rests.limit_price == D("110.75")


@given(
    quantity=st.integers(1, 10_000),
    price=st.decimals(D("0.01"), D(1_000), places=2),
    side=st.sampled_from(["buy", "sell"]),
    ratio=st.fractions(1, 50, max_denominator=20),
)
def test_a_split_limit_stays_on_the_grid_and_is_never_made_worse(
    quantity: int, price: Decimal, side: str, ratio: Fraction
) -> None:
    rests = resting("A", side, quantity, limit_price=price)
    if adjust_order(rests, split(str(ratio))) is not None:
        assert (rests.quantity, rests.limit_price) == (quantity, price)
        return
    limit = rests.limit_price
    assert limit is not None
    tick = D("0.01") if limit >= 1 else D("0.0001")
    assert limit % tick == 0
    sign = 1 if side == "buy" else -1
    beyond = sign * (Fraction(limit) - Fraction(price) / ratio)
    assert -Fraction(tick) < beyond <= 0
    assert rests.quantity == int(quantity * ratio)


def _prices(texts: dict[str, str]) -> dict[str, Any]:
    return {name: D(text) for name, text in texts.items()}


# Two sessions -----------------------------------------------------------------------------------


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
        connection.execute("DROP TABLE exchange.corporate_actions")
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
