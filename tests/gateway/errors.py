"""The errors of the API that the gateway sends: their codes and their texts."""

TEXTS: dict[int, str] = {
    100: "Max rate of messages per second has been exceeded: max={limit}",
    103: "Duplicate order id",
    104: "Can't modify a filled order.",
    105: "Order being modified does not match original order.",
    110: "The price does not conform to the minimum price variation for this contract.",
    113: "The TIF should be DAY for MOC, LOC and MIDPRICE orders.",
    135: "Can't find order with ID = {id}",
    145: "Error in validating entry fields -{reason}",
    158: "Trailing stop orders can be attached to limit or stop-limit orders only.",
    161: "Cancel attempted when order is not in a cancellable state. Order permId = {permId}",
    162: "Historical Market Data Service error message: {reason}",
    200: "No security definition has been found for the request",
    201: "Order rejected - reason: {reason}",
    202: "Order Canceled - reason: {reason}",
    321: "Error validating request. {reason}",
    326: "Unable to connect as the client id is already in use. Retry with a unique client id.",
    329: "Order modify failed. Cannot change to the new order type.",
    354: "Requested market data is not subscribed. Delayed market data is available.",
    399: "Order Message: Warning: your order will not be placed at the exchange until the open.",
    404: "Shares for this order are not immediately available for short sale. The order will be "
    "held while we attempt to locate the shares.",
    434: "The order size cannot be zero.",
    439: "Order processing failed. Algorithm definition not found.",
    440: "Order modify failed. Algorithm cannot be modified.",
    441: "Algo attributes validation failed: {reason}",
    442: "Specified algorithm is not allowed for this order.",
    443: "Order processing failed. Unknown algo attribute:{reason}",
    460: "No trading permissions.",
    1100: "Connectivity between IBKR and Trader Workstation has been lost.",
    1101: "Connectivity between IBKR and Trader Workstation has been restored - data lost.",
    1102: "Connectivity between IBKR and Trader Workstation has been restored - data maintained.",
    1300: "TWS socket port has been reset and this connection is being dropped.",
    2103: "Market data farm connection is broken:usfarm",
    2104: "Market data farm connection is OK:usfarm",
    2105: "HMDS data farm connection is broken:ushmds",
    2106: "HMDS data farm connection is OK:ushmds",
    2107: "HMDS data farm connection is inactive but should be available upon demand.ushmds",
    2108: "Market data farm connection is inactive but should be available upon demand.usfarm",
    2109: "Order Event Warning: Attribute 'Outside Regular Trading Hours' is ignored based on the "
    "order type and destination. PlaceOrder is now being processed.",
    2110: "Connectivity between Trader Workstation and server is broken. It will be restored "
    "automatically.",
    2158: "Sec-def data farm connection is OK:secdefnj",
    10006: "Missing parent order",
    10147: "OrderId {id} that needs to be cancelled is not found.",
    10148: "OrderId {id} that needs to be cancelled cannot be cancelled, state: {state}.",
    10167: "Requested market data is not subscribed. Displaying delayed market data.",
    10243: "Fractional-sized order cannot be placed via API. Please use TWS to place this order.",
    10349: "Order TIF was set to DAY based on order preset.",
}

NO_REQUEST = -1
"""The id of an error that is of no request."""

SHOWN_AT_START = (2104, 2106, 2158)


class Refused(Exception):
    """A request is answered with an error of the API.

    Raises:
        KeyError: for a code or a part of its text that is not known here.
    """

    def __init__(self, code: int, **parts: object) -> None:
        self.code, self.text = code, error_text(code, **parts)
        super().__init__(f"{code}: {self.text}")


def error_text(code: int, **parts: object) -> str:
    """The text of an error; what it has no part for is empty."""
    blanks = {"id": "", "permId": "", "reason": "", "state": "", "limit": ""}
    return TEXTS[code].format(**blanks | parts)
