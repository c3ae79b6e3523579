"""A session begins: day orders of earlier ones have ended, issuers have acted, the others wait anew."""

from datetime import datetime
from math import ceil

from orderworks.brokers.simulated.account import ExchangeAccount, ExchangeOrder
from orderworks.brokers.simulated.corporate_actions import apply_actions
from orderworks.brokers.simulated.matching.book import SESSION_ENDED, TIME_ENDED
from orderworks.brokers.simulated.record import ExchangeRecord
from orderworks.brokers.simulated.tapes import Tapes
from orderworks.brokers.simulated.terms import Terms
from orderworks.market.calendar import NEW_YORK, Session, require_session
from orderworks.market.corporate_actions import close_before
from orderworks.market.data import RecordedMarket
from orderworks.market.tape import microseconds
from orderworks.model.order import TimeInForce
from orderworks.model.state import OrderState


def begin_session(
    record: ExchangeRecord,
    account: ExchangeAccount,
    market: RecordedMarket,
    session: Session,
    tapes: Tapes,
    terms: Terms,
) -> None:
    """Opens a session that is later than the one served last: day orders ended with theirs.

    What issuers did since then comes into force, in the same commit as the account's having
    come this far: so once.
    """
    opens, left = session.open, account.reached.astimezone(NEW_YORK).date()
    carried = record.live_orders()
    staying = [order for order in carried if _outlasts(order, opens)]
    # Where books lagged behind, the rest of their way is gone, as is all that was to come of their session.
    account.reached, account.laggards = opens, None
    applied = apply_actions(
        market.corporate_actions(left, session.date),
        account,
        staying,
        lambda action: close_before(market, action),
        opens,
    )
    for order in carried:
        if not _outlasts(order, opens):
            _expire(order)
    for order in staying:
        _arrive_anew(order, opens, tapes.reel(order.symbol).volume(microseconds(opens)), terms)
    for order, reason in applied.cancelled:
        order.state, order.reason, order.changed_at = OrderState.CANCELLED, reason, opens
    record.save(account, changed=carried, placed=carried, actions=applied.actions)


def _outlasts(order: ExchangeOrder, at: datetime) -> bool:
    """Whether an order that a session left open is open in one that begins at ``at``."""
    if order.good_till is not None:
        return order.good_till > at
    return order.tif == TimeInForce.GTC


def _expire(order: ExchangeOrder) -> None:
    """Ends an order when its time was over, or else with the session that received it."""
    order.state = OrderState.EXPIRED
    if order.good_till is not None:
        order.reason, order.changed_at = TIME_ENDED, order.good_till
    else:
        received_on = require_session(order.received_at.astimezone(NEW_YORK).date())
        order.reason, order.changed_at = SESSION_ENDED, received_on.close


def _arrive_anew(order: ExchangeOrder, at: datetime, volume: int, terms: Terms) -> None:
    """Puts an order before a new session's tape, which has traded a volume by then.

    The tape of its first session is gone: what it took from that is all that is sure to have traded
    of the volume that its cap counts.
    """
    order.volume_at_arrival = volume - ceil(order.filled_quantity / terms.participation_cap)
    order.arrived_at, order.queue_ahead = at, None
