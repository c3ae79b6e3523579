"""Signals that ask for what a broker works by itself: runs through a gateway, a refusal elsewhere."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from command_processes import Ended
from gateway_process import Process, tell
from judging import GATEWAY, require_sound_books, rows
from synthetic_day import in_session, signal, write_table

from orderworks.ledger.connection import Ledger

pytestmark = pytest.mark.proof

AT_BROKER = (
    "SELECT document -> 'fields' ->> 'symbol' AS symbol, document -> 'fields' ->> 'orderType' AS type, "
    "document -> 'fields' ->> 'algoStrategy' AS algo, document -> 'fields' -> 'algoParams' AS told "
    "FROM gateway.orders WHERE document -> 'fields' ->> 'parentId' = '0' ORDER BY perm_id"
)
ORDERS = (
    "SELECT symbol, parent_id, order_type, algo, route_rule, state, limit_price, quantity, "
    "filled_quantity, due_at, ends_at, native FROM orders WHERE attached_to IS NULL "
    "ORDER BY symbol, parent_id NULLS FIRST, slice_index"
)
NATIVE_SIGNALS = (
    signal("ACME", algo="ibkr_twap", quantity=400),
    signal("RUSH", order_type="midprice", quantity=500),
    signal("SLIM", algo="ibkr_vwap", quantity=300, remainder="cancel"),
    signal("THIN", "short", algo="ibkr_adaptive", quantity=200, limit_price=150),
    signal("WIDE", algo="twap", quantity=900),
)


def test_a_run_of_what_the_broker_works_by_itself_through_the_gateway(
    ledger: Ledger,
    gateway_process: Process,
    at_gateway: dict[str, str],
    orderworks: Callable[..., Ended],
    tmp_path: Path,
) -> None:
    signals = write_table(tmp_path / "signals.csv", *NATIVE_SIGNALS)
    ended = orderworks(*in_session("daily"), "--signals", signals, **at_gateway)
    assert ended.status == 0, ended.err
    tell(gateway_process, "speed 0")
    reconciled = orderworks(*in_session("reconcile"), **at_gateway)
    assert reconciled.status == 0, reconciled.err
    require_sound_books(ledger, GATEWAY)
    parents = {row["symbol"]: row for row in rows(ledger, ORDERS) if row["parent_id"] is None}
    assert {symbol: row["algo"] for symbol, row in parents.items()} == {
        "ACME": "ibkr_twap",
        "RUSH": "none",
        "SLIM": "ibkr_vwap",
        "THIN": "ibkr_adaptive",
        "WIDE": "twap",
    }
    sent: dict[str, list[dict[str, object]]] = {}
    for order in rows(ledger, AT_BROKER):
        sent.setdefault(str(order.pop("symbol")), []).append(order)
    # One order at the broker, but for what a sweep makes of the rest.
    for symbol, strategy in {"ACME": "Twap", "SLIM": "Vwap", "THIN": "Adaptive"}.items():
        first, *swept = sent[symbol]
        assert first["algo"] == strategy
        assert all(order["algo"] == "" for order in swept)
        assert len(swept) <= (symbol == "ACME")
    assert [order["type"] for order in sent["RUSH"]] == ["MIDPRICE"]
    assert {order["algo"] for order in sent["WIDE"]} == {""}
    assert len(sent["WIDE"]) >= 2
    told = {one["tag"]: one["value"] for one in sent["ACME"][0]["told"]}  # type: ignore[attr-defined]
    assert told.keys() == {"startTime", "endTime", "allowPastEndTime"}
    assert all(parents[symbol]["filled_quantity"] for symbol in ("ACME", "RUSH", "SLIM"))
    assert parents["THIN"]["limit_price"] == Decimal(150)
    again = orderworks(*in_session("daily"), "--signals", signals, **at_gateway)
    assert again.status == 0, again.err
    assert "done already" in again.out


@pytest.mark.parametrize(
    ("provider", "asked", "column"),
    [
        ("simulated", {"algo": "ibkr_twap"}, "algo"),
        ("simulated", {"order_type": "midprice"}, "order_type"),
        ("paper_stub", {"algo": "ibkr_adaptive"}, "algo"),
    ],
)
def test_a_broker_that_does_not_have_a_route_is_one_sentence_before_the_plan(
    ledger: Ledger,
    orderworks: Callable[..., Ended],
    market: str,
    tmp_path: Path,
    provider: str,
    asked: dict[str, str],
    column: str,
) -> None:
    signals = write_table(
        tmp_path / "signals.csv",
        signal("ACME", quantity=10),
        signal("RUSH", quantity=10, **asked),
    )
    ended = orderworks(
        *in_session("daily"),
        *("--signals", signals, "--market", market, "--broker", provider),
    )
    assert ended.status != 0
    [route] = asked.values()
    assert f"row 3 (RUSH) is routed to {route}, which the {provider} broker does not" in ended.err
    assert f"give it another {column}" in ended.err
    assert rows(ledger, "SELECT 1 FROM orders") == []
