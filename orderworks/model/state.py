"""The life of an order: one table of states and events.

Every (state, event) pair is either in ``TRANSITIONS`` or refused with ``IllegalTransition``.
The database holds the same table as a constraint; a test compares the two.
"""

from enum import StrEnum

from orderworks.model.errors import IllegalTransition


class OrderState(StrEnum):
    """Where an order stands, by the evidence that we have."""

    NEW = "NEW"
    PENDING = "PENDING"
    SUBMITTED = "SUBMITTED"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    UNKNOWN = "UNKNOWN"


STATES = {str(state): state for state in OrderState}
"""By its text; calling the enum takes twenty times as long, and tables have thousands of rows."""

TERMINAL = frozenset(
    {OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED, OrderState.EXPIRED}
)
"""States that an order does not leave, but for a late fill."""

LIVE = frozenset({OrderState.SUBMITTED, OrderState.PARTIALLY_FILLED})
"""States in which the broker has confirmed that the order rests."""

AT_BROKER = frozenset(
    {
        OrderState.PENDING,
        OrderState.SUBMITTED,
        OrderState.PARTIALLY_FILLED,
        OrderState.UNKNOWN,
    }
)
"""States in which the broker has, or may have, a live order."""


class OrderEvent(StrEnum):
    """What can happen to an order."""

    SEND = "SEND"  # its send attempt is committed; the message may now leave
    ACKNOWLEDGE = "ACKNOWLEDGE"  # the broker shows that it has the order
    START = "START"  # of a parent: the broker shows that it has the first child
    FILL = "FILL"  # an execution that leaves something to fill
    COMPLETE = "COMPLETE"  # an execution that leaves nothing to fill
    CANCEL = "CANCEL"  # the broker confirms the cancel
    REJECT = "REJECT"  # refused, by the broker or before it was sent
    EXPIRE = "EXPIRE"  # its time in force ended
    SILENCE = "SILENCE"  # sent, and no answer came
    ABSENCE = "ABSENCE"  # proven never to have reached the broker: may be sent again
    REPLACE = "REPLACE"  # the broker confirms new terms
    REFUSE_CANCEL = "REFUSE_CANCEL"  # the broker does not cancel: it is filled or done already
    REFUSE_REPLACE = "REFUSE_REPLACE"  # the broker keeps the old terms
    CORRECT = "CORRECT"  # a correction took back some of what was filled
    BUST = "BUST"  # nothing that was filled is left
    WITHDRAW = "WITHDRAW"  # given up before it was sent
    HOLD = "HOLD"  # in doubt: nothing is done with it until evidence comes or a person decides
    ADOPT = "ADOPT"  # a person says that the broker has it
    ABANDON = "ABANDON"  # a person says that the broker does not have it, or no longer


_S, _E = OrderState, OrderEvent

TRANSITIONS: dict[tuple[OrderState, OrderEvent], OrderState] = {
    (_S.NEW, _E.SEND): _S.PENDING,
    (_S.NEW, _E.START): _S.SUBMITTED,
    (_S.NEW, _E.REJECT): _S.REJECTED,
    (_S.NEW, _E.EXPIRE): _S.EXPIRED,
    (_S.NEW, _E.WITHDRAW): _S.CANCELLED,
    (_S.PENDING, _E.ACKNOWLEDGE): _S.SUBMITTED,
    (_S.PENDING, _E.REJECT): _S.REJECTED,
    (_S.PENDING, _E.SILENCE): _S.UNKNOWN,
    (_S.SUBMITTED, _E.ACKNOWLEDGE): _S.SUBMITTED,
    (_S.SUBMITTED, _E.FILL): _S.PARTIALLY_FILLED,
    (_S.SUBMITTED, _E.COMPLETE): _S.FILLED,
    (_S.SUBMITTED, _E.CANCEL): _S.CANCELLED,
    (_S.SUBMITTED, _E.REJECT): _S.REJECTED,
    (_S.SUBMITTED, _E.EXPIRE): _S.EXPIRED,
    (_S.SUBMITTED, _E.SILENCE): _S.UNKNOWN,
    (_S.PARTIALLY_FILLED, _E.ACKNOWLEDGE): _S.PARTIALLY_FILLED,
    (_S.PARTIALLY_FILLED, _E.FILL): _S.PARTIALLY_FILLED,
    (_S.PARTIALLY_FILLED, _E.COMPLETE): _S.FILLED,
    (_S.PARTIALLY_FILLED, _E.CANCEL): _S.CANCELLED,
    (_S.PARTIALLY_FILLED, _E.EXPIRE): _S.EXPIRED,
    (_S.PARTIALLY_FILLED, _E.SILENCE): _S.UNKNOWN,
    (_S.SUBMITTED, _E.REPLACE): _S.SUBMITTED,
    (_S.PARTIALLY_FILLED, _E.REPLACE): _S.PARTIALLY_FILLED,
    (_S.PARTIALLY_FILLED, _E.CORRECT): _S.PARTIALLY_FILLED,
    (_S.PARTIALLY_FILLED, _E.BUST): _S.SUBMITTED,
    # The broker's order is done and stays so: what was taken back is not traded again.
    (_S.FILLED, _E.CORRECT): _S.CANCELLED,
    (_S.FILLED, _E.BUST): _S.CANCELLED,
    (_S.UNKNOWN, _E.ACKNOWLEDGE): _S.SUBMITTED,
    (_S.UNKNOWN, _E.REJECT): _S.REJECTED,
    (_S.UNKNOWN, _E.ABSENCE): _S.NEW,
    (_S.NEW, _E.REPLACE): _S.NEW,  # of a parent whose first slices were missed and are skipped
    (_S.UNKNOWN, _E.HOLD): _S.UNKNOWN,
    (_S.UNKNOWN, _E.ADOPT): _S.SUBMITTED,
    (_S.UNKNOWN, _E.ABANDON): _S.CANCELLED,
    **{
        (state, event): to_state
        for state in (_S.SUBMITTED, _S.PARTIALLY_FILLED)
        for event, to_state in ((_E.HOLD, state), (_E.ADOPT, state), (_E.ABANDON, _S.CANCELLED))
    },
    # Late fills: the broker's execution stands whatever we believed; an alert goes with it.
    (_S.CANCELLED, _E.FILL): _S.CANCELLED,
    (_S.CANCELLED, _E.COMPLETE): _S.FILLED,
    (_S.EXPIRED, _E.FILL): _S.EXPIRED,
    (_S.EXPIRED, _E.COMPLETE): _S.FILLED,
    (_S.REJECTED, _E.FILL): _S.REJECTED,
    (_S.REJECTED, _E.COMPLETE): _S.FILLED,
    **{
        (state, event): state
        for state in (_S.CANCELLED, _S.EXPIRED, _S.REJECTED)
        for event in (_E.CORRECT, _E.BUST)
    },
    # A refusal changes nothing but what we know.
    **{
        (state, event): state
        for state in (*sorted(TERMINAL), _S.SUBMITTED, _S.PARTIALLY_FILLED)
        for event in (_E.REFUSE_CANCEL, _E.REFUSE_REPLACE)
    },
}


def transition(state: OrderState, event: OrderEvent) -> OrderState:
    """The state that ``event`` leads to from ``state``.

    Raises:
        IllegalTransition: where the table does not define the pair.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalTransition(f"an order that is {state} cannot take the event {event}") from None
