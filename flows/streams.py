"""Redis for a run, if its settings ask for it."""

from typing import TYPE_CHECKING

from flows.addresses import address
from orderworks.settings import Settings

if TYPE_CHECKING:
    from orderworks.streams.connection import Redis


async def redis_of(settings: Settings) -> "Redis | None":
    """What quotes are read from, or fills published to; None where neither is asked for.

    Raises:
        InputError: if there is no address, or Redis' client is not installed.
    """
    if not settings.uses_redis:
        return None
    from orderworks.streams.connection import Redis

    return Redis(await address("redis.url", settings.redis.url))
