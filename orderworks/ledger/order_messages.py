"""How many messages an account sent to its broker, by the ledger."""

from datetime import datetime

from orderworks.ledger.connection import Ledger
from orderworks.model.order_messages import OrderMessages


def order_messages(ledger: Ledger, account: str, since: datetime, until: datetime) -> OrderMessages:
    """What was sent from ``since`` on and before ``until``, market time.

    A cancel is counted by what came of it, and so is one that the broker made itself: the count is
    never too low for that.
    """
    row = ledger.execute(
        """
        SELECT
            (SELECT count(*) FROM send_attempts a JOIN orders o USING (client_order_id)
             WHERE o.account = %(account)s AND a.at >= %(since)s AND a.at < %(until)s) AS submissions,
            (SELECT count(*) FROM revision_attempts a JOIN orders o USING (client_order_id)
             WHERE o.account = %(account)s AND a.at >= %(since)s AND a.at < %(until)s) AS revisions,
            (SELECT count(*) FROM order_events e JOIN orders o USING (client_order_id)
             WHERE o.account = %(account)s AND e.at >= %(since)s AND e.at < %(until)s
               AND o.reaches_broker AND e.event IN ('CANCEL', 'REFUSE_CANCEL')) AS cancellations,
            (SELECT count(DISTINCT client_order_id) FROM executions
             WHERE account = %(account)s AND ts >= %(since)s AND ts < %(until)s) AS executed_orders
        """,
        {"account": account, "since": since, "until": until},
    ).fetchone()
    if row is None:
        raise LookupError("a count is always answered")
    return OrderMessages(**row)
