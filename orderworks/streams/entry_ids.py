"""The ids of a stream's entries: milliseconds since the epoch, and a number within them."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LAST_NUMBER = 2**64 - 1


def parts(entry_id: str) -> tuple[int, int]:
    """An id in the order of the stream."""
    milliseconds, _, number = entry_id.partition("-")
    return int(milliseconds), int(number)


def milliseconds_of(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)


def last_id_by(moment: datetime) -> str:
    """The highest id that an entry can have that was added by ``moment``."""
    return f"{milliseconds_of(moment)}-{LAST_NUMBER}"


def moment_of(entry_id: str) -> datetime:
    """When an entry was added, by the server's clock, to the millisecond."""
    return EPOCH + timedelta(milliseconds=parts(entry_id)[0])
