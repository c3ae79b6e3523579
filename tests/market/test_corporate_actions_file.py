"""Splits, dividends and borrowable shares, as a market directory writes them."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from orderworks.market.borrow import borrowable_on, read_borrow
from orderworks.market.calendar import require_session
from orderworks.market.corporate_actions import (
    actions_between,
    in_todays_shares,
    last_closes,
    read_corporate_actions,
)
from orderworks.market.files import DAILY_COLUMNS
from orderworks.market.replay import ReplayMarket
from orderworks.market.synthetic import write_session
from orderworks.market.universe import Listing
from orderworks.model.corporate_action import ActionKind, CorporateAction
from orderworks.model.errors import MarketDataError

SPLIT, DIVIDEND = ActionKind.SPLIT, ActionKind.DIVIDEND
HEAD = "date,symbol,kind,value\n"


def written(directory: Path, text: str) -> Path:
    path = directory / "file.csv"
    path.write_text(text, "utf-8")
    return path


def test_actions_come_by_date_and_dividends_first(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        HEAD + "2026-11-24,B,split,1/10\n2026-11-23, A ,split,3/2\n2026-11-23,A,dividend,0.25\n",
    )
    actions = read_corporate_actions(path)
    assert actions == [
        CorporateAction(date(2026, 11, 23), "A", DIVIDEND, amount=Decimal("0.25")),
        CorporateAction(date(2026, 11, 23), "A", SPLIT, ratio=Fraction(3, 2)),
        CorporateAction(date(2026, 11, 24), "B", SPLIT, ratio=Fraction(1, 10)),
    ]
    between = actions_between(actions, date(2026, 11, 23), date(2026, 11, 24))
    assert between == actions[2:]


def test_a_market_without_the_files_has_no_actions_and_lends_everything(tmp_path: Path) -> None:
    assert read_corporate_actions(tmp_path / "none.csv") == []
    assert borrowable_on(read_borrow(tmp_path / "none.csv"), date(2026, 11, 23)) == {}


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("2026-13-01,A,split,2", "row 1: .*month"),
        ("2026-11-23,,split,2", "row 1: symbol is missing"),
        ("2026-11-23,A,merger,2", "kind must be split or dividend, not 'merger'"),
        ("2026-11-23,A,split,two", "like 2 or 3/2, not 'two'"),
        ("2026-11-23,A,split,1/0", "like 2 or 3/2, not '1/0'"),
        ("2026-11-23,A,split,1e5000000", "like 2 or 3/2, not '1e5000000'"),
        ("2026-11-23,A,split,1e-5000000", "like 2 or 3/2, not '1e-5000000'"),
        ("2026-11-23,A,split,1000000001", "of numbers up to 1,000,000,000, not '1000000001'"),
        ("2026-11-23,A,split,1/1000000001", "of numbers up to 1,000,000,000"),
        ("2026-11-23,A,dividend,1e5000000", "between 1/1,000,000,000 and .*, not 1e5000000"),
        ("2026-11-23,A,dividend,1e-5000000", "between 1/1,000,000,000 and .*, not 1e-5000000"),
        ("2026-11-23,A,split,0", "ratio of a split must be positive, not 0"),
        ("2026-11-23,A,dividend,nan", "value of a dividend must be finite"),
        ("2026-11-23,A,dividend,-1", "amount of a dividend must be positive, not -1"),
        ("2026-11-23,A,split,2\n2026-11-23,A,split,3", "row 2: A has a second split on 2026-11-23"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(tmp_path: Path, row: str, fault: str) -> None:
    with pytest.raises(MarketDataError, match=fault):
        read_corporate_actions(written(tmp_path, HEAD + row + "\n"))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(MarketDataError, match="no column 'value'"):
        read_corporate_actions(written(tmp_path, "date,symbol,kind\n"))


def test_the_latest_row_says_what_can_be_borrowed(tmp_path: Path) -> None:
    rows = read_borrow(
        written(tmp_path, "date,symbol,shares\n2026-11-23,A,0\n,A,500\n2026-11-25,B,7\n")
    )
    assert borrowable_on(rows, date(2026, 11, 20)) == {"A": 500}
    assert borrowable_on(rows, date(2026, 11, 23)) == {"A": 0}
    assert borrowable_on(rows, date(2026, 11, 25)) == {"A": 0, "B": 7}


def test_the_date_may_be_left_out(tmp_path: Path) -> None:
    rows = read_borrow(written(tmp_path, "symbol,shares\nA,100\n"))
    assert borrowable_on(rows, date(2026, 11, 20)) == {"A": 100}


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (",100", "row 1: symbol is missing"),
        ("A,-1", "shares must not be negative"),
        ("A,1.5", "whole"),
        ("A,1e99999999", "row 1: shares must have an exponent of at most 400, not 1e99999999"),
        ("A,1e-99999999", "whole"),
        ("A,9223372036854775808", "shares must be below 9,223,372,036,854,775,808"),
    ],
)
def test_a_borrow_row_that_cannot_be_used_is_named(tmp_path: Path, row: str, fault: str) -> None:
    with pytest.raises(MarketDataError, match=fault):
        read_borrow(written(tmp_path, f"symbol,shares\n{row}\n"))


DAILY = pd.DataFrame(
    {"A": [100.0, 102.0, 51.0], "B": [10.0, 10.0, 10.0]},
    index=pd.DatetimeIndex(["2026-11-19", "2026-11-20", "2026-11-23"]),
)
TWO_FOR_ONE = CorporateAction(date(2026, 11, 23), "A", SPLIT, ratio=Fraction(2))


def test_a_split_is_no_return_and_its_volumes_compare() -> None:
    actions = [TWO_FOR_ONE, CorporateAction(date(2026, 11, 23), "B", DIVIDEND, amount=Decimal(1))]
    prices = in_todays_shares(DAILY, actions, are_prices=True)
    assert prices["A"].tolist() == [50.0, 51.0, 51.0]
    assert in_todays_shares(DAILY, actions, are_prices=False)["A"].tolist() == [200.0, 204.0, 51.0]
    assert prices["B"].tolist() == DAILY["B"].tolist()
    assert DAILY["A"].tolist() == [100.0, 102.0, 51.0]


def market_of(directory: Path, session: date) -> ReplayMarket:
    write_session(
        directory,
        require_session(session),
        {"A": Listing(50.0, 1_000_000, 0.01, 1)},
        seed=1,
        earlier_sessions=1,
    )
    (directory / "daily.csv").write_text(
        ",".join(DAILY_COLUMNS) + "\n"
        "2026-11-18,A,100,100,100,100,1000\n2026-11-19,A,100,100,100,100,1000\n"
        "2026-11-20,A,50,50,50,50,2000\n"
    )
    (directory / "corporate_actions.csv").write_text(
        HEAD + "2026-11-20,A,split,2\n2026-11-23,A,split,1/10\n"
    )
    return ReplayMarket(directory, session)


def test_a_recorded_market_adjusts_what_it_knows_of_earlier_days(tmp_path: Path) -> None:
    market = market_of(tmp_path, date(2026, 11, 23))
    day = date(2026, 11, 23)
    assert market.average_daily_volume(["A"], day)["A"] == 200
    assert market.daily_volatility(["A"], day)["A"] == 0
    assert last_closes(market, day)["A"] == 500
    assert last_closes(market, date(2026, 11, 20))["A"] == 50
    assert market.daily_before(day)["close"].tolist() == [100, 100, 50]
