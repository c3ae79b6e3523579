"""The gateway's own link to the broker, which can be lost while clients stay connected."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .faults import LoseLink
from .happenings import Happening
from .layouts import Values
from .requests import Request

if TYPE_CHECKING:
    from .session import Session

    Asked = tuple[Session, Request, Values]

NEEDS_NO_LINK = frozenset(
    {
        Request.IDS,
        Request.MANAGED_ACCOUNTS,
        Request.CURRENT_TIME,
        Request.MARKET_DATA_TYPE,
        Request.SERVER_LOG_LEVEL,
        Request.AUTO_OPEN_ORDERS,
    }
)
"""What the gateway answers by itself; all else is asked in vain while the link is lost."""

RESUBMITTED = frozenset({Request.PLACE_ORDER, Request.CANCEL_ORDER, Request.GLOBAL_CANCEL})
"""What is kept for later, where the gateway is set so."""


@dataclass(slots=True)
class Link:
    """Whether there is a link, and what came to pass while there was none."""

    _lost: LoseLink | None = None
    _missed: list[Happening] = field(default_factory=list)
    _kept: "list[Asked]" = field(default_factory=list)

    @property
    def is_lost(self) -> bool:
        return self._lost is not None

    def lose(self, lost: LoseLink) -> None:
        self._lost = lost

    def miss(self, happening: Happening) -> None:
        """Notes what happened at the broker and cannot be told now."""
        self._missed.append(happening)

    def keeps_back(self, session: "Session", request: Request, values: Values) -> bool:
        """Whether a request cannot be carried out now; it may be kept for later."""
        if self._lost is None or request in NEEDS_NO_LINK:
            return False
        if request in RESUBMITTED:
            self._kept.append((session, request, values))
        return True

    def restore(self) -> "tuple[int, list[Happening], list[Asked]] | None":
        """The link is there again: the code that says so, what is told now and what is done now.

        None where it was not lost.
        """
        lost, missed, kept = self._lost, self._missed, self._kept
        self._lost, self._missed, self._kept = None, [], []
        if lost is None:
            return None
        code = 1102 if lost.data_kept else 1101
        return code, missed if lost.tells else [], kept if lost.resubmits else []
