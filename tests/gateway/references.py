"""What a client asks about contracts and the market, and its answers."""

from typing import TYPE_CHECKING

from .answers import Answer
from .bars import bars_asked
from .contracts import CURRENCY, MARKET_RULES
from .errors import Refused
from .faults import Fault
from .layouts import Values
from .market_data import (
    PLENTY,
    SHORTABLE,
    SHORTABLE_LEVEL,
    SHORTABLE_SHARES,
    Subscription,
    data_type,
    shortable_level,
)
from .shown import NEW_YORK, moment

if TYPE_CHECKING:
    from .gateway import Gateway
    from .session import Session


def contract_details(
    gateway: "Gateway", session: "Session", values: Values, fault: Fault | None
) -> None:
    """reqContractDetails: each contract that the description fits."""
    hours = gateway.brokerage.board.session
    opens, closes = hours.open.astimezone(NEW_YORK), hours.close.astimezone(NEW_YORK)
    trading = f"{opens:%Y%m%d:%H%M}-{closes:%Y%m%d:%H%M}"
    for one in gateway.contracts.matching(values):
        details = one.details(values["exchange"] or "SMART", trading)
        session.tell(Answer.CONTRACT_DETAILS, details | {"reqId": values["reqId"]})
    session.tell(Answer.CONTRACT_DETAILS_END, {"reqId": values["reqId"]})


def market_rule(
    gateway: "Gateway", session: "Session", values: Values, fault: Fault | None
) -> None:
    """reqMarketRule: from which price on which increment holds."""
    number = int(values["marketRuleId"])
    if number not in MARKET_RULES:
        raise Refused(321, reason=f"Invalid market rule {number}")
    increments = [{"lowEdge": low, "increment": step} for low, step in MARKET_RULES[number]]
    session.tell(Answer.MARKET_RULE, {"marketRuleId": number, "increments": increments})


def matching_symbols(
    gateway: "Gateway", session: "Session", values: Values, fault: Fault | None
) -> None:
    """reqMatchingSymbols: the contracts whose symbol begins so."""
    samples = [
        one.shown() | {"currency": CURRENCY}
        for one in gateway.contracts.named_like(values["pattern"])
    ]
    session.tell(Answer.SYMBOL_SAMPLES, {"reqId": values["reqId"], "samples": samples})


def market_data_type(
    gateway: "Gateway", session: "Session", values: Values, fault: Fault | None
) -> None:
    """reqMarketDataType: what later requests of this client are for."""
    session.market_data_type = int(values["marketDataType"])


def market_data(
    gateway: "Gateway", session: "Session", values: Values, fault: Fault | None
) -> None:
    """reqMktData: ticks now and, unless a snapshot is asked for, whenever they change."""
    req_id, listed = int(values["reqId"]), gateway.contracts.one(values)
    board = gateway.brokerage.board
    given = data_type(
        session.market_data_type,
        has_live=gateway.has_live_data,
        is_open=gateway.brokerage.now < board.session.close,
    )
    if given is None:
        raise Refused(354)
    if given != session.market_data_type and not gateway.has_live_data:
        session.error(req_id, 10167)
    subscription = Subscription(listed.market_symbol, given)
    session.tell(Answer.MARKET_DATA_TYPE, {"reqId": req_id, "marketDataType": given})
    session.tell(
        Answer.TICK_REQUEST_PARAMETERS,
        {"reqId": req_id, "minTick": "0.01", "bboExchange": "9c0001", "snapshotPermissions": 3},
    )
    show_ticks(gateway, session, req_id, subscription)
    if SHORTABLE in values["genericTickList"].split(","):
        show_shortable(gateway, session, req_id, listed.market_symbol)
    if values["snapshot"] in ("1", "True"):
        session.tell(Answer.TICK_SNAPSHOT_END, {"reqId": req_id})
    else:
        session.subscriptions[req_id] = subscription


def show_ticks(
    gateway: "Gateway", session: "Session", req_id: int, subscription: Subscription
) -> None:
    """Tells what has changed of a stock since the last time."""
    broker = gateway.brokerage
    for tick in subscription.news(broker.board, broker.now):
        values = {"reqId": req_id, "tickType": tick.tick_type, "size": tick.size}
        if tick.price is None:
            session.tell(Answer.TICK_SIZE, values)
        else:
            priced = values | {"price": tick.price, "attributes": 1}
            session.tell(Answer.TICK_PRICE, priced)


def show_shortable(gateway: "Gateway", session: "Session", req_id: int, symbol: str) -> None:
    """Tells how many shares of a stock can be borrowed."""
    board = gateway.brokerage.board
    shares = board.market.borrowable(board.session.date).get(symbol, PLENTY)
    level = {"tickType": SHORTABLE_LEVEL, "value": shortable_level(shares)}
    session.tell(Answer.TICK_GENERIC, {"reqId": req_id} | level)
    count = {"tickType": SHORTABLE_SHARES, "size": shares}
    session.tell(Answer.TICK_SIZE, {"reqId": req_id} | count)


def cancel_market_data(
    gateway: "Gateway", session: "Session", values: Values, fault: Fault | None
) -> None:
    session.subscriptions.pop(int(values["reqId"]), None)


def historical_data(
    gateway: "Gateway", session: "Session", values: Values, fault: Fault | None
) -> None:
    """reqHistoricalData: the trades of days or of parts of the session."""
    broker = gateway.brokerage
    listed = gateway.contracts.one(values)
    bars = bars_asked(values, broker.board, listed.market_symbol, broker.now)
    as_seconds = values["formatDate"] == "2"
    session.tell(
        Answer.HISTORICAL_DATA,
        {
            "reqId": values["reqId"],
            "start": moment(broker.board.session.open),
            "end": moment(broker.now),
            "bars": [one.shown(as_seconds=as_seconds) for one in bars],
        },
    )
