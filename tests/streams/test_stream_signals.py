"""Signals from a real stream: what a range holds, and how its rows are named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas import Timestamp

from orderworks.handoffs import HandoffRefused, check
from orderworks.model.errors import InputError
from orderworks.streams.connection import Redis
from orderworks.streams.signals import newest_of_each, read_range, signals_of

STREAM = "execution:signals"
SIGNAL = {
    "strategy": "momentum",
    "symbol": "AAPL",
    "direction": "long",
    "strength": "0.5",
    "price": "182.52",
    "ts": "2026-11-20T14:30:00Z",
}


@pytest.fixture
def redis(redis_url: str) -> Redis:
    return Redis(redis_url)


def add(redis: Redis, entry_id: str, **fields: str) -> None:
    with redis.asked() as client:
        client.xadd(STREAM, SIGNAL | fields, id=entry_id)


def test_a_range_begins_after_one_id_and_ends_with_another(redis: Redis) -> None:
    for number in range(1, 2_503):
        add(redis, f"5-{number}")
    found = read_range(redis, STREAM, "5-1", "5-2501")
    assert [entry_id for entry_id, _ in found] == [f"5-{n}" for n in range(2, 2_502)]
    assert read_range(redis, STREAM, "5-2502", "6-0") == []
    assert read_range(redis, "nothing", "0-0", "6-0") == []


def test_entries_are_signals_as_in_a_file(redis: Redis) -> None:
    add(redis, "7-0")
    add(redis, "7-1", symbol="MSFT", quantity="100", order_type="limit")
    table = signals_of(STREAM, read_range(redis, STREAM, "0-0", "8-0"))
    assert table.frame["row"].tolist() == [1, 2]
    assert table.frame["quantity"].tolist()[1] == 100
    assert table.frame["ts"].tolist() == [Timestamp("2026-11-20T14:30Z")] * 2
    # As a file with order types gets the prices that they may lack.
    assert "stop_price" in table.frame
    assert len(check("signals", table.frame, raw=table.raw).accepted) == 2


def test_a_bad_row_is_quarantined_under_its_entrys_id(redis: Redis) -> None:
    add(redis, "7-0")
    add(redis, "7-9", symbol="MSFT", price="high")
    table = signals_of(STREAM, read_range(redis, STREAM, "0-0", "8-0"))
    checked = check("signals", table.frame, raw=table.raw, max_quarantined_pct=50)
    assert [row.row for row in checked.quarantined] == ["7-9"]
    assert checked.quarantined[0].content["price"] == "high"
    with pytest.raises(HandoffRefused, match="entry 7-9: price"):
        check("signals", table.frame, raw=table.raw)


def test_text_that_is_no_text_breaks_a_rule_of_its_row(redis: Redis) -> None:
    with redis.asked() as client:
        client.xadd(STREAM, SIGNAL | {"symbol": b"\xff\xfe"}, id="7-0")
    table = signals_of(STREAM, read_range(redis, STREAM, "0-0", "8-0"))
    with pytest.raises(HandoffRefused, match="entry 7-0: symbol"):
        check("signals", table.frame, raw=table.raw)


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"prize": "1"}, "did you mean 'price'"), ({"ts": "2026-11-20T14:30:00"}, "no time zone")],
)
def test_what_is_no_signal_is_refused_by_its_entrys_id(
    redis: Redis, fields: dict[str, str], said: str
) -> None:
    add(redis, "7-0")
    add(redis, "7-1", **fields)
    with pytest.raises(InputError, match=rf"^{STREAM}: entry 7-1: .*{said}"):
        signals_of(STREAM, read_range(redis, STREAM, "0-0", "8-0"))


NAMES = st.tuples(st.sampled_from("ab"), st.sampled_from("XYZ"))


@given(st.lists(NAMES, max_size=12))
def test_the_last_word_on_each_strategy_and_symbol_stands(names: list[tuple[str, str]]) -> None:
    entries = [
        (f"1-{n}", {"strategy": strategy, "symbol": symbol})
        for n, (strategy, symbol) in enumerate(names)
    ]
    kept = newest_of_each(entries)
    assert kept == [e for n, e in enumerate(entries) if names[n] not in names[n + 1 :]]
