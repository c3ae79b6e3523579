"""Faults are data: scripted, or drawn from a seed."""

import pytest

from .answers import Answer
from .faults import (
    Correct,
    Fault,
    Faults,
    Lose,
    Say,
    Twice,
)
from .requests import Request


def test_faults_are_drawn_alike_from_one_seed() -> None:
    def drawn(seed: int) -> list[Fault | None]:
        faults = Faults(rates={Answer.ORDER_STATUS: {Twice(): 0.3, Lose(): 0.3}}, seed=seed)
        return [faults.befalls(Answer.ORDER_STATUS) for _ in range(40)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert {Twice(), Lose(), None} == set(drawn(1))


def test_a_fault_that_cannot_be_is_named() -> None:
    with pytest.raises(ValueError, match="Correct cannot befall PLACE_ORDER"):
        Faults({(Request.PLACE_ORDER, 1): Correct(1, "1")})
    with pytest.raises(ValueError, match="error 12345 has no text"):
        Faults({(Request.PLACE_ORDER, 1): Say(12345)})
    with pytest.raises(ValueError, match="counted from 1"):
        Faults({(Request.PLACE_ORDER, 0): Lose()})
    with pytest.raises(ValueError, match="from 0 to 1"):
        Faults(rates={Request.PLACE_ORDER: {Lose(): 1.5}})
