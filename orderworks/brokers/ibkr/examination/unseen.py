"""The settings of TWS and the Gateway that no message tells of: how each should be, and why.

They are found under Configure > Settings (Global Configuration) > API > Settings, unless said otherwise.
Names as in TWS and Gateway 10.19 to 10.30; a version may lack one.
"""

from orderworks.model.finding import Finding, Level

UNSEEN: dict[str, str] = {
    "Maintain and resubmit orders when connection is restored": (
        "off: it sends again by itself what was sent once"
    ),
    "Bypass Order Precautions for API Orders (API > Precautions)": (
        "on: else an order may wait for a click that nobody makes; the risk gate is the precaution"
    ),
    "Auto restart (Lock and Exit)": (
        "on, at a time within broker.ibkr.no_send; log in again after Saturday's reset"
    ),
    "Time zone (at login)": "America/New_York: executions are shown since its own midnight",
    "Master API client ID": "empty: no other program needs to hear of these orders",
    "Use negative numbers to bind automatic orders": (
        "off: orders placed by hand stay with who placed them"
    ),
    "Download open orders on connection": "on: what rests is then shown to each client",
    "Allow connections from localhost only": "on, unless broker.ibkr.host is another machine",
    "Let API account requests switch user-visible account subscription": "off: it is not made use of",
}
"""By name, how it should be and why."""


def unseen() -> list[Finding]:
    """One line a setting, for a person to look at."""
    return [Finding(Level.LOOK, name, advice) for name, advice in UNSEEN.items()]
