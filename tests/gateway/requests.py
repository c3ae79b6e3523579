"""What a client asks: every message that the gateway takes, as a table of fields."""

from enum import Enum

from .layouts import Constant, Layout, Since, named
from .order_fields import CONTRACT, PLACED


class Request(Enum):
    """The messages from client to server, by their number on the wire."""

    MARKET_DATA = 1
    CANCEL_MARKET_DATA = 2
    PLACE_ORDER = 3
    CANCEL_ORDER = 4
    OPEN_ORDERS = 5
    ACCOUNT_UPDATES = 6
    EXECUTIONS = 7
    IDS = 8
    CONTRACT_DETAILS = 9
    SERVER_LOG_LEVEL = 14
    AUTO_OPEN_ORDERS = 15
    ALL_OPEN_ORDERS = 16
    MANAGED_ACCOUNTS = 17
    HISTORICAL_DATA = 20
    CANCEL_HISTORICAL_DATA = 25
    CURRENT_TIME = 49
    GLOBAL_CANCEL = 58
    MARKET_DATA_TYPE = 59
    POSITIONS = 61
    ACCOUNT_SUMMARY = 62
    CANCEL_ACCOUNT_SUMMARY = 63
    CANCEL_POSITIONS = 64
    START_API = 71
    ACCOUNT_UPDATES_MULTI = 76
    CANCEL_ACCOUNT_UPDATES_MULTI = 77
    MATCHING_SYMBOLS = 81
    MARKET_RULE = 91
    COMPLETED_ORDERS = 99


_VERSION = Constant("")
"""The version of a message itself, which says nothing any more."""

REQUESTS: dict[Request, Layout] = {
    Request.MARKET_DATA: (
        _VERSION,
        "reqId",
        *CONTRACT,
        *named("hasDeltaNeutralContract genericTickList snapshot regulatorySnapshot options"),
    ),
    Request.CANCEL_MARKET_DATA: (_VERSION, "reqId"),
    Request.PLACE_ORDER: PLACED,
    Request.CANCEL_ORDER: (_VERSION, "orderId", Since(169, "manualCancelOrderTime")),
    Request.OPEN_ORDERS: (_VERSION,),
    Request.ACCOUNT_UPDATES: (_VERSION, "subscribe", "account"),
    Request.EXECUTIONS: (
        _VERSION,
        *named("reqId clientId acctCode time symbol secType exchange side"),
    ),
    Request.IDS: (_VERSION, "count"),
    Request.CONTRACT_DETAILS: (
        _VERSION,
        "reqId",
        *CONTRACT,
        *named("includeExpired secIdType secId"),
        Since(176, "issuerId"),
    ),
    Request.SERVER_LOG_LEVEL: (_VERSION, "level"),
    Request.AUTO_OPEN_ORDERS: (_VERSION, "autoBind"),
    Request.ALL_OPEN_ORDERS: (_VERSION,),
    Request.MANAGED_ACCOUNTS: (_VERSION,),
    Request.HISTORICAL_DATA: (
        "reqId",
        *CONTRACT,
        *named(
            "includeExpired endDateTime barSizeSetting durationStr useRTH whatToShow formatDate "
            "keepUpToDate options"
        ),
    ),
    Request.CANCEL_HISTORICAL_DATA: (_VERSION, "reqId"),
    Request.CURRENT_TIME: (_VERSION,),
    Request.GLOBAL_CANCEL: (_VERSION,),
    Request.MARKET_DATA_TYPE: (_VERSION, "marketDataType"),
    Request.POSITIONS: (_VERSION,),
    Request.ACCOUNT_SUMMARY: (_VERSION, "reqId", "group", "tags"),
    Request.CANCEL_ACCOUNT_SUMMARY: (_VERSION, "reqId"),
    Request.CANCEL_POSITIONS: (_VERSION,),
    Request.START_API: (_VERSION, "clientId", "optionalCapabilities"),
    Request.ACCOUNT_UPDATES_MULTI: (_VERSION, *named("reqId account modelCode ledgerAndNLV")),
    Request.CANCEL_ACCOUNT_UPDATES_MULTI: (_VERSION, "reqId"),
    Request.MATCHING_SYMBOLS: ("reqId", "pattern"),
    Request.MARKET_RULE: ("marketRuleId",),
    Request.COMPLETED_ORDERS: ("apiOnly",),
}
"""The fields of each message behind its number."""
