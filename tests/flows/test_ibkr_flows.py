"""The flows at Interactive Brokers, through a gateway that speaks its protocol and replays a small market."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from command_processes import Ended
from forking import Forks
from gateway_process import standing_gateway
from judging import GATEWAY, require_sound_books, rows
from synthetic_day import RESTRICTED, SESSION, SLICES, in_session, signal, write_table

from orderworks.ledger.connection import Ledger, open_ledger

pytestmark = pytest.mark.proof

PARENTS = "SELECT * FROM orders WHERE parent_id IS NULL AND attached_to IS NULL"
BENCHMARKS = "SELECT {} FROM order_quality WHERE symbol = 'ACME' AND strategy = 'momentum'"
LIVE = ["SUBMITTED", "PARTIALLY_FILLED"]
RESTING = "SELECT 1 FROM orders WHERE reaches_broker AND attached_to IS NULL AND state = ANY(%s)"
HELD = "SELECT symbol, quantity FROM positions WHERE quantity <> 0"
WHAT_WAS_PLANNED = (
    "SELECT strategy, symbol, side, planned_quantity, order_type, algo, route_rule FROM orders "
    "WHERE parent_id IS NULL AND attached_to IS NULL ORDER BY 1, 2"
)


def test_a_daily_run_and_the_end_of_day_priced_and_traded_through_the_gateway(
    ledger: Ledger,
    environment: dict[str, str],
    market: str,
    steered_commands: Forks,
    signals: str,
) -> None:
    # Its market waits for whoever trades on it, however slow this machine is.
    with standing_gateway(environment, market) as leads_there:

        def orderworks(*arguments: str) -> Ended:
            return steered_commands.run(*arguments, environment=environment | leads_there)

        ended = orderworks(*in_session("daily"), "--signals", signals)
        assert ended.status == 0, ended.err
        again = orderworks(*in_session("daily"), "--signals", signals)
        assert again.status == 0, again.err
        assert "done already" in again.out
        reconciled = orderworks(*in_session("reconcile"))
        assert reconciled.status == 0, reconciled.err
        require_sound_books(ledger, GATEWAY)
        refused = rows(ledger, "SELECT symbol, code FROM risk_decisions WHERE NOT accepted")
        assert refused == [{"symbol": RESTRICTED, "code": "RESTRICTED_LIST"}]
        parents = {(row["strategy"], row["symbol"]): row for row in rows(ledger, PARENTS)}
        sliced = {symbol for (_, symbol), row in parents.items() if row["algo"] == "twap"}
        assert sliced == {"SLIM", "THIN"}
        filled = {symbol for (_, symbol), row in parents.items() if row["filled_quantity"]}
        assert filled >= {"ACME", "RUSH", "SLIM"}
        slices = rows(ledger, "SELECT 1 FROM orders WHERE algo = 'twap' AND parent_id IS NOT NULL")
        assert len(slices) >= 2 * SLICES
        (heard_quotes,) = rows(ledger, BENCHMARKS.format("twap_price, end_price"))
        assert None not in heard_quotes.values()
        closed = orderworks(*in_session("end-of-day"))
        assert closed.status == 0, closed.err
        assert rows(ledger, RESTING, LIVE) == []
        # Another process has heard no quotes, and a minute may be longer than the order was worked.
        (by_minutes,) = rows(ledger, BENCHMARKS.format("end_price"))
        assert None not in by_minutes.values()
        require_sound_books(ledger, GATEWAY)


def test_a_symbol_that_the_broker_does_not_know_is_named_before_anything_is_planned(
    ledger: Ledger,
    at_gateway: dict[str, str],
    orderworks: Callable[..., Ended],
    tmp_path: Path,
) -> None:
    signals = write_table(tmp_path / "signals.csv", signal("ACME"), signal("NONE"))
    ended = orderworks(*in_session("daily"), "--signals", signals, **at_gateway)
    assert ended.status != 0
    assert "NONE: the broker knows no US stock of this name" in ended.err
    assert rows(ledger, "SELECT 1 FROM orders") == []


def test_a_rebalance_then_the_kill_switch_flattens_through_the_gateway(
    ledger: Ledger,
    at_gateway: dict[str, str],
    orderworks: Callable[..., Ended],
    tmp_path: Path,
) -> None:
    targets = write_table(
        tmp_path / "targets.csv",
        {"symbol": "ACME", "weight": 0.04},
        {"symbol": "RUSH", "weight": -0.02},
    )
    moved = orderworks(*in_session("rebalance"), "--targets", targets, **at_gateway)
    assert moved.status == 0, moved.err
    held = {row["symbol"]: row["quantity"] for row in rows(ledger, HELD)}
    assert held.keys() == {"ACME", "RUSH"}
    assert held["ACME"] > 0 > held["RUSH"]
    # As long as the market takes for it, however slow this machine is meanwhile.
    longer = {"ORDERWORKS_ROUTER__TWAP_NUM_SLICES": "9"}
    killed = orderworks(
        *("kill", "--flatten", "--reason", "a drill", "--session", str(SESSION)),
        **at_gateway | longer,
    )
    assert killed.status == 0, killed.err
    assert rows(ledger, HELD) == []
    require_sound_books(ledger, GATEWAY)


def test_the_gateway_and_the_exchange_in_the_process_are_sent_the_same_parents(
    ledger: Ledger,
    at_gateway: dict[str, str],
    orderworks: Callable[..., Ended],
    fresh_database: Callable[[], AbstractContextManager[str]],
    market: str,
    signals: str,
) -> None:
    with fresh_database() as url, open_ledger(url) as other:
        simulated = orderworks(
            *in_session("daily"),
            *("--signals", signals, "--market", market),
            ORDERWORKS_DATABASE_URL=url,
        )
        assert simulated.status == 0, simulated.err
        expected = rows(other, WHAT_WAS_PLANNED)
    through_gateway = orderworks(*in_session("daily"), "--signals", signals, **at_gateway)
    assert through_gateway.status == 0, through_gateway.err
    assert rows(ledger, WHAT_WAS_PLANNED) == expected
