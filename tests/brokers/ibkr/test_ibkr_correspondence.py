"""What messages tell of an order: only what is proven, each thing once, in an order that can be booked."""

from decimal import Decimal

import pytest
from gateway.gateway import PAPER_ACCOUNT
from hypothesis import given
from hypothesis import strategies as st
from served_broker import kinds
from wire_messages import (
    AT,
    CLIENT,
    PERM_ID,
    commission,
    error,
    execution,
    open_order,
    status,
    talk_about_one_order,
)

from orderworks.brokers.ibkr.correspondence import Correspondence
from orderworks.brokers.ibkr.errors import CODES
from orderworks.brokers.ibkr.wire import Message
from orderworks.model.order import Replacement

ENDS = {"CANCELLED", "REJECTED", "EXPIRED"}
LIVE = ("PreSubmitted", "Submitted", "PendingCancel", "PendingSubmit", "ApiPending", "Filled")


def told(*messages: Message) -> list[str]:
    talk = talk_about_one_order()
    for message in messages:
        talk.hear(message, AT)
    return kinds(talk.take_reports())


@pytest.mark.parametrize(
    ("messages", "reports"),
    [
        ([open_order()], ["ACKNOWLEDGED"]),
        ([open_order(), status("Submitted"), status("Submitted")], ["ACKNOWLEDGED"]),
        ([status("Submitted", perm_id=0)], []),
        ([open_order(perm_id=0)], []),
        ([status("PendingSubmit")], []),
        ([status("PreSubmitted")], ["ACKNOWLEDGED"]),
        ([status("Cancelled")], ["CANCELLED"]),
        ([status("Cancelled", perm_id=0)], []),
        ([error(201), status("Inactive")], ["REJECTED"]),
        ([status("Inactive"), error(201)], ["REJECTED"]),
        ([status("Inactive")], []),
        ([status("Inactive", why_held="locate")], ["ACKNOWLEDGED"]),
        ([error(404), status("Inactive")], ["ACKNOWLEDGED"]),
        ([error(10349), open_order()], ["ACKNOWLEDGED"]),
        ([open_order(), status("ValidationError")], ["ACKNOWLEDGED"]),
        ([open_order(), error(202), status("Cancelled")], ["ACKNOWLEDGED", "CANCELLED"]),
        ([open_order(), status("Cancelled"), status("Cancelled")], ["ACKNOWLEDGED", "CANCELLED"]),
        ([execution("x.01", 100), commission("x.01")], ["ACKNOWLEDGED", "FILLED"]),
        ([commission("x.01"), execution("x.01", 100)], ["ACKNOWLEDGED", "FILLED"]),
        ([execution("x.01", 100)], ["ACKNOWLEDGED"]),
        (
            [status("Cancelled", 40), execution("x.01", 40), commission("x.01")],
            ["ACKNOWLEDGED", "FILLED", "CANCELLED"],
        ),
        ([open_order(), status("Cancelled", 40)], ["ACKNOWLEDGED"]),
        ([open_order(), status("Cancelled", 40), execution("x.01", 40)], ["ACKNOWLEDGED"]),
        (
            [status("Cancelled"), execution("x.01", 40), commission("x.01")],
            ["ACKNOWLEDGED", "FILLED", "CANCELLED"],
        ),
    ],
)
def test_what_is_told(messages: list[Message], reports: list[str]) -> None:
    assert told(*messages) == reports


@given(
    st.lists(
        st.sampled_from([*CODES, 12345]).map(error)
        | st.sampled_from(LIVE).map(status)
        | st.sampled_from(LIVE).map(open_order)
    )
)
def test_no_code_ends_an_order(messages: list[Message]) -> None:
    assert not ENDS & set(told(*messages))


@given(
    messages=st.permutations(
        [
            open_order(),
            status("Submitted"),
            execution("x.01", 40),
            commission("x.01"),
            execution("y.01", 20),
            commission("y.01", "0.5"),
        ]
    ),
    often=st.integers(1, 3),
)
def test_in_whatever_order_it_is_heard_each_thing_is_told_once(
    messages: list[Message], often: int
) -> None:
    talk = talk_about_one_order()
    reports = []
    for message in [*messages * often, status("Cancelled", 60)]:
        talk.hear(message, AT)
        reports += talk.take_reports()
    said = kinds(reports)
    assert sorted(said) == ["ACKNOWLEDGED", "CANCELLED", "FILLED", "FILLED"]
    assert said[-1] == "CANCELLED"
    assert {r.broker_order_id for r in reports} == {str(PERM_ID)}
    paid = {r.fill.exec_id: r.fill.commission for r in reports if r.fill is not None}
    assert paid == {"x.01": Decimal("1.0"), "y.01": Decimal("0.5")}


def test_a_fill_after_the_end_is_told() -> None:
    talk = talk_about_one_order()
    for message in (open_order(), status("Cancelled")):
        talk.hear(message, AT)
    assert kinds(talk.take_reports()) == ["ACKNOWLEDGED", "CANCELLED"]
    for message in (execution("x.01", 40), commission("x.01")):
        talk.hear(message, AT)
    assert kinds(talk.take_reports()) == ["FILLED"]


