"""The encoding: whatever the model can say comes back as it was, and nothing else comes in."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.brokers.adapter import BrokerOrder, MarginEffect, Report, ReportKind, Snapshot
from orderworks.brokers.simulated.messages import (
    REQUEST_OF,
    Advance,
    Answer,
    AskOrder,
    AskWhatIf,
    Cancel,
    Hello,
    Refusal,
    Replace,
    Request,
    Submit,
    answer_line,
    read_answer,
    read_request,
    request_line,
)
from orderworks.brokers.simulated.wire import Malformed, decode, encode
from orderworks.model.corporate_action import ActionKind, AppliedAction
from orderworks.model.fill import Fill
from orderworks.model.order import (
    Algo,
    NativeAlgo,
    Order,
    OrderType,
    Replacement,
    Side,
    TimeInForce,
)
from orderworks.model.portfolio import Portfolio, Position
from orderworks.model.state import OrderState

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
MONEY = st.integers(0, 28).flatmap(
    lambda places: st.decimals(-(10**12), 10**12, places=places, allow_nan=False)
)
PRICES = st.decimals("0.0001", 10**6, places=4)
SHARES = st.integers(1, 10**9)
MOMENTS = st.datetimes(timezones=st.just(UTC))


NATIVE = st.builds(
    lambda start, length, outlasts, share, takes: NativeAlgo(
        Algo.IBKR_VWAP, start, start + length, outlasts, share, takes
    ),
    st.datetimes(max_value=datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.timedeltas(timedelta(seconds=1), timedelta(days=1)),
    st.booleans(),
    st.decimals(1, 50, places=2),
    st.booleans(),
)


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """Any order that can be built."""
    kind = draw(st.sampled_from(OrderType))
    times = [TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD]
    tif = draw(st.sampled_from(times[:1] if kind is OrderType.MIDPRICE else times))
    amount, percent = draw(st.sampled_from([(Decimal("0.25"), None), (None, Decimal("0.0125"))]))
    trails = kind is OrderType.TRAILING_STOP
    return Order(
        draw(NAMES),
        draw(NAMES),
        draw(NAMES),
        draw(st.sampled_from(Side)),
        draw(SHARES),
        kind,
        draw(PRICES) if kind in (OrderType.LIMIT, OrderType.STOP_LIMIT) else None,
        tif,
        draw(PRICES) if kind in (OrderType.STOP, OrderType.STOP_LIMIT) else None,
        amount if trails else None,
        percent if trails else None,
        draw(MOMENTS) if tif is TimeInForce.GTD else None,
        draw(st.none() | NAMES),
        draw(st.none() | NAMES),
        draw(st.none() | NATIVE) if _is_plain(kind, tif) else None,
    )


def _is_plain(kind: OrderType, tif: TimeInForce) -> bool:
    return kind in (OrderType.MARKET, OrderType.LIMIT) and tif is TimeInForce.DAY


REPLACEMENTS = st.builds(Replacement, NAMES, SHARES, st.none() | PRICES, st.none() | PRICES)
FILLS = st.builds(
    Fill, NAMES, NAMES, NAMES, st.sampled_from(Side), SHARES, PRICES, MONEY, MOMENTS,
    st.none() | NAMES,
)  # fmt: skip
REPORTS = st.builds(
    Report, st.sampled_from(ReportKind), NAMES, MOMENTS, NAMES, st.none() | NAMES,
    st.none() | FILLS, st.none() | REPLACEMENTS, st.booleans(), st.none() | SHARES,
)  # fmt: skip
BROKER_ORDERS = st.builds(
    BrokerOrder, NAMES, NAMES, NAMES, NAMES, SHARES, SHARES, st.sampled_from(OrderState),
    st.none() | NAMES, MOMENTS, st.none() | PRICES, st.none() | PRICES, st.none() | PRICES,
)  # fmt: skip
RATIOS = st.fractions(0, 100).filter(bool)
ACTIONS = st.builds(
    AppliedAction, NAMES, st.dates(), NAMES, st.just(ActionKind.SPLIT), RATIOS, st.none(),
    st.integers(-(10**9), 10**9), MONEY, MOMENTS,
)  # fmt: skip
PORTFOLIOS = st.builds(
    Portfolio, NAMES, MONEY,
    st.dictionaries(NAMES, st.builds(Position, NAMES, st.integers(-(10**9), 10**9), MONEY)),
)  # fmt: skip


def several(items: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, max_size=3).map(tuple)


REQUESTS: st.SearchStrategy[Request] = st.one_of(
    st.builds(Hello, NAMES, st.none() | st.dates()),
    st.builds(Submit, several(orders()), MOMENTS),
    st.builds(Cancel, several(NAMES), MOMENTS),
    st.builds(Replace, several(REPLACEMENTS), MOMENTS),
    st.builds(Advance, MOMENTS),
    st.builds(AskOrder, NAMES),
    st.builds(AskWhatIf, several(orders())),
    *(st.builds(kind) for name, kind in REQUEST_OF.items() if name in ("snapshot", "time")),
)
ANSWERS = st.builds(
    Answer, MOMENTS, several(REPORTS), st.none() | BROKER_ORDERS, st.none() | PORTFOLIOS,
    st.none()
    | st.builds(
        Snapshot, MOMENTS, PORTFOLIOS, several(BROKER_ORDERS), several(FILLS), several(ACTIONS)
    ),
    several(
        st.builds(MarginEffect, NAMES, MONEY, MONEY, MONEY, MONEY, st.none() | MONEY, NAMES, NAMES)
    ),
)  # fmt: skip


@given(number=st.integers(0, 2**40), request=REQUESTS)
def test_a_request_comes_back_as_it_was(number: int, request: Request) -> None:
    line = request_line(number, request)
    assert line.count(b"\n") == 1
    assert read_request(line) == (number, request)


@given(number=st.none() | st.integers(0, 2**40), answer=ANSWERS | st.builds(Refusal, NAMES))
def test_an_answer_comes_back_as_it_was(number: int | None, answer: Answer | Refusal) -> None:
    assert read_answer(answer_line(number, answer)) == (number, answer)


@given(MONEY)
def test_a_decimal_keeps_every_digit(value: Decimal) -> None:
    back = decode(Decimal, json.loads(json.dumps(encode(value))))
    assert back.as_tuple() == value.as_tuple()


def test_a_time_travels_in_utc() -> None:
    there = datetime(2026, 11, 20, 9, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert encode(there) == "2026-11-20T14:30:00+00:00"
    assert decode(datetime, "2026-11-20T09:30:00-05:00") == there
    with pytest.raises(ValueError, match="must have a zone"):
        encode(there.replace(tzinfo=None))


@pytest.mark.parametrize("text", ["1/0", "-1/2", "1/2/3", "1.5", "1e9", "", "/2", "²", 2])
def test_a_ratio_that_is_none_is_refused(text: object) -> None:
    with pytest.raises(Malformed, match="must be a ratio"):
        decode(Fraction, text)


GOOD = encode(
    Submit(
        (Order("ow-1", "SIM1", "A", Side.BUY, 5, OrderType.LIMIT, Decimal("10.01")),),
        datetime(2026, 11, 20, 14, 30, tzinfo=UTC),
    )
)


def spoilt(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(json.dumps(GOOD))
    change(message["orders"][0])
    return message


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda o: o.update(quantity="5"),
         "orders[0].quantity: must be a whole number of 64 bits, not '5'"),
        (lambda o: o.update(quantity=True),
         "orders[0].quantity: must be a whole number of 64 bits, not True"),
        (lambda o: o.update(quantity=10**30),
         "orders[0].quantity: must be a whole number of 64 bits, not a larger one"),
        (lambda o: o.update(quantity=0), "orders[0]: quantity must be positive, not 0"),
        (lambda o: o.update(limit_price=10.01),
         "orders[0].limit_price: must be a decimal written as text, not 10.01"),
        (lambda o: o.update(limit_price="NaN"),
         "orders[0].limit_price: must be a decimal written as text, not 'NaN'"),
        (lambda o: o.update(limit_price="1e999999"),
         "orders[0].limit_price: must be a decimal of at most 64 digits"),
        (lambda o: o.update(side="hold"), "orders[0].side: must be one of buy, sell, not 'hold'"),
        (lambda o: o.update(symbol="A\0"), "orders[0].symbol: must be text without NUL"),
        (lambda o: o.update(symbol="\ud800"),
         "orders[0].symbol: must be text that UTF-8 can write"),
        (lambda o: o.update(colour="red"), "orders[0]: 'colour' is not known here"),
        (lambda o: o.pop("symbol"), "orders[0]: symbol is missing"),
        (lambda o: o.update(good_till="2026-11-20T14:30:00"),
         "orders[0].good_till: must be a time with a zone such as 2026-11-20T14:30:00Z, "
         "not '2026-11-20T14:30:00'"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_its_place(
    change: Callable[[dict[str, Any]], None], told: str
) -> None:
    with pytest.raises(Malformed) as refused:
        decode(Submit, spoilt(change))
    assert str(refused.value) == told


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(
    st.binary()
    | JSON.map(lambda data: json.dumps(data).encode())
    | st.fixed_dictionaries(
        {"id": JSON, "ask": st.sampled_from([*REQUEST_OF, "dance"])},
        optional={"orders": JSON, "at": JSON, "until": JSON, "account": JSON},
    ).map(lambda data: json.dumps(data).encode())
)
def test_any_bytes_are_a_request_or_malformed(line: bytes) -> None:
    try:
        number, request = read_request(line)
    except Malformed:
        return
    assert read_request(request_line(number, request)) == (number, request)


def test_depth_and_size_are_malformed_like_anything_else() -> None:
    for line in (b"[" * 100_000, b'{"id":' + b"9" * 10_000 + b"}", b'{"id":NaN}'):
        with pytest.raises(Malformed):
            read_request(line)
