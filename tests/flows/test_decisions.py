"""What is in doubt, and the commands by which a person decides."""

import json
import signal
from collections.abc import Callable

import pytest
from command_processes import Ended
from judging import exchange_total, rows
from synthetic_day import SESSION

from orderworks.ledger.connection import Ledger
from orderworks.model.crash_points import VARIABLE, CrashPoint

pytestmark = [pytest.mark.proof, pytest.mark.usefixtures("environment", "prefect_api")]


def test_orders_in_doubt_are_shown_and_abandoned_and_the_run_goes_on(
    ledger: Ledger, orderworks: Callable[..., Ended], market: str, signals: str
) -> None:
    daily = ("run", "daily", "--session", str(SESSION), "--signals", signals, "--market", market)
    died = orderworks(*daily, **{VARIABLE: f"{CrashPoint.SEND_PERMITTED}:1"})
    assert died.status == -signal.SIGKILL, died
    # Somebody trades by hand what we were about to: the broker's position moves, our order is unknown.
    ledger.execute(
        "INSERT INTO exchange.positions (account, symbol, quantity, cost) "
        "VALUES ('SIM1', 'RUSH', 40, 1600)"
    )
    looked = orderworks("run", "reconcile")
    assert looked.status == 1
    assert "break" in looked.err
    listed = orderworks("orders", "--held", "--format", "json")
    entry_and_stop = json.loads(listed.out)
    for held in entry_and_stop:
        assert (held["symbol"], held["state"]) == ("RUSH", "UNKNOWN")
        assert "holds 40 RUSH where we have 0" in held["reason"]
    names = [held["client_order_id"] for held in entry_and_stop]
    assert len(names) == 2
    assert "RUSH" in orderworks("orders", "--held").out
    differing = {
        one["kind"]: one
        for one in json.loads(orderworks("breaks", "--format", "json").out)
        if one["symbol"] == "RUSH"
    }
    assert differing.keys() == {"position", "wrong_state"}
    number = str(differing["position"]["id"])

    for refused, why in (
        (("abandon", "nobody", "--reason", "x"), "no order 'nobody'"),
        (("adopt", names[0], "--reason", " "), "needs a reason"),
        (("resolve", "99999", "--reason", "x"), "no open break 99999"),
    ):
        ended = orderworks(*refused)
        assert (ended.status, ended.out) == (2, "")
        assert why in ended.err

    for name, left in zip(names, ("2 breaks", "1 break"), strict=True):
        gone = orderworks("abandon", name, "--reason", "the desk says no")
        assert gone.status == 0, gone
        assert f"Order {name} is abandoned; {left}" in gone.out
    taken = orderworks("resolve", number, "--reason", "came from another account", "--transfer")
    assert taken.status == 0, taken
    assert f"Break {number} is resolved; books equal the broker's" in taken.out

    sent_before = exchange_total(ledger).orders
    again = orderworks(*daily)
    assert again.status == 0, again
    assert exchange_total(ledger).orders > sent_before
    received = "SELECT 1 FROM exchange.orders WHERE client_order_id = ANY(%s)"
    assert rows(ledger, received, names) == []
    assert rows(ledger, "SELECT 1 FROM breaks WHERE resolved_at IS NULL") == []
    (adjusted,) = rows(ledger, "SELECT * FROM adjustments")
    assert (adjusted["symbol"], adjusted["quantity_change"]) == ("RUSH", 40)
    assert adjusted["is_transfer"]
    assert adjusted["mark"] > 0
    held_by = "SELECT symbol, quantity FROM {} WHERE quantity <> 0 ORDER BY symbol"
    ours, theirs = (rows(ledger, held_by.format(t)) for t in ("positions", "exchange.positions"))
    assert ours == theirs
