"""The interpreter is as usual before a desk is open and after it."""

import gc
import sys

import pytest

from orderworks.desk.interpreter import SELDOM, TURN, suited_to_desks

Ways = tuple[tuple[int, int, int], float]
"""When cycles are looked for, and how long a turn is."""


def ways() -> Ways:
    return gc.get_threshold(), sys.getswitchinterval()


def suited(usual: Ways) -> Ways:
    return (SELDOM, *usual[0][1:]), pytest.approx(TURN)


def test_cycles_are_looked_for_seldom_and_turns_taken_often_meanwhile() -> None:
    usual = ways()
    with suited_to_desks():
        assert ways() == suited(usual)
        assert gc.isenabled()
    assert ways() == usual != suited(usual)


def test_desks_that_overlap_may_close_in_any_order() -> None:
    usual = ways()
    first, second = suited_to_desks(), suited_to_desks()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert ways() == suited(usual)
    second.__exit__(None, None, None)
    assert ways() == usual
