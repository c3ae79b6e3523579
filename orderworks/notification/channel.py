"""What a channel is, and how it fails."""

from collections.abc import Sequence
from typing import Protocol

from orderworks.ledger.alert_deliveries import Stored


class Undelivered(Exception):
    """Nobody took a message: the channel is tried again later, with all that waits for it.

    The reason names no address: that may be a secret.
    """


class Refused(Undelivered):
    """This message was refused; another may be taken."""


class Channel(Protocol):
    """A way to reach a person, or a program that does.

    ``name`` is what the ledger knows it by, ``batch`` how many alerts one message may hold.
    """

    @property
    def name(self) -> str: ...

    @property
    def batch(self) -> int: ...

    def send(self, alerts: Sequence[Stored], timeout: float) -> None:
        """Delivers at most ``batch`` alerts as one; returns only once they have been taken.

        Args:
            timeout: seconds that may be waited for an answer.

        Raises:
            Undelivered: if nobody answers, or not with yes.
        """
