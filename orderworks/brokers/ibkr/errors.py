"""What the codes of Interactive Brokers mean for what we know: a table. Pure.

A code alone never ends an order. It says why one ended, or that nothing will come of a request; where an
order stands is told by its status, by what is open, completed and executed.

Sources: IBKR's "Error Codes" (TWS API documentation), and what ib_async's trackers report of them.
"""

from dataclasses import dataclass
from enum import StrEnum


class Meaning(StrEnum):
    """What a code says."""

    REJECTED = "REJECTED"  # the broker refuses the order: its status says so as well
    REFUSED = "REFUSED"  # the message is not accepted: a new order does not come to be
    NO_ENTRY = "NO_ENTRY"  # of an exit: sent once more, without its entry, it may be accepted
    CANCELLED = "CANCELLED"  # why an order was cancelled
    CANCEL_REFUSED = "CANCEL_REFUSED"  # there is nothing to cancel
    CHANGE_REFUSED = "CHANGE_REFUSED"  # the order keeps its terms
    NUMBER_USED = "NUMBER_USED"  # the number is too low: it, or a higher one, was used
    HELD = "HELD"  # it lives, and waits
    NOTICE = "NOTICE"  # nothing follows from it
    LINK_LOST = "LINK_LOST"  # the gateway does not reach the broker
    LINK_BACK = "LINK_BACK"  # it does again, and what was said meanwhile is lost
    LINK_KEPT = "LINK_KEPT"  # it does again, and has kept what was said meanwhile
    MOVED = "MOVED"  # the gateway listens elsewhere
    PACING = "PACING"  # asked too fast
    ID_BUSY = "ID_BUSY"  # another program uses the client id
    UNSURE = "UNSURE"  # a code that this table does not have


@dataclass(frozen=True, slots=True)
class Code:
    """A meaning, and the sentence that a person is told; '' leaves it to the broker's own words."""

    meaning: Meaning
    sentence: str = ""


_M = Meaning

CODES: dict[int, Code] = {
    100: Code(_M.PACING, "the gateway was asked too fast; lower broker.messages_per_second"),
    103: Code(_M.NUMBER_USED, "the broker has seen this order number or a higher one"),
    104: Code(_M.CHANGE_REFUSED, "the order has filled and cannot be changed"),
    105: Code(_M.CHANGE_REFUSED, "the change does not match the order as the broker has it"),
    106: Code(_M.REFUSED, "the order cannot be transmitted"),
    107: Code(_M.REFUSED, "the order is incomplete and cannot be transmitted"),
    109: Code(_M.REFUSED, "the price is out of the range that the gateway's precautions allow"),
    110: Code(_M.REFUSED, "the price is off the tick grid of the symbol"),
    113: Code(_M.REFUSED, "an order for the close must be a day order"),
    135: Code(_M.NO_ENTRY, "the entry that the exit belongs to is not there"),
    136: Code(_M.CANCEL_REFUSED, "the order cannot be cancelled any more"),
    145: Code(_M.REFUSED, "a value is none of those that the broker allows"),
    158: Code(_M.REFUSED, "a trailing stop needs its distance"),
    161: Code(_M.CANCEL_REFUSED, "the order is in no state in which it can be cancelled"),
    200: Code(
        _M.REFUSED, "the broker knows no such symbol; see how it writes it, and its exchange"
    ),
    201: Code(_M.REJECTED),
    202: Code(_M.CANCELLED),
    203: Code(_M.REFUSED, "the account may not trade this symbol"),
    321: Code(
        _M.REFUSED,
        "the gateway refuses it: if it says 'read-only', untick Read-Only API in its settings",
    ),
    326: Code(
        _M.ID_BUSY,
        "another program is connected with this client id; end it, or wait until the gateway has "
        "noticed that it is gone",
    ),
    329: Code(_M.CHANGE_REFUSED, "the order's type cannot be changed"),
    383: Code(_M.REFUSED, "the order is larger than the gateway's precautions allow"),
    399: Code(_M.NOTICE),
    404: Code(_M.HELD, "held while shares to sell short are located"),
    434: Code(_M.REFUSED, "the size of the order cannot be zero"),
    439: Code(_M.REFUSED, "the broker has no algorithm of this name"),
    440: Code(_M.CHANGE_REFUSED, "an algorithm cannot be changed"),
    441: Code(_M.REFUSED, "the broker does not take what its algorithm was told"),
    442: Code(_M.REFUSED, "the broker's algorithm does not take this order"),
    443: Code(_M.REFUSED, "the broker's algorithm does not know what it was told"),
    460: Code(_M.REFUSED, "the account has no permission to trade this"),
    1100: Code(_M.LINK_LOST, "the gateway has lost its link to Interactive Brokers"),
    1101: Code(_M.LINK_BACK, "the link came back without what was said meanwhile"),
    1102: Code(_M.LINK_KEPT, "the link came back with what was said meanwhile"),
    1300: Code(_M.MOVED, "the gateway listens at another port now; correct broker.ibkr.port"),
    2109: Code(_M.NOTICE),
    2110: Code(_M.LINK_LOST, "the gateway has lost its link to Interactive Brokers"),
    10006: Code(_M.NO_ENTRY, "the entry that the exit belongs to is not there"),
    10147: Code(_M.CANCEL_REFUSED, "the broker has no such order to cancel"),
    10148: Code(_M.CANCEL_REFUSED, "the order has ended already, or is about to"),
    10149: Code(_M.CANCEL_REFUSED, "the order cannot be cancelled with this request"),
    10311: Code(_M.NOTICE),
    10349: Code(_M.NOTICE),
}

NOTICES = range(2100, 2200)
"""Warnings and the state of data farms."""


def code_of(number: int) -> Code:
    """What a code means; one that is in no table proves nothing."""
    if number in CODES:
        return CODES[number]
    return Code(_M.NOTICE if number in NOTICES else _M.UNSURE)


def sentence_of(number: int, text: str) -> str:
    """What a person is told of a code: ours and the broker's words, and the code to look it up by."""
    said = " ".join(text.split()) or "no reason given"
    ours = code_of(number).sentence
    return f"{ours}: {said} (code {number})" if ours else f"{said} (code {number})"
