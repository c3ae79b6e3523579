"""What the gateway received and sent, to be asked by a test and kept as a file."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .answers import Answer
from .layouts import Values
from .requests import Request


@dataclass(frozen=True, slots=True)
class Entry:
    """One message; ``fault`` names what befell it.

    ``at`` is when a request arrived, in seconds of the wall's monotonic clock.
    """

    client_id: int
    kind: Request | Answer
    values: Values
    fault: str | None
    at: float | None = None


class Log:
    """Every message in order; each is also written as a line of JSON where a file is named."""

    def __init__(self, path: Path | None = None) -> None:
        self.entries: list[Entry] = []
        self._path = path

    def note(
        self,
        client_id: int,
        kind: Request | Answer,
        values: Values,
        fault: object = None,
        at: float | None = None,
    ) -> None:
        """Takes in one message."""
        entry = Entry(client_id, kind, values, None if fault is None else type(fault).__name__, at)
        self.entries.append(entry)
        if self._path is not None:
            line = json.dumps(
                {
                    "from": "client" if isinstance(kind, Request) else "gateway",
                    "client": client_id,
                    "message": kind.name,
                    "fault": entry.fault,
                    "at": at,
                    "values": values,
                },
                default=str,
            )
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")

    def of(self, kind: Request | Answer, client_id: int | None = None) -> Iterator[Values]:
        """The messages of a kind, of one client or of all."""
        for entry in self.entries:
            if entry.kind is kind and client_id in (None, entry.client_id):
                yield entry.values

    def placed_by_ref(self) -> Counter[str]:
        """How often placeOrder came under each orderRef, changes of an order included."""
        return Counter(values["orderRef"] for values in self.of(Request.PLACE_ORDER))
