"""The market of a desk that is quoted by Redis."""

from datetime import date
from pathlib import Path

from orderworks.desk.publishing import FillStream
from orderworks.market.data import History
from orderworks.market.history import RecordedHistory
from orderworks.model.errors import InputError
from orderworks.settings import Settings
from orderworks.streams.connection import Redis
from orderworks.streams.quotes import RedisMarket


def quoted_by(redis: Redis | None, settings: Settings, history: History | None) -> RedisMarket:
    """Quotes from Redis, and what it does not have from ``history``.

    Raises:
        InputError: if one of them is missing.
    """
    if redis is None:
        raise InputError(
            "setting 'market.quotes' is redis, which is only asked by a run; repeat this with "
            "ORDERWORKS_MARKET__QUOTES=own and --market DIR"
        )
    if history is None:
        raise InputError(
            "Redis has quotes, and no bars or daily volumes, which routes and limits are judged by; "
            "pass --market DIR with daily.csv"
        )
    return RedisMarket(redis, settings.redis.quotes, history)


def history_of(directory: Path | None, session: date) -> RecordedHistory | None:
    """The days before a session that a market directory holds; none without a directory."""
    return None if directory is None else RecordedHistory(directory, session)


def fill_stream(redis: Redis | None, settings: Settings) -> FillStream | None:
    """Where the fills of an account are published to, if the settings name a stream."""
    if redis is None or not settings.redis.fills:
        return None
    return FillStream(redis, settings.redis.fills)
