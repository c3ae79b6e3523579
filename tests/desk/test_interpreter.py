"""The interpreter is as usual before a desk is open and after it."""

import gc
import sys

import pytest

from orderworks.desk.interpreter import SELDOM, TURN, suited_to_desks


def is_suited_to_desks() -> bool:
    assert gc.isenabled()
    assert sys.getswitchinterval() in (pytest.approx(0.005), pytest.approx(TURN))
    assert (gc.get_threshold()[0] == SELDOM) == (sys.getswitchinterval() == pytest.approx(TURN))
    return gc.get_threshold()[0] == SELDOM


def test_cycles_are_looked_for_seldom_and_turns_taken_often_meanwhile() -> None:
    usual = gc.get_threshold()
    with suited_to_desks():
        assert is_suited_to_desks()
        assert gc.get_threshold()[1:] == usual[1:]
    assert not is_suited_to_desks()
    assert gc.get_threshold() == usual


def test_desks_that_overlap_may_close_in_any_order() -> None:
    usual = gc.get_threshold()
    first, second = suited_to_desks(), suited_to_desks()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert is_suited_to_desks()
    second.__exit__(None, None, None)
    assert not is_suited_to_desks()
    assert gc.get_threshold() == usual
