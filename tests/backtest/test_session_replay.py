"""A replay of several sessions trades as the flows do, in accounts that nobody keeps."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pandas.testing import assert_frame_equal
from synthetic_day import OPENING_CASH, SLICES, signal, write_table

from orderworks.backtest import replay as replaying
from orderworks.backtest.algorithms import DEFAULT
from orderworks.backtest.comparison import by_algorithm, compare
from orderworks.backtest.replay import Asked, Replayed, Step, ask, replay
from orderworks.backtest.trading import TOO_LATE
from orderworks.desk.desk import Desk
from orderworks.handoffs.signals_file import read_signals
from orderworks.ledger.temporary import PREFIX
from orderworks.market.calendar import Session
from orderworks.model.errors import InputError, MarketDataError
from orderworks.settings import Settings, load_settings

pytestmark = pytest.mark.proof


@pytest.fixture(scope="session")
def settings() -> Settings:
    return load_settings(
        broker={"provider": "simulated", "simulated": {"cash": OPENING_CASH}},
        router={"twap_num_slices": SLICES},
    )


@pytest.fixture(scope="session")
def asked(settings: Settings, sessions: list[Session], signals: Path, market: Path) -> Asked:
    first, last = sessions[0].date, sessions[-1].date
    return ask(settings, first, last, read_signals(signals), market, DEFAULT)


async def replayed(settings: Settings, url: str, asked: Asked) -> tuple[Replayed, list[Step]]:
    steps: list[Step] = []
    return await replay(settings, url, asked, steps.append), steps


def databases(url: str) -> list[str]:
    with psycopg.connect(url) as server:
        found = server.execute("SELECT datname FROM pg_database").fetchall()
    return [name for (name,) in found if name.startswith(PREFIX)]


async def test_each_algorithm_trades_every_session_and_nothing_is_kept(
    settings: Settings, ledger_url: str, asked: Asked, sessions: list[Session]
) -> None:
    whole, steps = await replayed(settings, ledger_url, asked)
    assert [(step.session, step.algorithm) for step in steps] == [
        (session.date, algorithm) for session in sessions for algorithm in DEFAULT
    ]
    orders = whole.orders
    assert set(orders.groupby(["algorithm", "session"]).size()) == {5}
    ways = orders.groupby("algorithm")["algo"].agg(set)
    assert ways["twap"] == {"none", "twap"}
    assert ways["vwap"] == {"none", "vwap"}
    own_way = orders[orders["symbol"] == "RUSH"]
    assert set(own_way["algo"]) == {"none"}
    assert set(own_way["route"]) == {"SIGNAL"}
    assert set(orders["run_key"].str.split(":").str[0]) == {"daily", "intraday"}

    # Targets grow by one step a session: what was bought before is held.
    bought = orders[(orders["algorithm"] == "routed") & (orders["symbol"] == "ACME")]
    assert bought["filled_quantity"].sum() == 2000 * len(sessions)
    assert bought["quantity"].max() == 2000

    found = compare(orders, "twap", "vwap")
    assert found is not None
    assert found.alike == len(sessions)
    table = by_algorithm(orders)
    assert table["algorithm"].tolist() == list(DEFAULT)
    assert (table["shortfall_bps"].abs() < 100).all()

    assert databases(ledger_url) == []
    with psycopg.connect(ledger_url) as ledger:
        assert ledger.execute("SELECT count(*) FROM ledger.accounts").fetchone() == (0,)

    again, _ = await replayed(settings, ledger_url, asked)
    assert_frame_equal(again.orders, orders)


async def test_an_intraday_batch_is_planned_at_its_time_while_the_daily_one_is_worked(
    settings: Settings, ledger_url: str, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    spans: dict[str, Any] = {}

    async def looked_at(desk: Desk, batches: Any) -> Any:
        traded = await trade_session(desk, batches)
        spans.update(
            {
                row["run_key"]: (row["starts_at"], row["ends_at"])
                for row in desk.ledger.execute("SELECT run_key, starts_at, ends_at FROM runs")
            }
        )
        return traded

    trade_session = replaying.trade_session
    monkeypatch.setattr(replaying, "trade_session", looked_at)
    first = Asked(asked.sessions[:1], asked.batches, asked.market, ["twap"], 0, 0)
    await replayed(settings, ledger_url, first)
    at = {key: f"{start:%H:%M:%S}" for key, (start, _) in spans.items()}
    assert at == {
        "daily:2024-11-27": "14:35:00",
        "intraday:2024-11-27T09:36": "14:36:30",
        "intraday:2024-11-27T11:00": "16:00:10",
    }
    assert spans["daily:2024-11-27"][1] == datetime(2024, 11, 27, 14, 38, tzinfo=UTC)


async def test_a_failure_drops_the_database_too(
    settings: Settings, ledger_url: str, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(desk: Desk, batches: object) -> None:
        assert len(databases(ledger_url)) == 1
        raise InputError("no")

    monkeypatch.setattr(replaying, "trade_session", fails)
    with pytest.raises(InputError, match="no"):
        await replayed(settings, ledger_url, asked)
    assert databases(ledger_url) == []


async def test_what_comes_too_late_and_what_cannot_fill_is_told(
    settings: Settings, ledger_url: str, sessions: list[Session], market: Path, tmp_path: Path
) -> None:
    day = sessions[0].date
    rows = [
        signal("THIN", ts=f"{day}T14:31:00Z", quantity=4000, order_type="limit", limit_price=190.5),
        signal("ACME", ts=f"{day}T20:59:30Z", quantity=100),
    ]
    file = read_signals(Path(write_table(tmp_path / "late.csv", *rows)))
    whole, steps = await replayed(
        settings, ledger_url, ask(settings, day, day, file, market, ["routed"])
    )
    assert dict(whole.refused["routed"]) == {TOO_LATE: 1}
    (thin,) = whole.orders.to_dict("records")
    assert thin["filled_quantity"] == 0
    assert str(steps[0]) == f"{day} routed: 1 order, 0% filled"
    assert by_algorithm(whole.orders)["fill_rate"].tolist() == [0.0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"last": date(2024, 11, 26)}, "--to 2024-11-26 is before --from 2024-11-27"),
        (
            {"first": date(2024, 11, 30), "last": date(2024, 12, 1)},
            "New York does not trade from 2024-11-30 to 2024-12-01; choose dates with a session",
        ),
        (
            {"first": date(2024, 12, 3), "last": date(2024, 12, 4)},
            "none of the 15 belongs to a session from 2024-12-03 to 2024-12-04",
        ),
    ],
)
def test_what_cannot_be_replayed_is_told(
    settings: Settings,
    sessions: list[Session],
    signals: Path,
    market: Path,
    changes: Mapping[str, Any],
    said: str,
) -> None:
    dates = {"first": sessions[0].date, "last": sessions[-1].date} | changes
    with pytest.raises(InputError, match=said):
        ask(settings, **dates, signals=read_signals(signals), market=market, algorithms=DEFAULT)


def test_missing_market_data_is_told_in_one_sentence(
    settings: Settings, signals: Path, market: Path
) -> None:
    with pytest.raises(MarketDataError) as raised:
        ask(settings, date(2024, 11, 26), date(2024, 12, 4), read_signals(signals), market, DEFAULT)
    assert str(raised.value) == (
        f"{market} lacks 3 of the 6 sessions from 2024-11-26 to 2024-12-04: 2024-11-26 "
        "(quotes.parquet), 2024-12-03, 2024-12-04; record them, or choose other dates"
    )


async def test_a_replay_of_real_sessions(
    settings: Settings, ledger_url: str, sample_market: Path, tmp_path: Path
) -> None:
    def real(symbol: str, day: int, price: float, **others: object) -> dict[str, object]:
        return signal(symbol, price=price, ts=f"2013-10-0{day}T13:33:00Z") | others

    rows = [
        real("AIG", 7, 48.6, quantity=9000),
        real("IBM", 7, 182.5, direction="short", quantity=2500),
        real("AIG", 8, 48.75, direction="flat"),
        real("IBM", 8, 181.7, quantity=2500),
        real("SPY", 8, 167.3, quantity=3000, ts="2013-10-08T15:00:00Z"),
    ]
    file = read_signals(Path(write_table(tmp_path / "real.csv", *rows)))
    first, last = date(2013, 10, 7), date(2013, 10, 8)
    asked = ask(settings, first, last, file, sample_market, DEFAULT)
    whole, _ = await replayed(settings, ledger_url, asked)
    orders = whole.orders
    assert orders.groupby("algorithm").size().to_dict() == dict.fromkeys(DEFAULT, 5)
    # No session before the first one is on record, so there is no volume to go by.
    vwap = orders[orders["algorithm"] == "vwap"]
    assert vwap.groupby("session")["algo"].agg(set).tolist() == [{"twap"}, {"vwap"}]
    assert (orders["fill_rate"] > 0).all()
    found = compare(orders, "twap", "vwap")
    assert found is not None
    assert (found.orders, found.alike) == (3, 2)
    assert by_algorithm(orders)["unmeasured"].tolist() == [0, 0, 0]
