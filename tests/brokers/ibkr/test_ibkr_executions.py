"""Executions, corrections and commissions as fills: each once, and the sum as the broker has it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_messages import commission, execution

from orderworks.brokers.ibkr.executions import Executions, execution_key, first_report
from orderworks.model.fill import Fill


def heard(*said: tuple[str, float]) -> Executions:
    """Executions of one order, without what they cost."""
    executions = Executions()
    for exec_id, shares in said:
        executions.hear(execution(exec_id, shares))
        executions.name(exec_id, "ow-a")
    return executions


def booked(fills: list[Fill]) -> tuple[int, Decimal]:
    """Shares and commission as a ledger has them: what is replaced counts no more."""
    replaced = {fill.replaces for fill in fills}
    standing = [fill for fill in fills if fill.exec_id not in replaced]
    return sum(f.quantity for f in standing), sum((f.commission for f in standing), Decimal(0))


@pytest.mark.parametrize(
    ("exec_id", "key"),
    [
        ("0000e0d5.6576fd38.01.01", ("0000e0d5.6576fd38.01", 1)),
        ("0000e0d5.6576fd38.01.12", ("0000e0d5.6576fd38.01", 12)),
        ("manual", ("manual", 1)),
        ("a.b", ("a.b", 1)),
    ],
)
def test_what_the_reports_of_an_execution_share(exec_id: str, key: tuple[str, int]) -> None:
    assert execution_key(exec_id) == key


def test_the_first_report_is_written_as_the_correction_is() -> None:
    assert first_report("x.7.03") == "x.7.01"


@given(
    reports=st.lists(
        st.tuples(st.sampled_from("xyz"), st.integers(1, 4), st.integers(0, 50)),
        unique_by=lambda one: one[:2],
        min_size=1,
    ).filter(lambda all_: all(shares or number > 1 for _, number, shares in all_)),
    data=st.data(),
)
def test_however_they_come_the_highest_report_of_each_stands(
    reports: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    said = [(f"{name}.{number:02d}", float(shares)) for name, number, shares in reports]
    executions = heard(*data.draw(st.permutations(said)))
    for exec_id, _ in said:
        executions.hear(commission(exec_id, "1"))
    wanted = sum(
        max((number, shares) for other, number, shares in reports if other == name)[1]
        for name in {one[0] for one in reports}
    )
    fills = executions.take()
    assert booked(fills)[0] == executions.net_filled("ow-a") == wanted
    assert executions.take() == []
    assert len({fill.replaces for fill in fills if fill.replaces}) == sum(
        fill.replaces is not None for fill in fills
    )


def test_one_waits_for_its_commission_and_is_told_without_it_when_that_is_enough() -> None:
    executions = heard(("x.01", 10))
    assert executions.take() == []
    assert executions.waiting
    assert executions.is_waiting("ow-a")
    [fill] = executions.take(without_commission=True)
    assert fill.commission == 0
    assert not executions.waiting
    executions.hear(commission("x.01", "1.25"))
    [late] = executions.take()
    assert (late.replaces, late.quantity, late.commission) == ("x.01", 10, Decimal("1.25"))
    assert booked([fill, late]) == (10, Decimal("1.25"))
    assert executions.take() == []


def test_a_commission_that_is_not_known_yet_has_not_come() -> None:
    executions = heard(("x.01", 10))
    for pending in ("-1", "1.7976931348623157E+308"):
        executions.hear(commission("x.01", pending))
        assert executions.take() == []
    executions.hear(commission("x.01", "-0.25"))
    assert [fill.commission for fill in executions.take()] == [Decimal("-0.25")]


def test_a_correction_after_a_late_commission_replaces_that() -> None:
    executions = heard(("x.01", 10))
    fills = executions.take(without_commission=True)
    executions.hear(commission("x.01", "1.25"))
    fills += executions.take()
    executions.hear(execution("x.02", 8))
    executions.name("x.02", "ow-a")
    fills += executions.take(without_commission=True)
    assert booked(fills) == (8, Decimal("1.25"))


def test_a_late_commission_of_what_was_corrected_meanwhile_is_past() -> None:
    executions = heard(("x.01", 10))
    fills = executions.take(without_commission=True)
    executions.hear(execution("x.02", 8))
    executions.name("x.02", "ow-a")
    executions.hear(commission("x.02", "1"))
    fills += executions.take()
    executions.hear(commission("x.01", "1.25"))
    assert executions.take() == []
    assert booked(fills) == (8, Decimal(1))


def test_a_correction_that_comes_after_a_later_one_is_past() -> None:
    executions = heard(("x.01", 10), ("x.03", 8))
    assert booked(executions.take(without_commission=True))[0] == 8
    executions.hear(execution("x.02", 9))
    executions.name("x.02", "ow-a")
    assert executions.take(without_commission=True) == []
    assert not executions.waiting


def test_what_a_snapshot_shows_without_its_commission_is_told_by_that() -> None:
    executions = heard(("x.01", 10))
    [shown] = executions.show(["x.01"])
    assert shown.commission == 0
    assert executions.take(without_commission=True) == []
    executions.hear(commission("x.01", "1"))
    assert [fill.replaces for fill in executions.take()] == ["x.01"]


def test_a_part_of_a_share_is_not_understood() -> None:
    with pytest.raises(ValueError, match=r"0\.5 shares is not whole"):
        heard(("x.01", 0.5)).show(["x.01"])
