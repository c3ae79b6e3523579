"""Open orders are found by their runs: the count that a run keeps of them is never wrong."""

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import errors
from working_orders import ACCOUNT, LIMIT, at, family, open_books, plan_orders, send

from orderworks.ledger.connection import Ledger
from orderworks.ledger.movements import EventRecord, book
from orderworks.ledger.orders import open_orders
from orderworks.model.order import Replacement
from orderworks.model.state import TERMINAL, TRANSITIONS, OrderEvent
from orderworks.model.state import OrderState as S

# Steps that need no fill behind them, from a child that was sent.
STEPS = {
    (start, event): end
    for (start, event), end in TRANSITIONS.items()
    if end not in (S.FILLED, S.PENDING) and S.NEW not in (start, end)
}
NAMES = [f"{parent}-{child}" for parent in "pqr" for child in range(2)]


def lives() -> st.SearchStrategy[list[EventRecord]]:
    """Some events of some children, each legal after the one before."""

    @st.composite
    def live(draw: st.DrawFn) -> list[EventRecord]:
        stands = dict.fromkeys(NAMES, S.PENDING)
        events = []
        for name in draw(st.lists(st.sampled_from(NAMES), max_size=20)):
            start = stands[name]
            choices = [(event, end) for (state, event), end in STEPS.items() if state is start]
            if choices:
                event, end = draw(st.sampled_from(choices))
                terms = Replacement(name, 100, LIMIT) if event is OrderEvent.REPLACE else None
                events.append(EventRecord(name, event, start, end, at(1), terms=terms))
                stands[name] = end
        return events

    return live()


@given(events=lives(), cuts=st.sets(st.integers(0, 20), max_size=4))
@settings(
    max_examples=settings.default.max_examples // 4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_run_counts_its_open_orders(
    ledger: Ledger, events: list[EventRecord], cuts: set[int]
) -> None:
    """However the events are batched, and with several of one order in a batch."""
    with ledger.transaction(force_rollback=True):
        lease = open_books(ledger)
        first = [one for name in "pq" for one in family(name, 10, 10)]
        plan_orders(ledger, *first, run_key="first")
        plan_orders(ledger, *family("r", 10, 10), run_key="second")
        children = {one.client_order_id: one for one in (*first, *family("r", 10, 10))}
        send(ledger, lease, *(children[name] for name in NAMES))
        for begin, end in pairwise([0, *sorted(cuts), len(events) + 20]):
            book(ledger, lease, events[begin:end])

        closed = {event.client_order_id for event in events if event.to_state in TERMINAL}
        still_open = open_orders(ledger, ACCOUNT)
        assert still_open.keys() == children.keys() - closed
        counted = ledger.execute("SELECT run_key, open_orders FROM runs").fetchall()
        assert {row["run_key"]: row["open_orders"] for row in counted} == {
            "first": sum(not name.startswith("r") for name in still_open),
            "second": sum(name.startswith("r") for name in still_open),
        }


def test_the_count_is_not_written_directly(ledger: Ledger) -> None:
    with pytest.raises(errors.RestrictViolation, match="counted by what moves them"):
        ledger.execute("UPDATE runs SET open_orders = 0")
