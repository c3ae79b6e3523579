"""Where an order stands, from the broker's status and the evidence beside it: a table. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from orderworks.market.calendar import NEW_YORK, find_session
from orderworks.model.state import OrderState


class Standing(StrEnum):
    """What a status says by itself."""

    ON_ITS_WAY = "ON_ITS_WAY"  # the gateway has it; whether the broker does is not known
    LIVE = "LIVE"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    INACTIVE = "INACTIVE"  # refused or held: the reason tells
    UNKNOWN = "UNKNOWN"


STANDING = {
    "ApiPending": Standing.ON_ITS_WAY,
    "PendingSubmit": Standing.ON_ITS_WAY,
    "PreSubmitted": Standing.LIVE,
    "Submitted": Standing.LIVE,
    "PendingCancel": Standing.LIVE,  # it may fill until the cancel is confirmed
    "Filled": Standing.FILLED,
    "Cancelled": Standing.CANCELLED,
    "ApiCancelled": Standing.CANCELLED,
    "Inactive": Standing.INACTIVE,
}
"""A status that the table lacks is UNKNOWN; what only ib_async says (ValidationError) never gets here."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known beside an order's status.

    Attributes:
        net_filled: shares by the executions, corrections applied, or by the broker's own count.
        rejected: whether the broker said that it rejects the order.
        held: whether it said that the order waits for shares to sell short.
        expires_at: when its time in force is over; None for one that has no end.
        at: when it got where it stands.
    """

    quantity: int
    net_filled: int
    rejected: bool = False
    held: bool = False
    expires_at: datetime | None = None
    at: datetime | None = None


def state_of(status: str, evidence: Evidence) -> OrderState:
    """The state of an order that the broker shows with ``status``.

    UNKNOWN where the evidence settles nothing: the order keeps the state that it had.
    """
    standing = STANDING.get(status, Standing.UNKNOWN)
    match standing:
        case Standing.ON_ITS_WAY:
            return OrderState.PENDING
        case Standing.FILLED:
            return OrderState.FILLED
        case Standing.LIVE:
            return _live(evidence)
        case Standing.CANCELLED if evidence.rejected and not evidence.net_filled:
            return OrderState.REJECTED
        case Standing.CANCELLED:
            return OrderState.EXPIRED if _is_over(evidence) else OrderState.CANCELLED
        case Standing.INACTIVE if evidence.rejected and not evidence.net_filled:
            return OrderState.REJECTED
        case Standing.INACTIVE if evidence.rejected:
            return OrderState.CANCELLED
        case Standing.INACTIVE if evidence.held:
            return _live(evidence)
        case _:
            return OrderState.UNKNOWN


def _live(evidence: Evidence) -> OrderState:
    if not evidence.net_filled:
        return OrderState.SUBMITTED
    if evidence.net_filled < evidence.quantity:
        return OrderState.PARTIALLY_FILLED
    return OrderState.FILLED


def _is_over(evidence: Evidence) -> bool:
    return (
        evidence.expires_at is not None
        and evidence.at is not None
        and evidence.at >= evidence.expires_at
    )


def expiry(tif: str, good_till: datetime | None, at: datetime) -> datetime | None:
    """When an order that stood at ``at`` is over by its time in force; None where that is no time."""
    if tif == "GTD":
        return good_till
    if tif not in ("DAY", "OPG"):
        return None
    session = find_session(at.astimezone(NEW_YORK).date())
    return None if session is None else session.close


def says_rejected(text: str) -> bool:
    """Whether the broker's words for how an order ended are those of a rejection."""
    return "reject" in text.lower()
