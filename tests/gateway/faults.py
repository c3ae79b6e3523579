"""What can go wrong between a client and the gateway, or the gateway and the broker, as data.

A fault befalls the n-th message of its kind, counted from 1 over the whole life of the gateway, or is
drawn for each message from a seed, the message's kind and its number: the same script does the same
to the same messages.
"""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from .answers import Answer
from .errors import TEXTS
from .requests import Request

Kind: TypeAlias = Request | Answer


@dataclass(frozen=True, slots=True)
class Lose:
    """The message never arrives: a request does nothing, an answer is not heard."""


@dataclass(frozen=True, slots=True)
class CutBefore:
    """The socket is cut instead of the message's arriving."""


@dataclass(frozen=True, slots=True)
class CutAfter:
    """The socket is cut once the message has arrived, before anything is said in answer."""


@dataclass(frozen=True, slots=True)
class Silence:
    """The order arrives and works; this connection is told nothing of it that it does not ask for."""


@dataclass(frozen=True, slots=True)
class Say:
    """The request is carried out and an error is sent all the same, such as a false 10349."""

    code: int


@dataclass(frozen=True, slots=True)
class Refuse:
    """The request is refused with an error; ``inactive``: a status Inactive follows, as after a 201."""

    code: int
    inactive: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """The order is kept from the market for some seconds of its time.

    ``status`` is what it has until then; 399 (until the open) and 404 (locating shares) come with an
    error, Inactive alone with none.
    """

    seconds: float
    status: str = "PreSubmitted"
    why_held: str = ""
    code: int | None = None


UNTIL_OPEN = Hold(5, code=399)
LOCATING = Hold(5, why_held="locate", code=404)
INACTIVE = Hold(5, status="Inactive")


@dataclass(frozen=True, slots=True)
class CancelledByBroker:
    """The order is taken, and cancelled by the broker after some seconds of the market's time."""

    seconds: float = 0


@dataclass(frozen=True, slots=True)
class SecondPermId:
    """A change of an order makes a second live order of it, with a permId of its own."""


@dataclass(frozen=True, slots=True)
class RollBack:
    """The next valid id that a client is told goes back, and ids from there on are taken again."""

    ids: int


@dataclass(frozen=True, slots=True)
class Busy:
    """The client id is said to be in use: error 326, and the line is cut."""


@dataclass(frozen=True, slots=True)
class LoseLink:
    """The gateway loses its own link to the broker: 1100, and after some seconds 1102 or 1101.

    What arrives meanwhile is carried out afterwards where ``resubmits``, and else is lost. What
    happens meanwhile is told afterwards where ``tells``, and else only to who asks.
    """

    seconds: float
    data_kept: bool = True
    resubmits: bool = False
    tells: bool = False


@dataclass(frozen=True, slots=True)
class Twice:
    """The answer is sent twice."""


@dataclass(frozen=True, slots=True)
class Late:
    """The answer is sent after so many others: out of order."""

    answers: int = 1


@dataclass(frozen=True, slots=True)
class Delay:
    """The answer is sent some seconds of the market's time later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Correct:
    """The execution is corrected right after it was told: same execId but for its last part."""

    shares: int
    price: str


Fault: TypeAlias = (
    Lose
    | CutBefore
    | CutAfter
    | Silence
    | Say
    | Refuse
    | Hold
    | CancelledByBroker
    | SecondPermId
    | RollBack
    | Busy
    | LoseLink
    | Twice
    | Late
    | Delay
    | Correct
)

_ANY_REQUEST = frozenset(Request)
_DONE = _ANY_REQUEST - {Request.START_API}
"""What the gateway does or refuses."""
_ORDERS = frozenset({Request.PLACE_ORDER})
_STARTS = frozenset({Request.START_API})
_ANSWERS = frozenset(Answer)

BEFALLS: dict[type[Fault], frozenset[Kind]] = {
    Lose: _ANY_REQUEST | _ANSWERS,
    CutBefore: _ANY_REQUEST | _ANSWERS,
    CutAfter: _ANY_REQUEST | _ANSWERS,
    Silence: _ORDERS,
    Say: _DONE,
    Refuse: _DONE,
    Hold: _ORDERS,
    CancelledByBroker: _ORDERS,
    SecondPermId: _ORDERS,
    RollBack: _STARTS,
    Busy: _STARTS,
    LoseLink: _DONE,
    Twice: _ANSWERS,
    Late: _ANSWERS,
    Delay: _ANSWERS,
    Correct: frozenset({Answer.EXECUTION}),
}
"""The messages that each fault can befall."""


@dataclass(slots=True)
class Faults:
    """Which faults befall which messages.

    Attributes:
        script: of a kind of message and its number, what befalls it.
        rates: of a kind of message, the probability of each fault; what the script says goes first.

    Raises:
        ValueError: naming what cannot be.
    """

    script: dict[tuple[Kind, int], Fault] = field(default_factory=dict)
    rates: Mapping[Kind, Mapping[Fault, float]] = field(default_factory=dict)
    seed: int = 0
    _seen: Counter[Kind] = field(default_factory=Counter, init=False)

    def __post_init__(self) -> None:
        for (kind, number), fault in self.script.items():
            _require_possible(fault, kind)
            if number < 1:
                raise ValueError(f"messages are counted from 1, not {number}")
        for kind, rates in self.rates.items():
            for fault, rate in rates.items():
                _require_possible(fault, kind)
                if not 0 <= rate <= 1:
                    raise ValueError(f"the rate of {fault} must be from 0 to 1, not {rate}")

    def next(self, kind: Kind, fault: Fault) -> None:
        """A fault for the next message of a kind that comes from now on."""
        self.add(kind, fault)

    def add(self, kind: Kind, fault: Fault, number: int | None = None) -> None:
        """A fault for one message of a kind: without a number, for the next one.

        Raises:
            ValueError: if it cannot befall it.
        """
        _require_possible(fault, kind)
        self.script[kind, self._seen[kind] + 1 if number is None else number] = fault

    def befalls(self, kind: Kind) -> Fault | None:
        """What befalls the message of a kind that comes now; it is counted by being asked about."""
        self._seen[kind] += 1
        number = self._seen[kind]
        if (kind, number) in self.script:
            return self.script[kind, number]
        for fault, rate in self.rates.get(kind, {}).items():
            # Not for secrets: the same message must always meet the same.
            draws = random.Random(f"{self.seed}:{kind!r}:{number}:{fault}")
            if draws.random() < rate:
                return fault
        return None


def _require_possible(fault: Fault, kind: Kind) -> None:
    code = getattr(fault, "code", None)
    if code is not None and code not in TEXTS:
        raise ValueError(f"error {code} has no text in errors.py; add it there")
    if kind not in BEFALLS[type(fault)]:
        raise ValueError(f"{type(fault).__name__} cannot befall {kind.name}")
