"""A cancelled run: nothing more of it leaves, what rests of it ends, and what it holds keeps its exits."""

from dataclasses import replace
from decimal import Decimal

import pytest
from unreliable_broker import received
from working_orders import (
    ACCOUNT,
    RUN_KEY,
    SESSION,
    at,
    family,
    order,
    plan_of,
    plan_orders,
    state_of,
)

from orderworks.desk.cancelling import confirm_cancelled
from orderworks.desk.desk import Desk
from orderworks.desk.ending import end_cancelled
from orderworks.desk.releasing import Due
from orderworks.desk.submission import send
from orderworks.desk.waves import Wave, work_wave
from orderworks.ledger.orders import open_orders
from orderworks.ledger.runs import find_run, finish_run, freeze_plan, start_run, unfinished_runs
from orderworks.ledger.stopped_runs import cancel_run
from orderworks.model.errors import InputError, RunCancelled
from orderworks.model.order import Remainder

FAR = Decimal("1.00")


async def test_what_waits_is_given_up_what_rests_is_cancelled_and_its_parent_ends(
    desk: Desk,
) -> None:
    other = order("other", 10, algo="none", limit_price=FAR, route_rule="SIGNAL")
    plan_orders(desk.ledger, other, run_key="another run")
    await work_wave(desk, Wave(0, at(0), at(5)))
    before = await received(desk)
    cancel_run(desk.ledger, ACCOUNT, RUN_KEY, "the trader changed his mind")
    await desk.clock.sleep_until(at(60))
    await work_wave(desk, Wave(1, at(60), at(65)))
    assert await received(desk) == before
    assert state_of(desk.ledger, "p-1") == "CANCELLED"
    assert state_of(desk.ledger, "p") in ("CANCELLED", "FILLED")
    assert state_of(desk.ledger, "other") == "SUBMITTED"


async def test_no_permission_to_send_survives_the_cancel(desk: Desk) -> None:
    orders = open_orders(desk.ledger, ACCOUNT)
    cancel_run(desk.ledger, ACCOUNT, RUN_KEY, "stop")
    with pytest.raises(RunCancelled, match=rf"'{RUN_KEY}' was cancelled \(stop\): nothing of it"):
        await send(desk, orders, [Due(orders["p-0"], 60)], at(60))
    assert await received(desk) == []


async def test_a_wave_that_learns_of_it_while_it_sends_sends_the_rest_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = order("mine", 10, algo="none", order_type="market", limit_price=None)
    plan_orders(desk.ledger, mine, run_key="another run")

    async def cancels(desk_: Desk, orders: object) -> frozenset[int]:
        monkeypatch.undo()
        found = await end_cancelled(desk_, orders)  # type: ignore[arg-type]
        cancel_run(desk_.ledger, ACCOUNT, RUN_KEY, "just now")
        return found

    monkeypatch.setattr("orderworks.desk.waves.end_cancelled", cancels)
    await work_wave(desk, Wave(0, at(0), at(5)))
    assert await received(desk) == ["mine"]
    assert {state_of(desk.ledger, name) for name in ("p", "p-0", "p-1")} == {"CANCELLED"}


async def test_what_a_cancelled_run_holds_keeps_its_exit(desk: Desk) -> None:
    entry = order("bought", 10, algo="none", order_type="market", limit_price=None)
    stop = replace(
        entry,
        client_order_id="its stop",
        attached_to="bought",
        side="sell",
        route_rule="SIGNAL",
        order_type="limit",
        limit_price=Decimal("130.00"),
    )
    run = plan_orders(desk.ledger, entry, stop, run_key="bracket")
    await work_wave(desk, Wave(0, at(0), at(5)))
    assert state_of(desk.ledger, "bought") == "FILLED"
    cancelled = cancel_run(desk.ledger, ACCOUNT, "bracket", "enough")
    told = await confirm_cancelled(desk, cancelled, 0)
    assert told == "cancelled: enough; 1 of 1 orders filled"
    assert state_of(desk.ledger, "its stop") == "SUBMITTED"
    assert run.run_id == cancelled.run_id


async def test_what_is_worked_is_not_swept_nor_priced_anew_after_it(desk: Desk) -> None:
    resting = family("q", 50, limit_price=FAR, route_rule="SIGNAL", remainder=Remainder.SWEEP.value)
    plan_orders(desk.ledger, *resting, run_key="swept")
    await work_wave(desk, Wave(0, at(0), at(5)))
    cancel_run(desk.ledger, ACCOUNT, "swept", "enough")
    await desk.clock.sleep_until(at(295))
    await work_wave(desk, Wave(1, at(295), at(300)))
    ours = [name for name in await received(desk) if name.startswith("q")]
    assert ours == ["q-0"]
    assert state_of(desk.ledger, "q") == "CANCELLED"


def test_a_cancelled_run_stays_so_and_is_not_taken_up(desk: Desk) -> None:
    assert [run.run_key for run in unfinished_runs(desk.ledger, ACCOUNT)] == [RUN_KEY]
    run = cancel_run(desk.ledger, ACCOUNT, RUN_KEY, "first")
    assert cancel_run(desk.ledger, ACCOUNT, RUN_KEY, "second").message == "first"
    finish_run(desk.ledger, run, "FAILED", "its process died")
    found = find_run(desk.ledger, ACCOUNT, RUN_KEY)
    assert found is not None
    assert (found.state, found.message) == ("CANCELLED", "first")
    assert unfinished_runs(desk.ledger, ACCOUNT) == []


def test_a_run_that_is_cancelled_while_it_is_planned_gets_no_plan(desk: Desk) -> None:
    run = start_run(desk.ledger, ACCOUNT, "later", "daily", SESSION, {})
    cancel_run(desk.ledger, ACCOUNT, "later", "too late")
    with pytest.raises(RunCancelled, match="'later' was cancelled"):
        freeze_plan(desk.ledger, run, plan_of([]))


@pytest.mark.parametrize(
    ("run_key", "reason", "told"),
    [
        ("nobody", "why not", "has no run 'nobody'"),
        (RUN_KEY, "  ", "needs a reason"),
        ("done", "late", r"run 'done' is done already \(all filled\)"),
    ],
)
def test_what_cannot_be_cancelled_is_told(desk: Desk, run_key: str, reason: str, told: str) -> None:
    finish_run(
        desk.ledger,
        start_run(desk.ledger, ACCOUNT, "done", "daily", SESSION, {}),
        "DONE",
        "all filled",
    )
    with pytest.raises(InputError, match=told):
        cancel_run(desk.ledger, ACCOUNT, run_key, reason)
