"""What the gateway says: every message that it sends, as a table of fields."""

from enum import Enum

from .layouts import Before, Constant, Layout, Repeated, Since, named
from .order_fields import COMPLETED, OPEN, SHOWN_CONTRACT


class Answer(Enum):
    """The messages from server to client, by their number on the wire."""

    TICK_PRICE = 1
    TICK_SIZE = 2
    ORDER_STATUS = 3
    ERROR = 4
    OPEN_ORDER = 5
    ACCOUNT_VALUE = 6
    PORTFOLIO_VALUE = 7
    ACCOUNT_TIME = 8
    NEXT_VALID_ID = 9
    CONTRACT_DETAILS = 10
    EXECUTION = 11
    MANAGED_ACCOUNTS = 15
    HISTORICAL_DATA = 17
    TICK_GENERIC = 45
    CURRENT_TIME = 49
    CONTRACT_DETAILS_END = 52
    OPEN_ORDER_END = 53
    ACCOUNT_DOWNLOAD_END = 54
    EXECUTION_END = 55
    TICK_SNAPSHOT_END = 57
    MARKET_DATA_TYPE = 58
    COMMISSION = 59
    POSITION = 61
    POSITION_END = 62
    ACCOUNT_SUMMARY = 63
    ACCOUNT_SUMMARY_END = 64
    ACCOUNT_UPDATE_MULTI = 73
    ACCOUNT_UPDATE_MULTI_END = 74
    SYMBOL_SAMPLES = 79
    TICK_REQUEST_PARAMETERS = 81
    MARKET_RULE = 93
    COMPLETED_ORDER = 101
    COMPLETED_ORDERS_END = 102


_FIRST, _SECOND, _THIRD, _SIXTH = (Constant(number) for number in "1236")
"""The version of a message itself, where it has one."""

ANSWERS: dict[Answer, Layout] = {
    Answer.TICK_PRICE: (_THIRD, *named("reqId tickType price size attributes")),
    Answer.TICK_SIZE: (_FIRST, *named("reqId tickType size")),
    Answer.TICK_GENERIC: (_SIXTH, *named("reqId tickType value")),
    Answer.ORDER_STATUS: named(
        "orderId status filled remaining avgFillPrice permId parentId lastFillPrice clientId "
        "whyHeld mktCapPrice"
    ),
    Answer.ERROR: (_SECOND, *named("id code message"), Since(166, "advancedOrderRejectJson")),
    Answer.OPEN_ORDER: OPEN,
    Answer.ACCOUNT_VALUE: (_SECOND, *named("tag value currency account")),
    Answer.PORTFOLIO_VALUE: (
        Constant("8"),
        *named(
            "conId symbol secType lastTradeDateOrContractMonth strike right multiplier "
            "primaryExchange currency localSymbol tradingClass position marketPrice marketValue "
            "averageCost unrealizedPNL realizedPNL account"
        ),
    ),
    Answer.ACCOUNT_TIME: (_FIRST, "time"),
    Answer.NEXT_VALID_ID: (_FIRST, "orderId"),
    Answer.CONTRACT_DETAILS: (
        Before(164, Constant("8")),
        *named(
            "reqId symbol secType lastTradeDateOrContractMonth strike right exchange currency "
            "localSymbol marketName tradingClass conId minTick"
        ),
        Before(164, "mdSizeMultiplier"),
        *named(
            "multiplier orderTypes validExchanges priceMagnifier underConId longName "
            "primaryExchange contractMonth industry category subcategory timeZoneId tradingHours "
            "liquidHours evRule evMultiplier"
        ),
        Repeated("secIdList", "tag", "value"),
        *named("aggGroup underSymbol underSecType marketRuleIds realExpirationDate stockType"),
        Since(163, Before(164, "suggestedSizeIncrement")),
        Since(164, *named("minSize sizeIncrement suggestedSizeIncrement")),
    ),
    Answer.EXECUTION: (
        *named("reqId orderId"),
        *SHOWN_CONTRACT,
        *named(
            "execId time account execExchange side shares price permId clientId liquidation cumQty "
            "avgPrice orderRef evRule evMultiplier modelCode lastLiquidity"
        ),
        Since(178, "pendingPriceRevision"),
    ),
    Answer.MANAGED_ACCOUNTS: (_FIRST, "accounts"),
    Answer.HISTORICAL_DATA: (
        *named("reqId start end"),
        Repeated("bars", *named("date open high low close volume average barCount")),
    ),
    Answer.CURRENT_TIME: (_FIRST, "time"),
    Answer.CONTRACT_DETAILS_END: (_FIRST, "reqId"),
    Answer.OPEN_ORDER_END: (_FIRST,),
    Answer.ACCOUNT_DOWNLOAD_END: (_FIRST, "account"),
    Answer.EXECUTION_END: (_FIRST, "reqId"),
    Answer.TICK_SNAPSHOT_END: (_FIRST, "reqId"),
    Answer.MARKET_DATA_TYPE: (_FIRST, *named("reqId marketDataType")),
    Answer.COMMISSION: (
        _FIRST,
        *named("execId commission currency realizedPNL yield yieldRedemptionDate"),
    ),
    Answer.POSITION: (_THIRD, "account", *SHOWN_CONTRACT, "position", "avgCost"),
    Answer.POSITION_END: (_FIRST,),
    Answer.ACCOUNT_SUMMARY: (_FIRST, *named("reqId account tag value currency")),
    Answer.ACCOUNT_SUMMARY_END: (_FIRST, "reqId"),
    Answer.ACCOUNT_UPDATE_MULTI: (
        _FIRST,
        *named("reqId account modelCode tag value currency"),
    ),
    Answer.ACCOUNT_UPDATE_MULTI_END: (_FIRST, "reqId"),
    Answer.SYMBOL_SAMPLES: (
        "reqId",
        Repeated(
            "samples",
            *named("conId symbol secType primaryExchange currency"),
            Repeated("derivativeSecTypes", "secType"),
            Since(176, *named("description issuerId")),
        ),
    ),
    Answer.TICK_REQUEST_PARAMETERS: named("reqId minTick bboExchange snapshotPermissions"),
    Answer.MARKET_RULE: ("marketRuleId", Repeated("increments", "lowEdge", "increment")),
    Answer.COMPLETED_ORDER: COMPLETED,
    Answer.COMPLETED_ORDERS_END: (),
}
"""The fields of each message behind its number."""
