"""An order's name is derived from its intent."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.model.ids import client_order_id, client_order_ids
from orderworks.model.order import Side

NAMES = ["account", "run_key", "strategy", "symbol", "side", "position"]
INTENT: dict[str, Any] = {
    "account": "DU1",
    "run_key": "daily:2026-11-20",
    "strategy": "momentum",
    "symbol": "SPY",
    "side": "buy",
    "position": "child/3",
}

# Few letters, with the digits and the separator of the encoding, to provoke collisions.
TEXT = st.text("a1:", min_size=1, max_size=4) | st.text(min_size=1)
INTENTS = st.tuples(TEXT, TEXT, TEXT, TEXT, st.sampled_from(["buy", "sell"]), TEXT)


def test_the_name_of_an_intent_is_for_ever() -> None:
    """A change here would make every retry across an upgrade send its orders again."""
    assert client_order_id(**INTENT) == "ow-d1046ee1b37c234008dc748f21dda4e5"


@given(INTENTS, INTENTS)
def test_two_intents_share_a_name_only_when_they_are_one(one: Any, other: Any) -> None:
    assert (client_order_id(*one) == client_order_id(*other)) == (one == other)


@given(st.text("ab", min_size=6, max_size=10), st.data())
def test_moving_text_from_one_field_to_the_next_changes_the_name(text: str, data: Any) -> None:
    one, other = (data.draw(st.integers(1, len(text) - 1)) for _ in range(2))
    names = {
        client_order_id("DU1", text[:cut], text[cut:], "SPY", "buy", "parent")
        for cut in (one, other)
    }
    assert len(names) == len({one, other})


@given(INTENTS)
def test_a_name_is_short_ascii(intent: Any) -> None:
    name = client_order_id(*intent)
    assert name.isascii()
    assert len(name) <= 40
    assert name.startswith("ow-")


@given(TEXT, TEXT, st.lists(st.tuples(TEXT, TEXT, st.sampled_from(Side), TEXT), max_size=5))
def test_names_in_bulk_are_the_same_names(account: str, run_key: str, rows: Any) -> None:
    assert client_order_ids(account, run_key, rows) == [
        client_order_id(account, run_key, *row) for row in rows
    ]


def test_a_side_and_a_position_are_the_same_however_they_are_written() -> None:
    assert client_order_id(**INTENT | {"side": Side.BUY}) == client_order_id(**INTENT)
    assert client_order_id(**INTENT | {"position": 3}) == client_order_id(
        **INTENT | {"position": "3"}
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("bad", ["", None, float("nan"), b"x"])
def test_a_field_that_is_no_text_is_named(name: str, bad: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} "):
        client_order_id(**INTENT | {name: bad})


def test_ten_thousand_names(benchmark: Any) -> None:
    rows = [("momentum", f"SYM{i}", "buy", f"child/{i}") for i in range(10_000)]
    names = benchmark(client_order_ids, "DU1", "daily:2026-11-20", rows)
    assert len(set(names)) == 10_000
    assert benchmark.stats.stats.min < 0.040