def test_executions_that_are_counted_and_not_shown_are_missed() -> None:
    talk = talk_about_one_order()
    talk.hear(status("Submitted", 40), AT)
    assert talk.lacks_executions
    talk.hear(execution("x.01", 40), AT)
    assert not talk.lacks_executions


def test_an_order_ends_though_a_correction_took_back_what_is_counted() -> None:
    talk = talk_about_one_order()
    for message in (
        *(open_order(), execution("x.01", 40), execution("x.02", 30)),
        *(commission("x.01"), commission("x.02"), status("Cancelled", 40)),
    ):
        talk.hear(message, AT)
    assert kinds(talk.take_reports()) == ["ACKNOWLEDGED", "FILLED", "FILLED", "CANCELLED"]
    assert not talk.lacks_executions


def test_a_number_that_is_refused_is_burnt() -> None:
    talk = talk_about_one_order()
    talk.hear(error(103), AT)
    assert talk.burnt == {11}
    assert talk.take_reports() == []


@pytest.mark.parametrize(
    ("code", "is_refused"),
    [(110, True), (200, True), (201, True), (10006, False), (135, False), (202, False)],
)
def test_what_would_be_refused_again_is_known(code: int, is_refused: bool) -> None:
    talk = talk_about_one_order()
    talk.hear(error(code), AT)
    thread = talk.threads["ow-a"]
    assert (thread.refused is not None) == is_refused
    assert str(code) in str(thread.reason)
    assert talk.take_reports() == []


def test_a_second_perm_id_is_two_orders() -> None:
    talk = talk_about_one_order()
    talk.hear(open_order(), AT)
    talk.take_reports()
    talk.hear(open_order(perm_id=PERM_ID + 1), AT)
    assert talk.doubled == {"ow-a"}
    # What is said of either could be of the other.
    talk.hear(status("Cancelled", perm_id=PERM_ID + 1), AT)
    assert talk.take_reports() == []


@pytest.mark.parametrize("code", [104, 105, 110, 201, 321, 329])
def test_a_change_is_told_when_it_is_shown_or_refused(code: int) -> None:
    wanted = Replacement("ow-a", 80, Decimal("99.6"))
    for answer, kind in (
        (open_order(totalQuantity=80.0, lmtPrice=99.6), "REPLACED"),
        (error(code), "REPLACE_REFUSED"),
    ):
        talk = talk_about_one_order()
        talk.hear(open_order(), AT)
        talk.take_reports()
        talk.threads["ow-a"].asked = wanted
        talk.hear(open_order(), AT)
        assert talk.take_reports() == []
        talk.hear(answer, AT)
        [report] = talk.take_reports()
        assert (report.kind.value, talk.threads["ow-a"].asked) == (kind, None)
        assert report.terms == (wanted if kind == "REPLACED" else None)


def test_terms_that_nobody_asked_for_are_told_only_of_what_its_group_reduced() -> None:
    for changes, kind in (
        ({"totalQuantity": 60.0, "ocaGroup": "g"}, ["REPLACED"]),
        ({"totalQuantity": 60.0, "parentId": 3}, ["REPLACED"]),
        ({"totalQuantity": 60.0}, []),
        ({"totalQuantity": 160.0, "ocaGroup": "g"}, []),
        ({"totalQuantity": 60.0, "ocaGroup": "g", "lmtPrice": 1.0}, []),
    ):
        talk = talk_about_one_order()
        talk.hear(open_order(), AT)
        talk.take_reports()
        talk.hear(open_order(**changes), AT)
        assert kinds(talk.take_reports()) == kind


def test_a_rejected_cancel_is_no_rejection_of_the_order() -> None:
    talk = talk_about_one_order()
    talk.hear(open_order(), AT)
    talk.threads["ow-a"].cancel_asked = True
    talk.hear(error(201), AT)
    talk.hear(status("Cancelled"), AT)
    assert kinds(talk.take_reports()) == ["ACKNOWLEDGED", "CANCELLED"]


def test_what_is_of_other_accounts_and_orders_is_not_ours() -> None:
    talk = talk_about_one_order()
    for message in (
        execution("x.01", 1, account="DU9"),
        execution("y.01", 1, ref="", perm_id=5, order_id=0, client_id=0),
        error(201, order_id=99),
    ):
        talk.hear(message, AT)
    assert talk.take_reports(without_commission=True) == []


@pytest.mark.parametrize(
    ("tif", "said"),
    [("GTC", [("CANCELLED", 40)]), ("GTD", [("CANCELLED", 40)]), ("DAY", [])],
)
def test_an_order_that_filled_on_an_earlier_day_ends(
    tif: str, said: list[tuple[str, int | None]]
) -> None:
    """A new process is not shown yesterday's executions; whether the ledger has them all, it knows."""
    talk = Correspondence(PAPER_ACCOUNT, CLIENT)
    talk.hear(open_order(tif=tif), AT)
    talk.hear(status("Submitted", 40), AT)
    assert kinds(talk.take_reports()) == ["ACKNOWLEDGED"]
    talk.hear(status("Cancelled", 40), AT)
    assert [(r.kind.value, r.filled) for r in talk.take_reports()] == said
    assert talk.lacks_executions is (said == [])
    talk.hear(execution("x.01", 40), AT)
    talk.hear(commission("x.01"), AT)
    assert kinds(talk.take_reports()) == ["FILLED"] + ([] if said else ["CANCELLED"])
