"""Orders and executions as the fields of the messages that show them."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from .book import BookedExecution, BookedOrder
from .contracts import ZONE, Listed
from .layouts import Values, named

NOT_KNOWN = "1.7976931348623157E308"
NEW_YORK = ZoneInfo(ZONE)

_ALWAYS: Values = {
    "hasDeltaNeutralContract": "0",
    "deltaNeutralOrderType": "None",
    "deltaNeutralConId": "0",
    "deltaNeutralShortSale": "0",
    "deltaNeutralShortSaleSlot": "0",
    "conditions": "0",
    "whatIf": "0",
    "commission": NOT_KNOWN,
    "minCommission": NOT_KNOWN,
    "maxCommission": NOT_KNOWN,
    "refFuturesConId": "0",
}
_MARGINS = named(
    "initMarginBefore maintMarginBefore equityWithLoanBefore initMarginChange maintMarginChange "
    "equityWithLoanChange initMarginAfter maintMarginAfter equityWithLoanAfter"
)


def money(value: Decimal) -> str:
    return f"{value:.2f}"


def moment(at: datetime) -> str:
    """A time as IBKR writes it."""
    return f"{at.astimezone(NEW_YORK):%Y%m%d %H:%M:%S} {ZONE}"


def exchange_of(order: BookedOrder) -> str:
    return str(order.fields["exchange"]) or "SMART"


def _order(order: BookedOrder) -> Values:
    fields = order.fields
    return (
        fields
        | Listed(order.market_symbol).shown(exchange_of(order))
        | _ALWAYS
        | {
            "orderId": order.order_id,
            "clientId": order.client_id,
            "permId": order.perm_id,
            "totalQuantity": order.quantity,
            "lmtPrice": fields["lmtPrice"] or "0.0",
            "auxPrice": fields["auxPrice"] or "0.0",
            "tif": fields["tif"] or "DAY",
            "ocaGroup": order.oca_group,
            "ocaType": fields["ocaType"] if order.parent is None else "3",
            "status": order.status,
        }
    )


def open_order(order: BookedOrder) -> Values:
    """openOrder."""
    return _order(order) | dict.fromkeys(map(str, _MARGINS), NOT_KNOWN)


def order_status(order: BookedOrder, parent_id: int = 0) -> Values:
    """orderStatus."""
    return {
        "orderId": order.order_id,
        "status": order.status,
        "filled": order.filled,
        "remaining": order.remaining,
        "avgFillPrice": order.average_price,
        "permId": order.perm_id,
        "parentId": parent_id,
        "lastFillPrice": order.last_price,
        "clientId": order.client_id,
        "whyHeld": order.why_held,
        "mktCapPrice": "0.0",
    }


def completed_order(order: BookedOrder) -> Values:
    """completedOrder: without order id and client id."""
    said = {
        "Filled": f"Filled Size: {order.filled}",
        "Cancelled": f"Cancelled by Trader{': ' + order.reason if order.reason else ''}",
        "Inactive": f"Rejected by System: {order.reason}",
    }
    ended = order.ended_at
    return _order(order) | {
        "totalQuantity": order.quantity,
        "filledQuantity": order.filled,
        "parentPermId": order.parent or 0,
        "completedTime": "" if ended is None else moment(ended),
        "completedStatus": said.get(order.status, order.status),
    }


def execution(order: BookedOrder, one: BookedExecution, req_id: int) -> Values:
    """execDetails; ``req_id`` is -1 where nobody asked."""
    return Listed(order.market_symbol).shown(exchange_of(order)) | {
        "reqId": req_id,
        "orderId": order.order_id,
        "execId": one.exec_id,
        "time": moment(one.at),
        "account": order.fields["account"],
        "execExchange": "NASDAQ",
        "side": "BOT" if order.sign > 0 else "SLD",
        "shares": one.shares,
        "price": one.price,
        "permId": order.perm_id,
        "clientId": order.client_id,
        "liquidation": 0,
        "cumQty": one.cumulative,
        "avgPrice": one.average_price,
        "orderRef": order.fields["orderRef"],
        "evMultiplier": "",
        "lastLiquidity": 2,
        "pendingPriceRevision": 0,
    }


def commission(one: BookedExecution) -> Values:
    """commissionReport."""
    return {
        "execId": one.exec_id,
        "commission": one.commission,
        "currency": "USD",
        "realizedPNL": NOT_KNOWN,
        "yield": NOT_KNOWN,
        "yieldRedemptionDate": "",
    }
