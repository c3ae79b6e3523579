"""A connection to Redis, whose client is an extra: it is imported when one is made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from orderworks.model.errors import InputError
from orderworks.model.secret import passwords_of, without

Fields = dict[str, str]
Entry = tuple[str, Fields]
"""An entry of a stream: its id, ``MILLISECONDS-NUMBER``, and its fields."""

SECONDS = 2.0
"""How long an answer is waited for."""


class RedisUnavailable(InputError):
    """Redis does not answer, or refuses."""

    exit_status = 1


class Redis:
    """A client that says in one sentence, without its address' password, why it has no answer.

    Args:
        url: redis://, rediss:// or unix://.

    Raises:
        InputError: the extra is not installed, or the address is none.
    """

    def __init__(self, url: str, seconds: float = SECONDS) -> None:
        redis = _module()
        self._errors: tuple[type[Exception], ...] = (redis.RedisError, OSError)
        self._secrets = passwords_of(url)
        try:
            self._client = redis.Redis.from_url(
                url,
                decode_responses=True,
                # A producer's broken text breaks a rule of its row, not the whole stream.
                encoding_errors="replace",
                socket_timeout=seconds,
                socket_connect_timeout=seconds,
                retry=None,
            )
        except ValueError as error:
            raise InputError(
                f"Redis cannot be addressed: {without(str(error), self._secrets)}; correct the "
                "address that setting 'redis.url' refers to"
            ) from None

    @contextmanager
    def asked(self) -> Iterator[Any]:
        """The client.

        Raises:
            RedisUnavailable: whatever Redis failed with.
        """
        try:
            yield self._client
        except self._errors as error:
            said = without(" ".join(str(error).split()), self._secrets)
            raise RedisUnavailable(
                f"Redis did not answer: {said.rstrip('.') or type(error).__name__}; see that it runs, "
                "and that setting 'redis.url' refers to its address"
            ) from None


def _module() -> Any:
    try:
        import redis
    except ImportError:
        raise InputError(
            "Redis streams need an extra that is not installed; run 'pip install orderworks[redis]'"
        ) from None
    return redis
