"""A daily run from its signals to measured fills, in this process under Prefect."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from judging import Total, exchange_total, require_fills_on_the_tape, require_sound_books, rows
from prefect.client.schemas import State
from synthetic_day import EARLY_CLOSE, HOLIDAY, RESTRICTED, SESSION, SLICES, signal, write_table

from flows.daily import daily_execution
from flows.end_of_day import end_of_day
from orderworks.ledger.connection import Ledger
from orderworks.model.errors import InputError, PlanConflict

pytestmark = pytest.mark.usefixtures("environment", "prefect_api")

CAP_PCT = 10
"""The setting's default: broker.simulated.participation_cap_pct."""


async def daily(market: str, signals: str | None, **others: object) -> State:
    asked: dict[str, Any] = {"session": SESSION, "market": market, "signals": signals} | others
    return await daily_execution(**asked, return_state=True)


async def test_a_whole_session(ledger: Ledger, market: str, signals: str) -> None:
    state = await daily(market, signals)
    assert state.name == "Completed", state.message
    require_sound_books(ledger)
    require_fills_on_the_tape(ledger, market, SESSION, CAP_PCT)

    parents = {
        (row["strategy"], row["symbol"]): row
        for row in rows(
            ledger, "SELECT * FROM orders WHERE parent_id IS NULL AND attached_to IS NULL"
        )
    }
    assert {row["algo"] for key, row in parents.items() if key[1] in ("SLIM", "THIN")} == {"twap"}
    refused = rows(ledger, "SELECT symbol, code FROM risk_decisions WHERE NOT accepted")
    assert refused == [{"symbol": RESTRICTED, "code": "RESTRICTED_LIST"}]
    fat_finger = parents["reversion", "ACME"]
    assert fat_finger["state"] == "REJECTED"
    assert "through the market" in fat_finger["reason"]
    in_parts = rows(
        ledger,
        "SELECT client_order_id FROM fills GROUP BY 1 HAVING count(*) > 1",
    )
    assert in_parts, "no order was filled in parts"
    slices = rows(
        ledger,
        "SELECT due_at FROM orders WHERE algo = 'twap' AND slice_index < %s ORDER BY due_at",
        SLICES,
    )
    assert slices[-1]["due_at"] - slices[0]["due_at"] == timedelta(minutes=SLICES - 1)
    assert rows(ledger, "SELECT 1 FROM reconciliations")
    assert rows(ledger, "SELECT 1 FROM breaks") == []


async def test_a_run_key_never_trades_twice(
    ledger: Ledger, market: str, signals: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await daily(market, signals)
    sent = exchange_total(ledger)
    assert sent.orders > 0
    # Nor does it pay for the seconds of Great Expectations.
    with monkeypatch.context() as patched:
        patched.setattr("flows.framing.warm", lambda: pytest.fail("nothing is to be validated"))
        for again in (await daily(market, signals), await daily(market, None)):
            assert (again.type, again.name) == ("COMPLETED", "Skipped")
            assert f"is done already ({first.message}): nothing is sent" in (again.message or "")

    others = write_table(tmp_path / "others.csv", signal("ACME", strength=0.6))
    for state_of_the_run in ("DONE", "PLANNED"):
        ledger.execute("UPDATE runs SET state = %s", (state_of_the_run,))
        refused = await daily(market, others)
        with pytest.raises(PlanConflict, match=r"was planned from other inputs .* --run-key"):
            await refused.aresult()
    assert exchange_total(ledger) == sent


async def test_a_holiday_is_skipped(ledger: Ledger, market: str, signals: str) -> None:
    state = await daily(market, signals, session=HOLIDAY)
    assert (state.type, state.name) == ("COMPLETED", "Skipped")
    assert state.message == f"New York does not trade on {HOLIDAY}: Thanksgiving"
    assert exchange_total(ledger) == Total(0, 0)


async def test_an_early_close_shrinks_the_horizon(
    ledger: Ledger, short_market: str, tmp_path: Path
) -> None:
    close = datetime(2024, 11, 29, 18, tzinfo=UTC)
    late = write_table(
        tmp_path / "late.csv", signal("SLIM", quantity=3200, ts=f"{EARLY_CLOSE}T17:57:30Z")
    )
    state = await daily(short_market, late, session=EARLY_CLOSE)
    assert state.name == "Completed", state.message
    (parent,) = rows(ledger, "SELECT * FROM orders WHERE parent_id IS NULL AND attached_to IS NULL")
    slices = rows(
        ledger, "SELECT * FROM orders WHERE parent_id IS NOT NULL AND route_rule = 'LARGE'"
    )
    assert len(slices) == SLICES - 1
    assert parent["ends_at"] == close - timedelta(seconds=30)
    assert all(child["due_at"] < parent["ends_at"] for child in slices)
    require_sound_books(ledger)


async def test_after_the_close_nothing_is_sent(ledger: Ledger, market: str, signals: str) -> None:
    await end_of_day(session=SESSION, market=market, return_state=True)
    state = await daily(market, signals, run_key="late")
    assert (state.type, state.name) == ("COMPLETED", "Skipped")
    assert "closes at 21:00: no time is left for a slice, so nothing is sent" in (
        state.message or ""
    )
    (run,) = rows(ledger, "SELECT state FROM runs WHERE run_key = 'late'")
    assert run["state"] == "SKIPPED"
    assert exchange_total(ledger) == Total(0, 0)


@pytest.mark.proof
async def test_a_real_session(
    ledger: Ledger, sample_market: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERWORKS_ROUTER__TWAP_NUM_SLICES", "10")

    def real(symbol: str, direction: str, price: float, **others: object) -> dict[str, object]:
        return signal(symbol, direction, price=price, ts="2013-10-08T13:33:00Z", **others)

    file = write_table(
        tmp_path / "real.csv",
        real("AIG", "long", 48.75, quantity=9000, algo="twap"),
        real("BAC", "short", 13.82),
        real("IBM", "short", 181.7, quantity=2500, algo="twap"),
        real("SPY", "long", 167.47, strength=0.95),
    )
    session = datetime(2013, 10, 8, tzinfo=UTC).date()
    market = str(sample_market)
    state = await daily(market, file, session=session)
    assert state.name == "Completed", state.message
    require_sound_books(ledger)
    state = await end_of_day(session=session, market=market, return_state=True)
    assert state.name == "Completed", state.message
    require_sound_books(ledger)
    require_fills_on_the_tape(ledger, market, session, CAP_PCT)
    parents = rows(ledger, "SELECT * FROM orders WHERE parent_id IS NULL AND attached_to IS NULL")
    assert len(parents) == 4
    assert all(parent["closed_at"] for parent in parents)
    assert all(parent["filled_quantity"] for parent in parents)


async def test_a_signal_cannot_be_worked_beyond_the_close(
    ledger: Ledger, market: str, tmp_path: Path
) -> None:
    late = signal("ACME", algo="twap", end=f"{SESSION}T23:30:00Z", slices=4)
    state = await daily(market, write_table(tmp_path / "late.csv", late))
    with pytest.raises(InputError, match=r"row 2 is to be worked .* correct its start and end"):
        await state.aresult()
    assert rows(ledger, "SELECT 1 FROM orders") == []
