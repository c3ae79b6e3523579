"""Fills published to a stream: at least once, each under the id of its execution."""

from collections.abc import Sequence

from orderworks.ledger.published_fills import BookedFill
from orderworks.streams.connection import Redis


def publish(redis: Redis, stream: str, fills: Sequence[BookedFill]) -> None:
    """Adds fills in order, all of them or none.

    Raises:
        RedisUnavailable: if it is not known that they were added; they may have been.
    """
    with redis.asked() as client:
        pipeline = client.pipeline(transaction=True)
        for fill in fills:
            pipeline.xadd(stream, dict(fill.fields))
        pipeline.execute()
