"""An experiment draws the orders of a run: once, whatever happens to the run before its plan is frozen."""

import signal as signals_of_the_system
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_processes import Ended
from judging import rows
from psycopg import errors
from synthetic_day import SESSION, signal, write_table

from flows.daily import daily_execution
from flows.end_of_day import end_of_day
from orderworks.ledger.connection import Ledger
from orderworks.model.crash_points import VARIABLE, CrashPoint

pytestmark = pytest.mark.usefixtures("environment", "prefect_api")

EXPERIMENTS = [
    {"name": "price", "kind": "route", "control": "SMALL", "treatment": "MEDIUM", "seed": 3},
    {"name": "pov", "kind": "algo", "control": "twap", "treatment": "pov", "seed": 4},
]
DRAWN = """
SELECT x.experiment, x.stratum, x.treated, o.strategy, o.symbol, o.route_rule, o.algo
FROM experiment_orders x JOIN orders o USING (client_order_id, run_id)
ORDER BY x.experiment, o.strategy, o.symbol
"""


@pytest.fixture
def experimenting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The experiments are set, in a settings file of the user's own: the variable for it."""
    path = tmp_path / "settings.yaml"
    path.write_text(yaml.safe_dump({"experiments": EXPERIMENTS}), "utf-8")
    monkeypatch.setenv("ORDERWORKS_CONFIG", str(path))
    return {"ORDERWORKS_CONFIG": str(path)}


@pytest.fixture
def file(tmp_path: Path) -> str:
    """Four small orders and two large ones, and one whose signal states its price."""
    small = [
        signal(symbol, strategy=strategy, quantity=200)
        for symbol in ("ACME", "RUSH")
        for strategy in ("momentum", "value")
    ]
    large = [signal("SLIM", quantity=4200), signal("THIN", quantity=4000)]
    stated = signal("ACME", strategy="reversion", quantity=100, limit_price=99.9)
    return write_table(tmp_path / "signals.csv", *small, *large, stated)


@pytest.mark.proof
async def test_orders_are_drawn_once_and_worked_as_drawn(
    ledger: Ledger,
    orderworks: Callable[..., Ended],
    experimenting: dict[str, str],
    market: str,
    file: str,
) -> None:
    asked = ("--session", str(SESSION), "--signals", file, "--market", market)
    died = orderworks(
        "run", "daily", *asked, **experimenting, **{VARIABLE: CrashPoint.PLAN_BEFORE_FREEZE}
    )
    assert died.status == -signals_of_the_system.SIGKILL, died
    assert rows(ledger, DRAWN) == []
    died = orderworks("run", "daily", *asked, **experimenting, **{VARIABLE: CrashPoint.PLAN_FROZEN})
    assert died.status == -signals_of_the_system.SIGKILL, died
    drawn = rows(ledger, DRAWN)
    state = await daily_execution(session=SESSION, market=market, signals=file, return_state=True)
    assert state.name == "Completed", state.message
    assert rows(ledger, DRAWN) == drawn

    by: dict[str, list[dict[str, Any]]] = {"price": [], "pov": []}
    for row in drawn:
        by[row["experiment"]].append(row)
    assert [row["symbol"] for row in by["price"]] == ["ACME", "RUSH", "ACME", "RUSH"]
    assert [row["symbol"] for row in by["pov"]] == ["SLIM", "THIN"]
    for row in by["price"]:
        assert row["route_rule"] == ("MEDIUM" if row["treated"] else "SMALL")
    for row in by["pov"]:
        assert row["algo"] == ("pov" if row["treated"] else "twap")
    for stratum in {row["stratum"] for row in by["price"]}:
        treated = [row["treated"] for row in by["price"] if row["stratum"] == stratum]
        assert abs(sum(treated) - len(treated) / 2) < 1

    with pytest.raises(errors.RestrictViolation, match="append-only"):
        ledger.execute("UPDATE experiment_orders SET treated = NOT treated")
    (run,) = rows(ledger, "SELECT settings -> 'experiments' AS set FROM runs WHERE kind = 'daily'")
    assert [(one["name"], one["seed"], one["share"]) for one in run["set"]] == [
        ("price", 3, 0.5),
        ("pov", 4, 0.5),
    ]

    await end_of_day(session=SESSION, market=market, return_state=True)
    ended = orderworks("report", "--session", str(SESSION), **experimenting)
    page = Path(ended.out.strip()).read_text("utf-8")
    assert '<h2 id="experiments">Experiments</h2>' in page
    assert "4 orders drawn with seed 3, 50 % to MEDIUM" in page
    assert "2 orders drawn with seed 4, 50 % to pov" in page


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"treatment": "twap"}, "twap is no route; control and treatment are two of URGENT"),
        ({"treatment": "SMALL"}, "control and treatment are the same"),
        ({"share": 1}, "experiments.0.share"),
        ({"starts": "2026-11-02", "ends": "2026-11-01"}, "exchange starts and ends"),
        ({"name": ""}, "experiments.0.name"),
        ({"colour": 1}, "setting 'experiments.0.colour' is unknown"),
        ({"name": "pov"}, "two experiments have one name"),
    ],
)
def test_an_experiment_that_cannot_be_is_refused_in_a_sentence(
    orderworks: Callable[..., Ended],
    tmp_path: Path,
    change: dict[str, object],
    said: str,
) -> None:
    path = tmp_path / "settings.yaml"
    first, second = EXPERIMENTS
    path.write_text(yaml.safe_dump({"experiments": [first | change, second]}), "utf-8")
    ended = orderworks("status", ORDERWORKS_CONFIG=str(path))
    assert (ended.status, ended.out) == (2, ""), ended
    assert said in ended.err
