"""From the settings to the terms that the exchange serves on, in the process or as a server."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from orderworks.brokers.simulated import server
from orderworks.brokers.simulated.latency import Latencies
from orderworks.brokers.simulated.matching.slippage import (
    FixedBasisPoints,
    Slippage,
    SquareRoot,
    VolumeShare,
)
from orderworks.brokers.simulated.terms import Terms
from orderworks.commands.exchange import app
from orderworks.desk.exchange_terms import exchange_terms
from orderworks.market.calendar import require_session
from orderworks.market.synthetic import write_session
from orderworks.market.universe import Listing
from orderworks.settings import load_settings


def terms_of(**simulated: Any) -> Terms:
    return exchange_terms(load_settings(broker={"simulated": simulated}))


def test_by_default_there_is_no_slippage_no_latency_and_margin() -> None:
    assert terms_of() == Terms("SIM1", Decimal(1_000_000), 0.1, "fixed", allow_short=True)


@pytest.mark.parametrize(
    ("model", "parameters", "expected"),
    [
        ("none", {}, None),
        ("fixed_basis_points", {}, FixedBasisPoints()),
        ("volume_share", {}, VolumeShare()),
        ("square_root", {}, SquareRoot()),
        (
            "fixed_basis_points",
            {"basis_points": 2.5, "volume_limit_pct": 50},
            FixedBasisPoints(Decimal("2.5"), Decimal("0.5")),
        ),
        (
            "volume_share",
            {"price_impact": 0.2, "volume_limit_pct": 0.5},
            VolumeShare(Decimal("0.2"), Decimal("0.005")),
        ),
        ("square_root", {"coefficient": 0.5}, SquareRoot(Decimal("0.5"))),
    ],
)
def test_the_model_of_slippage_has_the_parameters_of_its_own_name(
    model: str, parameters: dict[str, float], expected: Slippage | None
) -> None:
    chosen = {"model": model} | ({model: parameters} if parameters else {})
    assert terms_of(slippage=chosen).slippage == expected


def test_everything_else_is_passed_on() -> None:
    terms = terms_of(
        account_type="cash",
        price_bands=True,
        seed=7,
        latency={"submit_ms": 1, "ack_ms": 2, "fill_ms": 3, "cancel_ms": 4, "jitter_ms": 0.5},
    )
    ms = timedelta(milliseconds=1)
    assert (terms.account_type, terms.price_bands, terms.seed) == ("cash", True, 7)
    assert terms.latencies == Latencies(ms, 2 * ms, 3 * ms, 4 * ms, ms / 2)
    assert not terms.can_short


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Terms]:
    """The terms that the server is opened on; it then goes no further."""
    seen: list[Terms] = []

    def opens(url: str, market: object, session: object, terms: Terms) -> None:
        seen.append(terms)
        raise SystemExit(0)

    monkeypatch.setattr(server, "opens_exchange", opens)
    return seen


def test_the_server_serves_on_the_terms_of_the_settings(
    served: list[Terms], ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = require_session(date(2025, 11, 20))
    write_session(tmp_path, session, {"AAPL": Listing(100.0, 50_000_000, 0.015, 1)}, seed=1)
    for name, value in {
        "DATABASE_URL": ledger_url,
        "BROKER__SIMULATED__ACCOUNT_TYPE": "cash",
        "BROKER__SIMULATED__SLIPPAGE__MODEL": "square_root",
        "BROKER__SIMULATED__LATENCY__FILL_MS": "250",
    }.items():
        monkeypatch.setenv(f"ORDERWORKS_{name}", value)
    asked = ["serve", "--market", str(tmp_path), "--session", "2025-11-20"]
    assert CliRunner().invoke(app, asked).exit_code == 0
    assert served == [exchange_terms(load_settings())]
    assert served[0].slippage == SquareRoot()
    assert served[0].latencies.fill == timedelta(milliseconds=250)
