"""Ids of entries: in the stream's order, and by when they were added."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from orderworks.streams.entry_ids import EPOCH, last_id_by, moment_of, parts

MOMENTS = st.timedeltas(timedelta(0), timedelta(days=36_500)).map(lambda since: EPOCH + since)


@given(MOMENTS, MOMENTS)
def test_later_moments_have_higher_ids(one: datetime, other: datetime) -> None:
    early, late = sorted((one, other))
    assert parts(last_id_by(early)) <= parts(last_id_by(late))


@given(MOMENTS)
def test_an_id_tells_its_moment_to_the_millisecond(moment: datetime) -> None:
    assert timedelta(0) <= moment - moment_of(last_id_by(moment)) < timedelta(milliseconds=1)


def test_numbers_are_compared_as_numbers() -> None:
    assert parts("10-2") < parts("10-10") < parts("100-0")
