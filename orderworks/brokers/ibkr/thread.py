"""One order of ours, as far as it has been talked about: what it is, is asked for, and how it ends. Pure."""

from dataclasses import dataclass, field
from datetime import datetime

from ib_async import Contract
from ib_async import Order as WireOrder

from orderworks.brokers.adapter import ReportKind
from orderworks.brokers.ibkr.errors import Meaning
from orderworks.brokers.ibkr.orders import expiry_of, terms_of
from orderworks.brokers.ibkr.states import Evidence, state_of
from orderworks.model.order import Replacement
from orderworks.model.state import OrderState

REFUSES_ORDER = frozenset({Meaning.REFUSED, Meaning.REJECTED})
REASONS = REFUSES_ORDER | {Meaning.CANCELLED, Meaning.NO_ENTRY}
REFUSES_CHANGE = REFUSES_ORDER | {Meaning.CHANGE_REFUSED}


@dataclass(frozen=True, slots=True)
class Ending:
    """The status that ended an order, and how many shares had filled by the broker's count."""

    status: str
    filled: int
    at: datetime


@dataclass(slots=True)
class Thread:
    """What was said of an order, by us and by the broker.

    Attributes:
        message: what it was sent as, or else is shown as: what a change of it starts from.
        terms: what the broker has confirmed; ``asked``: what it was asked for and has not.
        refused: why the broker did not accept the message that would have made the order.
        ending: how it ended, until the executions that go before are told.
        shrunk: whether it was sent smaller than asked for, which is told when it is acknowledged.
    """

    client_order_id: str
    order_id: int
    contract: Contract
    message: WireOrder
    terms: Replacement
    perm_ids: list[int] = field(default_factory=list)
    acknowledged: bool = False
    asked: Replacement | None = None
    cancel_asked: bool = False
    rejected: bool = False
    held: bool = False
    ended: bool = False
    reason: str | None = None
    refused: str | None = None
    ending: Ending | None = None
    shrunk: bool = False

    @property
    def broker_order_id(self) -> str:
        return str(self.perm_ids[-1]) if self.perm_ids else ""

    @property
    def is_rejected(self) -> bool:
        """Whether the broker said so of the order; of one that is cancelled it says it of the cancel."""
        return self.rejected and not self.cancel_asked

    @property
    def why_ended(self) -> str | None:
        """What the broker said, or that it was asked for; None where neither is known."""
        return self.reason or ("cancelled on request" if self.cancel_asked else None)

    def confirm(self, shown: WireOrder) -> bool:
        """Whether the order has new terms by what the broker shows of it, which are its own from now on.

        They were asked for, or a group or its entry reduced an exit.
        """
        terms, before = terms_of(self.client_order_id, shown), self.terms
        if terms == before:
            return False
        if terms == self.asked:
            self.asked = None
        elif not (
            (shown.ocaGroup or shown.parentId)
            and terms.quantity < before.quantity
            and (terms.limit_price, terms.stop_price) == (before.limit_price, before.stop_price)
        ):
            return False
        self.terms = terms
        return True

    def hear_error(self, meaning: Meaning, sentence: str) -> ReportKind | None:
        """Takes in an error that is about the order.

        Returns:
            The refusal of a cancel or of a change that it is, to be told at once; None where it is a
            reason that is told with the order's end, or says nothing of the order.
        """
        if meaning is Meaning.HELD:
            self.held = True
        elif meaning is Meaning.CANCEL_REFUSED:
            if self.cancel_asked:
                self.cancel_asked = False
                return ReportKind.CANCEL_REFUSED
        elif self.asked is not None and meaning in REFUSES_CHANGE:
            self.asked = None
            return ReportKind.REPLACE_REFUSED
        elif meaning in REASONS:
            self.reason = sentence
            self.rejected = self.rejected or meaning is Meaning.REJECTED
            if meaning in REFUSES_ORDER and not self.acknowledged:
                self.refused = sentence
        return None

    def state_after(self, ending: Ending, filled: int) -> OrderState:
        """What a status has made of the order, of which so many shares have filled."""
        evidence = Evidence(
            self.terms.quantity,
            filled,
            self.is_rejected,
            self.held,
            expiry_of(self.message, ending.at),
            ending.at,
        )
        return state_of(ending.status, evidence)
