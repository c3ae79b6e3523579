"""IBKR's own algorithms: what each is told, strictly, and when it works.

The parameters are those of "IB Algorithms" in the TWS API's documentation; ``strategyType`` of Twap is
refused as gateways of 2026 do. An algorithm is filled as the plain order that it is, from its start to its
end.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .errors import Refused
from .layouts import Values

ORDER_TYPES = frozenset({"MKT", "LMT"})
SMALLEST_SHARE, LARGEST_SHARE = Decimal("0.01"), Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Working:
    """When an algorithm works: from ``starts_at`` to ``ends_at``, None where nothing says so."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None


def working(fields: Values, now: datetime) -> Working:
    """When the algorithm of an order works; without one, at all times.

    Raises:
        Refused: 439, 442, 443, 145 or 441, as is wrong with it.
    """
    name = fields["algoStrategy"]
    if not name:
        return Working()
    if name not in PARAMETERS:
        raise Refused(439)
    if fields["orderType"] not in ORDER_TYPES:
        raise Refused(442)
    if "endTime" in PARAMETERS[name] and fields["tif"] not in ("", "DAY"):
        raise Refused(442)
    told = {one["tag"]: one["value"] for one in fields["algoParams"]}
    for tag in told:
        if tag not in PARAMETERS[name]:
            raise Refused(443, reason=tag)
    for tag, value in told.items():
        PARAMETERS[name][tag](tag, value)
    return _hours(told, now)


def _hours(told: Mapping[str, str], now: datetime) -> Working:
    day = now.astimezone(ZoneInfo("US/Eastern")).date()
    start, end = (
        _moment(tag, told[tag], day) if tag in told else None for tag in ("startTime", "endTime")
    )
    if end is not None and end <= max(start or now, now):
        raise Refused(441, reason="'End Time' is invalid: it is over, or before the start")
    past = told.get("allowPastEndTime") == "1"
    return Working(start, None if past else end)


def _moment(tag: str, text: str, day: date) -> datetime:
    """15:30:00 US/Eastern of the day, 20261120 15:30:00 US/Eastern, or 20261120-20:30:00 in UTC."""
    try:
        if "-" in text:
            return datetime.strptime(text, "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC)
        moment, _, zone = text.rpartition(" ")
        full = moment if " " in moment else f"{day:%Y%m%d} {moment}"
        local = datetime.strptime(full, "%Y%m%d %H:%M:%S").replace(tzinfo=ZoneInfo(zone))
        return local.astimezone(UTC)
    except (ValueError, ZoneInfoNotFoundError):
        raise Refused(441, reason=f"'{tag}' is invalid: {text}") from None


def _is_moment(tag: str, value: str) -> None:
    _moment(tag, value, date(2000, 1, 3))


def _is_flag(tag: str, value: str) -> None:
    if value not in ("0", "1"):
        raise Refused(441, reason=f"'{tag}' is invalid: {value}")


def _is_share(tag: str, value: str) -> None:
    try:
        inside = SMALLEST_SHARE <= Decimal(value) <= LARGEST_SHARE
    except InvalidOperation:
        inside = False
    if not inside:
        raise Refused(441, reason=f"'{tag}' is invalid: {value}")


def _is_priority(tag: str, value: str) -> None:
    if value not in ("Urgent", "Normal", "Patient"):
        raise Refused(145, reason=value)


Check = Callable[[str, str], None]
_TIMES: dict[str, Check] = {
    "startTime": _is_moment,
    "endTime": _is_moment,
    "allowPastEndTime": _is_flag,
}
PARAMETERS: dict[str, dict[str, Check]] = {
    "Adaptive": {"adaptivePriority": _is_priority},
    "Twap": _TIMES,
    "Vwap": {**_TIMES, "maxPctVol": _is_share, "noTakeLiq": _is_flag, "speedUp": _is_flag},
}
"""By algorithm, what it may be told, and how that is judged."""
