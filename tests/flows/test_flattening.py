"""``kill --flatten``: judged by what the exchange holds afterwards."""

import signal
from collections.abc import Callable
from typing import Any

import pytest
from command_processes import Ended
from judging import LIVE, exchange_total, require_sound_books, rows
from synthetic_day import HOLIDAY, SESSION

from flows.daily import daily_execution
from flows.kill_switch import kill_switch
from flows.recover import recover
from orderworks.desk.kill_switch import resume
from orderworks.ledger.connection import Ledger
from orderworks.model.crash_points import VARIABLE, CrashPoint
from orderworks.model.errors import KillSwitchThrown
from orderworks.settings import load_settings

pytestmark = [pytest.mark.proof, pytest.mark.usefixtures("environment", "prefect_api")]

HELD = "SELECT symbol, quantity FROM exchange.positions WHERE quantity <> 0"


def closing_orders(ledger: Ledger) -> list[dict[str, Any]]:
    return rows(
        ledger,
        "SELECT o.* FROM orders o JOIN runs r USING (run_id) WHERE r.kind = 'flatten' "
        "ORDER BY symbol, strategy",
    )


async def test_positions_are_closed_once_and_nothing_else_is_sent_until_it_is_resumed(
    ledger: Ledger, market: str, signals: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {"session": SESSION, "market": market, "signals": signals}
    await daily_execution(**asked, return_state=True)
    held = {row["symbol"]: row["quantity"] for row in rows(ledger, HELD)}
    assert len(held) > 2
    before = exchange_total(ledger).orders

    # The thin ones take a while at a tenth of the volume.
    monkeypatch.setenv("ORDERWORKS_ROUTER__TWAP_NUM_SLICES", "60")
    killed = await kill_switch("the model is wrong", flatten=True, return_state=True)
    assert killed.name == "Completed", killed.message
    assert f"{len(held)} of {len(held)} orders filled" in (killed.message or "")
    assert rows(ledger, HELD) == []
    assert rows(ledger, f"SELECT 1 FROM exchange.orders WHERE state IN {LIVE}") == []
    closing = closing_orders(ledger)
    assert {one["route_rule"] for one in closing} == {"FLATTEN"}
    assert {one["symbol"]: one["filled_quantity"] for one in closing} == {
        symbol: abs(quantity) for symbol, quantity in held.items()
    }
    assert exchange_total(ledger).orders == before + len(held)
    require_sound_books(ledger)

    again = await kill_switch("to be sure", flatten=True, return_state=True)
    assert "flattening: no orders" in (again.message or "")
    refused = await daily_execution(**asked, run_key="another", return_state=True)
    with pytest.raises(KillSwitchThrown, match="to be sure"):
        await refused.aresult()
    assert exchange_total(ledger).orders == before + len(held)

    # The strategies' books are flat as well: each buys its whole target again.
    resume(load_settings(), "the model is right")
    await daily_execution(**asked, run_key="another", return_state=True)
    planned = (
        "SELECT strategy, symbol, planned_quantity FROM orders o JOIN runs r USING (run_id) "
        "WHERE r.run_key = %s AND parent_id IS NULL AND attached_to IS NULL "
        "AND symbol = ANY(%s) ORDER BY 1, 2"
    )
    first, second = (
        rows(ledger, planned, key, list(held)) for key in (f"daily:{SESSION}", "another")
    )
    assert {(one["strategy"], one["symbol"]) for one in second} == {
        (one["strategy"], one["symbol"]) for one in first
    }
    stated = {"SLIM": 4200, "THIN": 4000, "WIDE": 2500}
    assert {o["symbol"]: o["planned_quantity"] for o in second if o["symbol"] in stated} == stated
    require_sound_books(ledger)


@pytest.mark.parametrize("by", ["the same command", "recover"])
async def test_a_flattening_that_was_killed_is_completed(
    ledger: Ledger,
    orderworks: Callable[..., Ended],
    market: str,
    signals: str,
    by: str,
) -> None:
    asked: dict[str, Any] = {"session": SESSION, "market": market, "signals": signals}
    await daily_execution(**asked, return_state=True)
    flatten = ("kill", "--flatten", "--reason", "enough")
    longer = {"ORDERWORKS_ROUTER__TWAP_NUM_SLICES": "60"}
    died = orderworks(*flatten, **{VARIABLE: f"{CrashPoint.SEND_PERMITTED}:1"}, **longer)
    assert died.status == -signal.SIGKILL, died
    assert rows(ledger, HELD)
    if by == "recover":
        state = await recover(return_state=True)
        assert state.name == "Completed", state.message
    else:
        ended = orderworks(*flatten, **longer)
        assert ended.status == 0, ended
    assert rows(ledger, HELD) == []
    require_sound_books(ledger)


async def test_without_a_session_it_says_that_positions_stay(ledger: Ledger, market: str) -> None:
    asked: dict[str, Any] = {"session": HOLIDAY, "market": market, "return_state": True}
    state = await kill_switch("enough", flatten=True, **asked)
    assert "nothing is flattened, positions stay as they are" in (state.message or "")
    assert rows(ledger, "SELECT killed, flatten FROM controls") == [
        {"killed": True, "flatten": True}
    ]
