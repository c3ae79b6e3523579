"""The connection to Redis: what it says when there is none."""

import sys

import pytest

from orderworks.model.errors import InputError
from orderworks.streams.connection import Redis, RedisUnavailable


def test_a_missing_extra_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(
        InputError, match=r"^Redis streams need .* 'pip install orderworks\[redis\]'$"
    ):
        Redis("redis://here")


@pytest.mark.parametrize("url", ["redis://:s3cr3tword@127.0.0.1:1/0", "http://:s3cr3tword@here"])
def test_no_error_shows_the_password(url: str) -> None:
    with pytest.raises(InputError) as refused, Redis(url).asked() as client:
        client.ping()
    assert "s3cr3tword" not in str(refused.value)
    assert "redis.url" in str(refused.value)


def test_what_is_no_stream_is_told(redis_url: str) -> None:
    redis = Redis(redis_url)
    with redis.asked() as client:
        client.set("execution:signals", "text")
    with pytest.raises(RedisUnavailable, match="WRONGTYPE"), redis.asked() as client:
        client.xrange("execution:signals")
