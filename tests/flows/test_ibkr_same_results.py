"""The flows through a gateway, and at the exchange in the process: the same plan, orders, fills and books.

Both replay one recorded market, whose time stands while nobody waits for it, for an account of one name. So
every table that says what was done is compared to the last digit, but for the columns of ``DIFFERS``.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from forking import Forks
from gateway_process import ACCOUNT, standing_gateway
from judging import EXCHANGE, GATEWAY, Record, require_sound_books, rows
from synthetic_day import SESSION, variables, write_table

from orderworks.ledger.connection import Ledger, open_ledger

ROOT = Path(__file__).resolve().parents[2]

Database = Callable[[], AbstractContextManager[str]]
Settings = dict[str, str]
Table = list[dict[str, str]]

IN_PROCESS = {"ORDERWORKS_BROKER__SIMULATED__ACCOUNT": ACCOUNT}

COMPARED = (
    "orders",
    "order_events",
    "send_attempts",
    "fills",
    "positions",
    "cash",
    "risk_decisions",
    "order_quality",
    "breaks",
)
DIFFERS = {
    "the wall's time": {"created_at", "recorded_at", "updated_at"},
    "the broker's own words and names": {"reason", "exec_id"},
    "which of the things of one moment was written down first": {"id", "number"},
}

IN_SESSION = ("--session", str(SESSION))
DAILY, END = ("run", "daily", *IN_SESSION), ("run", "end-of-day", *IN_SESSION)
REBALANCE = ("run", "rebalance", *IN_SESSION)
FLATTEN = ("kill", "--flatten", "--reason", "a drill", *IN_SESSION)
DAYS = {"rebalanced and traded": (REBALANCE, DAILY, END), "killed": (DAILY, FLATTEN, END)}


@contextmanager
def in_process(settings: Settings, market: str) -> Iterator[Settings]:
    yield IN_PROCESS


Serving = Callable[[Settings, str], AbstractContextManager[Settings]]
VENUES: tuple[tuple[Serving, Record], ...] = ((in_process, EXCHANGE), (standing_gateway, GATEWAY))


@pytest.mark.proof
@pytest.mark.parametrize("day", DAYS)
def test_what_is_done_is_the_same(
    steered_commands: Forks,
    fresh_database: Database,
    market: str,
    signals: str,
    tmp_path: Path,
    day: str,
) -> None:
    weights = {"symbol": "ACME", "weight": 0.04}, {"symbol": "RUSH", "weight": -0.02}
    targets = write_table(tmp_path / "targets.csv", *weights)
    inputs = {DAILY: ("--signals", signals), REBALANCE: ("--targets", targets)}
    done: list[dict[str, Table]] = []
    for number, (serving, record) in enumerate(VENUES):
        with fresh_database() as url:
            settings = variables(url, tmp_path / str(number))
            with serving(settings, market) as leads_there:
                for command in DAYS[day]:
                    asked = (*command, "--market", market, *inputs.get(command, ()))
                    ended = steered_commands.run(*asked, environment=settings | leads_there)
                    assert ended.status == 0, ended.err
            with open_ledger(url) as ledger:
                require_sound_books(ledger, record)
                done.append({name: table(ledger, name) for name in COMPARED})
    in_the_process, through_gateway = done
    assert len(in_the_process["fills"]) > 20
    for name in COMPARED:
        assert through_gateway[name] == in_the_process[name], name


def table(ledger: Ledger, name: str) -> Table:
    """What a table says of itself, as text and in an order that is the same for equal tables."""
    left_out = set[str]().union(*DIFFERS.values())
    labels = labels_of(ledger)
    said = [
        {column: text(value, labels) for column, value in row.items() if column not in left_out}
        for row in rows(ledger, f"SELECT * FROM {name}")
    ]
    return sorted(said, key=lambda row: sorted(row.items()))


def labels_of(ledger: Ledger) -> dict[str, str]:
    """What the orders of a flattening are compared by: its run, and so they, are named by the wall's time."""
    flattening = rows(
        ledger, "SELECT * FROM orders JOIN runs USING (run_id) WHERE runs.kind = 'flatten'"
    )
    labels = {one["client_order_id"]: f"{one['strategy']} {one['symbol']}" for one in flattening}
    assert len(set(labels.values())) == len(labels)
    return labels


def text(value: object, labels: dict[str, str]) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return labels.get(str(value), str(value))
