"""A plan that waits to be approved: nothing of it leaves before, and it is decided once."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from unreliable_broker import received
from working_orders import ACCOUNT, SESSION, at, order, plan_of, state_of

from orderworks.desk import waves
from orderworks.desk.approving import reason_to_ask, too_much
from orderworks.desk.desk import Desk
from orderworks.desk.releasing import Due
from orderworks.desk.steps import take_stock
from orderworks.desk.submission import send
from orderworks.desk.waves import Wave, work_wave
from orderworks.ledger.approvals import decide_plan
from orderworks.ledger.orders import open_orders
from orderworks.ledger.runs import (
    Run,
    find_run,
    finish_run,
    freeze_plan,
    start_run,
    unfinished_runs,
)
from orderworks.model.errors import InputError, NotApproved
from orderworks.model.order import REBALANCE
from orderworks.settings import Approval

KEY = "rebalance:now"
ABOVE = Approval(rebalance_orders=2, rebalance_turnover_pct=50, wait_minutes=1)


def proposed(desk: Desk) -> Run:
    """A run whose plan of one market order waits."""
    run = start_run(desk.ledger, ACCOUNT, KEY, REBALANCE, SESSION, {})
    one = order("r", 10, algo="none", order_type="market", limit_price=None)
    freeze_plan(desk.ledger, run, plan_of([one]), proposed=True)
    found = find_run(desk.ledger, ACCOUNT, KEY)
    assert found is not None
    assert (found.state, found.is_planned) == ("PROPOSED", True)
    return found


async def test_nothing_of_it_leaves_in_a_wave_of_the_account_until_it_is_approved(
    desk: Desk,
) -> None:
    proposed(desk)
    await work_wave(desk, Wave(0, at(0), at(5)))
    assert "r" not in await received(desk)
    assert state_of(desk.ledger, "r") == "NEW"
    assert decide_plan(desk.ledger, ACCOUNT, KEY, approved=True, note="fine").state == "PLANNED"
    await work_wave(desk, Wave(1, at(5), at(10)))
    assert state_of(desk.ledger, "r") == "FILLED"


@pytest.mark.parametrize("read", ["proposed_runs", "open_orders"])
async def test_what_is_proposed_while_a_wave_begins_does_not_end_that_wave(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, read: str
) -> None:
    """Another process freezes its plan behind the first or the second thing that a wave reads."""
    original, frozen = getattr(waves, read), []

    def then_another_proposes(*what: Any) -> Any:
        found = original(*what)
        if not frozen:
            frozen.append(proposed(desk))
        return found

    monkeypatch.setattr(waves, read, then_another_proposes)
    await work_wave(desk, Wave(0, at(0), at(5)))
    assert frozen
    assert state_of(desk.ledger, "p-0") != "NEW"
    assert state_of(desk.ledger, "r") == "NEW"


async def test_who_takes_stock_gives_up_what_was_rejected_before_anything_is_planned_beside_it(
    desk: Desk,
) -> None:
    proposed(desk)
    decide_plan(desk.ledger, ACCOUNT, KEY, approved=False, note="no")
    await take_stock(desk, None)
    assert state_of(desk.ledger, "r") == "CANCELLED"
    assert state_of(desk.ledger, "p-0") == "NEW"


async def test_the_ledger_permits_no_send_of_it(desk: Desk) -> None:
    proposed(desk)
    orders = open_orders(desk.ledger, ACCOUNT)
    with pytest.raises(NotApproved, match=rf"'{KEY}' waits to be approved: nothing of it is sent"):
        await send(desk, orders, [Due(orders["r"], 10)], at(60))
    assert await received(desk) == []


async def test_what_is_rejected_is_cancelled_and_nobody_takes_it_up(desk: Desk) -> None:
    run = proposed(desk)
    assert KEY not in [one.run_key for one in unfinished_runs(desk.ledger, ACCOUNT)]
    finish_run(desk.ledger, run, "FAILED", "its process died")
    rejected = decide_plan(desk.ledger, ACCOUNT, KEY, approved=False, note="too large")
    assert (rejected.state, rejected.message) == ("CANCELLED", "rejected: too large")
    await work_wave(desk, Wave(0, at(0), at(5)))
    assert state_of(desk.ledger, "r") == "CANCELLED"
    assert "r" not in await received(desk)
    assert KEY not in [one.run_key for one in unfinished_runs(desk.ledger, ACCOUNT)]


@pytest.mark.parametrize(
    ("run_key", "note", "told"),
    [
        (KEY, " ", "needs a note"),
        ("nobody", "x", "has no run 'nobody'"),
        ("daily:2025-11-20", "x", "does not wait for a decision, it is PLANNED"),
    ],
)
def test_what_cannot_be_decided_is_told(desk: Desk, run_key: str, note: str, told: str) -> None:
    proposed(desk)
    with pytest.raises(InputError, match=told):
        decide_plan(desk.ledger, ACCOUNT, run_key, approved=True, note=note)
    assert desk.ledger.execute("SELECT 1 FROM approvals").fetchall() == []


def test_it_is_decided_once_by_whoever_comes_first(desk: Desk) -> None:
    proposed(desk)
    decide_plan(desk.ledger, ACCOUNT, KEY, approved=True, note="first")
    with pytest.raises(InputError, match="does not wait for a decision, it is PLANNED"):
        decide_plan(desk.ledger, ACCOUNT, KEY, approved=False, note="second")
    decisions = desk.ledger.execute("SELECT approved, note FROM approvals").fetchall()
    assert decisions == [{"approved": True, "note": "first"}]


@pytest.mark.parametrize(
    ("orders", "notional", "equity", "told"),
    [
        (2, 50.0, 100.0, None),
        (3, 1.0, 100.0, "3 orders are more than 2"),
        (1, 50.01, 100.0, "a turnover of 50.01, 50.0 % of the equity, is more than 50 %"),
        (1, 1.0, 0.0, "inf % of the equity"),
        (0, 0.0, 0.0, None),
    ],
)
def test_what_is_too_much(orders: int, notional: float, equity: float, told: str | None) -> None:
    said = too_much(orders, notional, equity, ABOVE)
    assert said is None if told is None else told in (said or "")


def test_only_a_rebalance_is_asked_about_and_its_slices_and_exits_are_no_orders_of_it(
    desk: Desk,
) -> None:
    parent = order("r", 9_000, decision_price=Decimal("100.00"))
    slices = [order(f"r-{n}", 3_000, decision_price=Decimal("100.00")) for n in range(3)]
    stop = order("stop", 9_000, attached_to="r", algo="none")
    whole = plan_of([parent, *slices, stop])
    limits = desk.settings.model_copy(update={"approval": ABOVE})
    desk.settings = limits
    daily = start_run(desk.ledger, ACCOUNT, "daily", "daily", SESSION, {})
    rebalance = start_run(desk.ledger, ACCOUNT, KEY, REBALANCE, SESSION, {})
    assert reason_to_ask(desk, daily, whole) is None
    said = reason_to_ask(desk, rebalance, whole)
    assert said is not None
    assert "a turnover of 900,000.00, 90.0 % of the equity" in said


def test_a_plan_without_slices_and_exits_or_without_orders_is_judged_as_well(desk: Desk) -> None:
    desk.settings = desk.settings.model_copy(update={"approval": ABOVE})
    run = start_run(desk.ledger, ACCOUNT, KEY, REBALANCE, SESSION, {})
    plain = [order(f"r{n}", 1, algo="none") for n in "abc"]
    bare = {
        name: values
        for name, values in plan_of(plain).orders.items()
        if name not in ("parent_id", "attached_to")
    }
    # As planning hands them over: exact, as text.
    bare["decision_price"] = [str(price) for price in bare["decision_price"]]
    said = reason_to_ask(desk, run, replace(plan_of(plain), orders=bare))
    assert said == "3 orders are more than 2 (approval.rebalance_orders)"
    assert reason_to_ask(desk, run, replace(plan_of(plain), orders={})) is None
