"""Cycles are looked for as usual before a desk is open and after it."""

import gc

from orderworks.desk.collecting import SELDOM, seldom_collected


def test_cycles_are_looked_for_seldom_meanwhile_and_as_usual_after() -> None:
    usual = gc.get_threshold()
    with seldom_collected():
        assert gc.get_threshold() == (SELDOM, *usual[1:])
        assert gc.isenabled()
    assert gc.get_threshold() == usual


def test_desks_that_overlap_may_close_in_any_order() -> None:
    usual = gc.get_threshold()
    first, second = seldom_collected(), seldom_collected()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert gc.get_threshold() == (SELDOM, *usual[1:])
    second.__exit__(None, None, None)
    assert gc.get_threshold() == usual
