"""Cycles are looked for as usual before a desk is open and after it."""

import gc

from orderworks.desk.collecting import SELDOM, seldom_collected


def test_cycles_are_looked_for_seldom_meanwhile_and_as_usual_after() -> None:
    usual = gc.get_threshold()
    with seldom_collected():
        assert gc.get_threshold() == (SELDOM, *usual[1:])
        assert gc.isenabled()
    assert gc.get_threshold() == usual
