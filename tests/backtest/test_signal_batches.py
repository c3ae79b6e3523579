"""Each signal is in the one batch in which a run would trade it."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_day import signal, write_table

from orderworks.backtest.batches import Batch, batches_of, judged
from orderworks.handoffs.check import HandoffRefused
from orderworks.handoffs.signals_file import read_signals
from orderworks.handoffs.table_file import TableFile
from orderworks.market.calendar import require_session, sessions_between

# Thanksgiving and a half day lie within.
SESSIONS = sessions_between(date(2024, 11, 27), date(2024, 12, 2))
KNOWN_FROM = require_session(date(2024, 11, 26)).close
START = timedelta(minutes=5)


def table(*times: datetime | None) -> TableFile:
    frame = pd.DataFrame(
        {
            "row": range(2, len(times) + 2),
            "ts": pd.Series(list(times), dtype="datetime64[us, UTC]"),
        }
    )
    return TableFile(frame, frame, "")


def keys(*times: str) -> list[str]:
    """The run of each batch of signals of these times (UTC), with the rows in it."""
    file = table(*(datetime.fromisoformat(time).replace(tzinfo=UTC) for time in times))
    batches = batches_of(file, SESSIONS, KNOWN_FROM, START)
    return [
        f"{batch.run_key} {batch.signals['row'].tolist()}"
        for some in batches.values()
        for batch in some
    ]


def test_what_is_known_by_the_start_is_the_daily_batch() -> None:
    assert keys("2024-11-27T12:00", "2024-11-27T14:35") == ["daily:2024-11-27 [2, 3]"]


def test_later_signals_come_by_the_minute() -> None:
    assert keys("2024-11-27T16:00:59", "2024-11-27T14:35:01", "2024-11-27T16:00:00") == [
        "intraday:2024-11-27T09:35 [3]",
        "intraday:2024-11-27T11:00 [2, 4]",
    ]


def test_after_a_close_the_next_session_is_meant_over_a_holiday() -> None:
    assert keys("2024-11-27T21:00", "2024-11-28T15:00") == ["daily:2024-11-29 [2, 3]"]
    assert keys("2024-11-29T18:00", "2024-11-30T15:00") == ["daily:2024-12-02 [2, 3]"]


def test_signals_of_other_sessions_are_in_none() -> None:
    assert keys("2024-11-26T20:59:59", "2024-12-02T21:00") == []
    assert keys("2024-11-26T21:00") == ["daily:2024-11-27 [2]"]


@given(st.lists(st.datetimes(datetime(2024, 11, 26), datetime(2024, 12, 4)), max_size=30))  # noqa: DTZ001
def test_each_signal_is_in_one_batch_that_begins_when_it_is_known(times: list[datetime]) -> None:
    aware = [time.replace(tzinfo=UTC) for time in times]
    batches = batches_of(table(*aware), SESSIONS, KNOWN_FROM, START)
    rows = [row for some in batches.values() for one in some for row in one.signals["row"]]
    expected = [n + 2 for n, ts in enumerate(aware) if KNOWN_FROM <= ts < SESSIONS[-1].close]
    assert sorted(rows) == expected
    for session in SESSIONS:
        some = batches.get(session.date, [])
        assert [one.begins_at for one in some] == sorted(one.begins_at for one in some)
        assert len({one.run_key for one in some}) == len(some)
        for one in some:
            assert one.signals["ts"].max() <= one.begins_at < session.close


def of_file(path: Path, *rows: dict[str, object]) -> dict[date, list[Batch]]:
    return batches_of(read_signals(Path(write_table(path, *rows))), SESSIONS, KNOWN_FROM, START)


@pytest.mark.proof
def test_the_same_signal_again_is_one_of_another_run_only(tmp_path: Path) -> None:
    again = [signal("ACME", ts=f"{day}T13:00:00Z") for day in ("2024-11-27", "2024-11-29")]
    batches = of_file(tmp_path / "sound.csv", *again)
    kept = judged(batches, 0)
    assert [one.signals["strategy"].tolist() for some in kept.values() for one in some] == [
        ["momentum"],
        ["momentum"],
    ]
    with pytest.raises(HandoffRefused, match=r"row 2: duplicate signal.*row 3"):
        judged(of_file(tmp_path / "twice.csv", again[0], again[0]), 0)


def test_a_signal_without_a_time_is_told_and_may_be_set_aside(tmp_path: Path) -> None:
    rows = [signal("ACME", ts="2024-11-29T15:00:00Z"), signal("RUSH", ts="")]
    batches = of_file(tmp_path / "timeless.csv", *rows)
    with pytest.raises(HandoffRefused, match="row 3: ts is missing"):
        judged(batches, 0)
    (kept,) = judged(batches, 50)[date(2024, 11, 29)]
    assert kept.signals["symbol"].tolist() == ["ACME"]
