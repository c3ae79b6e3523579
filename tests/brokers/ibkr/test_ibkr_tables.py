"""What is sent, what statuses and codes mean, which gateway is meant: tables, held to what must be so."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from ib_async.util import UNSET_DOUBLE
from served_broker import limit

from orderworks.brokers.ibkr.accounts import check_configured, check_managed, mode_of
from orderworks.brokers.ibkr.amounts import to_decimal, to_float
from orderworks.brokers.ibkr.contracts import stock, symbol_of
from orderworks.brokers.ibkr.errors import CODES, Meaning, code_of, sentence_of
from orderworks.brokers.ibkr.orders import (
    batch,
    good_till_date,
    message_of,
    names_as_sent,
    read_moment,
    revised,
)
from orderworks.brokers.ibkr.states import STANDING, Evidence, state_of
from orderworks.model.errors import BrokerError
from orderworks.model.order import TYPES_OF, OrderType, Replacement, Side, TimeInForce
from orderworks.model.state import TERMINAL, OrderState

CLOSE = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
PRICES = st.decimals("0.0001", "999999", places=4)


@pytest.mark.parametrize(
    ("changes", "wire"),
    [
        ({}, ("LMT", "DAY", 99.5, UNSET_DOUBLE)),
        ({"order_type": OrderType.MARKET}, ("MKT", "DAY", UNSET_DOUBLE, UNSET_DOUBLE)),
        ({"order_type": OrderType.STOP}, ("STP", "DAY", UNSET_DOUBLE, 98.25)),
        ({"order_type": OrderType.STOP_LIMIT}, ("STP LMT", "DAY", 99.5, 98.25)),
        ({"tif": TimeInForce.CLS}, ("LOC", "DAY", 99.5, UNSET_DOUBLE)),
        (
            {"tif": TimeInForce.CLS, "order_type": OrderType.MARKET},
            ("MOC", "DAY", UNSET_DOUBLE, UNSET_DOUBLE),
        ),
        ({"tif": TimeInForce.OPG}, ("LMT", "OPG", 99.5, UNSET_DOUBLE)),
        ({"tif": TimeInForce.IOC}, ("LMT", "IOC", 99.5, UNSET_DOUBLE)),
        ({"tif": TimeInForce.FOK}, ("LMT", "FOK", 99.5, UNSET_DOUBLE)),
        ({"tif": TimeInForce.GTC}, ("LMT", "GTC", 99.5, UNSET_DOUBLE)),
        (
            {"order_type": OrderType.TRAILING_STOP, "trail_amount": Decimal("1.5")},
            ("TRAIL", "DAY", UNSET_DOUBLE, 1.5),
        ),
    ],
)
def test_each_kind_of_order(changes: dict[str, object], wire: tuple[object, ...]) -> None:
    kind = changes.get("order_type", OrderType.LIMIT)
    if kind not in (OrderType.LIMIT, OrderType.STOP_LIMIT):
        changes["limit_price"] = None
    if kind in (OrderType.STOP, OrderType.STOP_LIMIT):
        changes["stop_price"] = Decimal("98.25")
    message = message_of(limit("a", 7, "99.5", **changes))
    assert (message.orderType, message.tif, message.lmtPrice, message.auxPrice) == wire
    assert (message.action, message.totalQuantity) == ("BUY", 7.0)


def test_a_trail_in_per_cent() -> None:
    order = limit(
        *("a", 7, "1"),
        order_type=OrderType.TRAILING_STOP,
        limit_price=None,
        trail_percent=Decimal("0.025"),
    )
    message = message_of(order)
    assert (message.trailingPercent, message.auxPrice) == (2.5, UNSET_DOUBLE)


@given(
    tif=st.sampled_from([t for t in TimeInForce if t is not TimeInForce.GTD]),
    side=st.sampled_from(list(Side)),
    price=PRICES,
)
def test_what_presets_could_fill_in_is_always_stated(
    tif: TimeInForce, side: Side, price: Decimal
) -> None:
    assert OrderType.LIMIT in TYPES_OF.get(tif, (OrderType.LIMIT,))
    order = limit("a", 1, str(price), tif=tif, side=side)
    message = message_of(order)
    assert message.tif
    assert message.account == order.account
    assert message.orderRef == order.client_order_id
    assert message.transmit
    assert not message.outsideRth
    assert to_decimal(message.lmtPrice or 0.0) == price


@given(PRICES)
def test_a_price_is_written_as_it_is(price: Decimal) -> None:
    assert Decimal(str(to_float(price))) == price


def test_what_no_float_stands_for_is_not_sent() -> None:
    with pytest.raises(BrokerError, match=r"ow-a cannot be sent: 1\.000000000000000001 has more"):
        message_of(limit("a", 1, "1.000000000000000001"))


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_good_till_date_says_its_zone_and_reads_back(at: datetime) -> None:
    at = at.replace(microsecond=0)
    text = good_till_date(at)
    assert text.endswith(" US/Eastern")
    # In the hour that autumn repeats, a time of New York is two.
    assume(abs((read_moment(text) or CLOSE) - at) != timedelta(hours=1))
    assert read_moment(text) == at


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("20261120 16:00:00 US/Eastern", CLOSE),
        ("20261120 16:00:00 EST", CLOSE),
        ("20261120-21:00:00", CLOSE),
        ("", None),
        ("tomorrow", None),
        ("20261120 16:00:00 Nowhere/Town", None),
    ],
)
def test_times_as_the_broker_writes_them(text: str, at: datetime | None) -> None:
    assert read_moment(text) == at


def test_a_bracket_is_held_until_its_last_exit() -> None:
    exits = {"attached_to": "ow-e", "side": Side.SELL, "oca_group": "g"}
    orders = [limit("e", 9, "1"), limit("s", 9, "2", **exits), limit("t", 9, "3", **exits)]
    numbers = {"ow-e": 5, "ow-s": 6, "ow-t": 7, "ow-x": 8}
    whole = [*orders, limit("x", 1, "4")]
    first, last = batch(whole, numbers, {})
    assert [one.client_order_id for one in (*first, *last)] == names_as_sent(whole)
    assert [(o.order_id, o.message.transmit, o.message.parentId) for o in first] == [
        (5, False, 0),
        (8, True, 0),
    ]
    assert [(o.order_id, o.message.transmit, o.message.parentId) for o in last] == [
        (6, False, 5),
        (7, True, 5),
    ]
    assert {(o.message.ocaGroup, o.message.ocaType) for o in last} == {("g", 2)}


def test_an_exit_after_its_entry_is_attached_to_it_while_it_rests() -> None:
    late = limit("s", 9, "2", attached_to="ow-e", side=Side.SELL)
    for entries, parent_id in (({"ow-e": 5}, 5), ({}, 0)):
        [one], [] = batch([late], {"ow-s": 6}, entries)
        assert (one.message.parentId, one.message.transmit) == (parent_id, True)


def test_a_change_keeps_what_it_does_not_name() -> None:
    exit_order = limit("s", 9, "2", attached_to="ow-e", oca_group="g", tif=TimeInForce.GTC)
    message = message_of(exit_order, 5, transmit=False)
    changed = revised(message, Replacement("ow-s", 4, Decimal("2.5")))
    assert (changed.totalQuantity, changed.lmtPrice, changed.transmit) == (4.0, 2.5, True)
    assert (changed.parentId, changed.ocaGroup, changed.tif, changed.orderRef) == (
        *(5, "g", "GTC"),
        "ow-s",
    )
    assert message.totalQuantity == 9.0


def test_share_classes() -> None:
    contract = stock("BRK.B")
    assert (contract.symbol, symbol_of(contract)) == ("BRK B", "BRK.B")


# States ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "evidence", "state"),
    [
        ("ApiPending", Evidence(9, 0), "PENDING"),
        ("PendingSubmit", Evidence(9, 0), "PENDING"),
        ("PreSubmitted", Evidence(9, 0), "SUBMITTED"),
        ("Submitted", Evidence(9, 0), "SUBMITTED"),
        ("Submitted", Evidence(9, 4), "PARTIALLY_FILLED"),
        ("Submitted", Evidence(9, 9), "FILLED"),
        ("PendingCancel", Evidence(9, 4), "PARTIALLY_FILLED"),
        ("Filled", Evidence(9, 9), "FILLED"),
        ("Cancelled", Evidence(9, 4), "CANCELLED"),
        ("ApiCancelled", Evidence(9, 0), "CANCELLED"),
        ("Cancelled", Evidence(9, 0, rejected=True), "REJECTED"),
        ("Cancelled", Evidence(9, 4, rejected=True), "CANCELLED"),
        ("Cancelled", Evidence(9, 0, expires_at=CLOSE, at=CLOSE), "EXPIRED"),
        (
            "Cancelled",
            Evidence(9, 0, expires_at=CLOSE, at=CLOSE - timedelta(seconds=1)),
            "CANCELLED",
        ),
        ("Inactive", Evidence(9, 0, rejected=True), "REJECTED"),
        ("Inactive", Evidence(9, 0, held=True), "SUBMITTED"),
        ("Inactive", Evidence(9, 0), "UNKNOWN"),
        ("ValidationError", Evidence(9, 0), "UNKNOWN"),
        ("", Evidence(9, 0), "UNKNOWN"),
    ],
)
def test_where_an_order_stands(status: str, evidence: Evidence, state: str) -> None:
    assert state_of(status, evidence) is OrderState(state)


@given(
    status=st.text() | st.sampled_from(sorted(STANDING)),
    filled=st.integers(0, 9),
    rejected=st.booleans(),
    held=st.booleans(),
)
def test_only_four_statuses_can_end_an_order(
    status: str, filled: int, rejected: bool, held: bool
) -> None:
    state = state_of(status, Evidence(9, filled, rejected, held, CLOSE, CLOSE))
    if state in TERMINAL and state is not OrderState.FILLED:
        assert status in ("Cancelled", "ApiCancelled", "Inactive")
    if state is OrderState.REJECTED:
        assert rejected
        assert not filled


# Codes -------------------------------------------------------------------------------------------


@given(st.integers(0, 20_000), st.text(max_size=40))
def test_every_code_has_a_sentence(number: int, text: str) -> None:
    sentence = sentence_of(number, text)
    assert sentence.endswith(f"(code {number})")
    assert "\n" not in sentence
    if number not in CODES:
        assert code_of(number).meaning in (Meaning.NOTICE, Meaning.UNSURE)


def test_notices_are_none_of_the_others() -> None:
    for number in (2104, 2106, 2158, 2103, 2108, 399, 10349, 2109):
        assert code_of(number).meaning is Meaning.NOTICE
    assert code_of(2110).meaning is Meaning.LINK_LOST


# Accounts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("account", "mode"),
    [
        ("DU1234567", "paper"),
        ("DUK123456", "paper"),
        ("DUD12345", "paper"),
        ("DUM12345", "paper"),
        ("DF123456", "paper"),
        ("du1234567", "paper"),
        ("U1234567", "live"),
        ("F1234567", "live"),
    ],
)
def test_paper_and_live_by_the_id(account: str, mode: str) -> None:
    assert mode_of(account) == mode
    check_configured(account, 4010, mode)
    check_managed(account, mode, [account], "here")
    with pytest.raises(BrokerError, match=r"broker\.paper_trading asks for"):
        check_configured(account, 4010, "live" if mode == "paper" else "paper")


@pytest.mark.parametrize(
    ("port", "fits"), [(4001, "live"), (7496, "live"), (4002, "paper"), (7497, "paper")]
)
def test_the_usual_ports(port: int, fits: str) -> None:
    accounts = {"paper": "DU1", "live": "U1"}
    for mode, account in accounts.items():
        if mode == fits:
            check_configured(account, port, mode)
        else:
            with pytest.raises(BrokerError, match=rf"port {port} is that of {fits} trading"):
                check_configured(account, port, mode)


@pytest.mark.parametrize(
    ("managed", "says"),
    [
        ([], "manages no account"),
        (["DU2"], "manages DU2 and only DU1"),
        (["DU1", "DU2"], "only DU1 may be traded"),
        (["U1"], "live account U1"),
        (["DU1", "U1"], "live account U1"),
    ],
)
def test_any_other_account_stops_everything(managed: list[str], says: str) -> None:
    with pytest.raises(BrokerError, match=says):
        check_managed("DU1", "paper", managed, "here")
