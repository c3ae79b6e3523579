"""What is written by a layout is read by it, at every server version."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .answers import ANSWERS, Answer
from .layouts import Constant, Item, Layout, Repeated, Unreadable, Values, read, write
from .order_fields import OPEN
from .requests import REQUESTS, Request

LAYOUTS: list[Layout] = [*REQUESTS.values(), *ANSWERS.values()]
TEXTS = st.sampled_from(["", "1", "0.5", "7"])


def _names(layout: tuple[Item, ...]) -> Iterator[str | Repeated]:
    for item in layout:
        if isinstance(item, str | Repeated):
            yield item
        elif not isinstance(item, Constant):
            yield from _names(item.items)


def _values(layout: tuple[Item, ...]) -> st.SearchStrategy[Values]:
    fields: dict[str, st.SearchStrategy[Any]] = {}
    for one in _names(layout):
        if isinstance(one, str):
            fields[one] = TEXTS
        else:
            fields[one.name] = st.lists(_values(one.items), max_size=2)
    return st.fixed_dictionaries(fields)


@given(st.data(), st.sampled_from(LAYOUTS), st.integers(157, 178))
def test_what_is_written_is_read(data: st.DataObject, layout: Layout, version: int) -> None:
    values = data.draw(_values(layout))
    fields = iter(write(layout, values, version))
    assert _is_part(read(layout, fields, version), values)
    assert next(fields, None) is None


def _is_part(found: Values, values: Values) -> bool:
    return all(
        len(values[name]) == len(value)
        and all(_is_part(one, row) for one, row in zip(value, values[name], strict=True))
        if isinstance(value, list)
        else values[name] == value
        for name, value in found.items()
    )


def test_every_message_has_a_layout() -> None:
    assert set(REQUESTS) == set(Request)
    assert set(ANSWERS) == set(Answer)


def test_a_real_open_order_has_135_fields() -> None:
    """As read in the client: 134 behind the message's number, the status at 93."""
    values = {"deltaNeutralOrderType": "None", "orderRef": "r", "status": "s", "permId": "p"}
    fields = ["5", *write(OPEN, values, 178)]
    assert len(fields) == 135
    assert (fields[23], fields[25], fields[93]) == ("r", "p", "s")


def test_a_message_that_ends_too_early_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        read(REQUESTS[Request.PLACE_ORDER], iter(["7", "0", "ACME"]), 178)
