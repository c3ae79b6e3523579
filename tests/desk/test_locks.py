"""What a break stops, and for how long."""

from decimal import Decimal

import pytest
from working_orders import ACCOUNT, at, order

from orderworks.desk.locks import locks_by, unlocked
from orderworks.desk.releasing import Agenda, Due
from orderworks.ledger.reconciliations import OpenBreak
from orderworks.settings import Reconciliation

BY_SYMBOL = Reconciliation(lock="symbol", cash_lock=Decimal(1000))
BY_ACCOUNT = Reconciliation(lock="account", cash_lock=Decimal(1000))


def difference(number: int, symbol: str | None, kind: str = "position") -> OpenBreak:
    return OpenBreak(number, kind, symbol or ACCOUNT, "5", "7", symbol, at(0))


def test_a_break_locks_its_symbol_and_no_other() -> None:
    locks = locks_by([difference(3, "AAPL"), difference(4, "AAPL")], BY_SYMBOL)
    assert locks.reason("AAPL") == "break 3, position of AAPL: ours 5, the broker's 7"
    assert locks.reason("MSFT") is None


def test_or_the_account_if_that_is_set() -> None:
    locks = locks_by([difference(3, "AAPL")], BY_ACCOUNT)
    assert locks.reason("MSFT") == locks.account == locks.reason("AAPL")


def test_one_that_is_about_no_symbol_locks_the_account() -> None:
    assert locks_by([difference(3, None, "foreign_order")], BY_SYMBOL).reason("AAPL") is not None


@pytest.mark.parametrize(
    ("theirs", "policy", "locks"),
    [
        ("5999.99", BY_SYMBOL, False),
        ("4000.01", BY_SYMBOL, False),
        ("6000", BY_SYMBOL, True),
        ("4000", BY_SYMBOL, True),
        ("5000.01", BY_ACCOUNT, True),
    ],
)
def test_cash_locks_the_account_from_a_sum_on(
    theirs: str, policy: Reconciliation, locks: bool
) -> None:
    cash = OpenBreak(3, "cash", ACCOUNT, "5000", theirs, None, at(0))
    assert (locks_by([cash], policy).reason("AAPL") is not None) is locks


def test_what_is_locked_waits() -> None:
    mine, other = order("p-0", 10), order("q-0", 10, symbol="MSFT")
    agenda = Agenda([Due(mine, 10), Due(other, 10)], [(mine, "a reason")])
    locks = locks_by([difference(3, "AAPL")], BY_SYMBOL)
    assert unlocked(agenda, locks) == Agenda([Due(other, 10)], [(mine, "a reason")])
    assert unlocked(agenda, locks_by([], BY_ACCOUNT)) == agenda
