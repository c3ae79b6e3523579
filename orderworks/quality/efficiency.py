"""Whether an account sends too much for what trades, told before its broker objects."""

from datetime import date, datetime, time, timedelta

from orderworks.ledger.alerts import Alert, raise_alerts
from orderworks.ledger.connection import Ledger
from orderworks.ledger.order_messages import order_messages
from orderworks.market.calendar import NEW_YORK
from orderworks.model.order_messages import EXCESSIVE, OrderMessages


def messages_of_day(ledger: Ledger, account: str, session: date) -> OrderMessages:
    """What an account sent on the day of a session, from midnight to midnight in New York."""
    begins, ends = (
        datetime.combine(day, time(), NEW_YORK) for day in (session, session + timedelta(days=1))
    )
    return order_messages(ledger, account, begins, ends)


def efficiency_breach(
    sent: OrderMessages, threshold: float, account: str, session: date, at: datetime
) -> list[Alert]:
    """The alert of a day whose ratio is above the threshold: one a session, however often it is found.

    Args:
        at: when it was found, UTC.
    """
    ratio = sent.efficiency_ratio
    if ratio <= threshold:
        return []
    return [
        Alert(
            kind="order_efficiency_breach",
            cause=f"order_efficiency_breach:{session}",
            message=f"account {account} has an order efficiency ratio of {ratio:.1f} in session {session}: "
            f"{sent}; the threshold is {threshold:g}, and IBKR objects above {EXCESSIVE}: price orders "
            "nearer to the market, or change them instead of cancelling",
            at=at,
            payload={
                "session": str(session),
                "order_efficiency_ratio": ratio,
                "submissions": sent.submissions,
                "revisions": sent.revisions,
                "cancellations": sent.cancellations,
                "executed_orders": sent.executed_orders,
                "threshold": threshold,
            },
        )
    ]


def watch_efficiency(
    ledger: Ledger, account: str, session: date, threshold: float, at: datetime
) -> list[Alert]:
    """Alerts of the day so far, where that is new."""
    sent = messages_of_day(ledger, account, session)
    return raise_alerts(ledger, account, efficiency_breach(sent, threshold, account, session, at))
