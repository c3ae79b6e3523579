"""The plan of faults: the same seed and the same messages, the same faults."""

from collections import Counter

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from orderworks.brokers.simulated.faults import (
    Fault,
    FaultPlan,
    Scripted,
    can_befall,
    everywhere,
)
from orderworks.brokers.simulated.messages import Message
from orderworks.brokers.simulated.wire import Malformed, decode, encode

SEEDS = st.integers(0, 2**32)
MESSAGES = st.lists(st.sampled_from(Message), max_size=40)


def befallen(plan: FaultPlan, messages: list[Message]) -> list[frozenset[Fault]]:
    counts: Counter[Message] = Counter()
    seen = []
    for message in messages:
        counts[message] += 1
        seen.append(plan.fate(message, counts[message]).faults)
    return seen


@given(seed=SEEDS, rate=st.floats(0, 1), messages=MESSAGES, items=st.lists(st.integers()))
def test_the_same_seed_and_messages_meet_the_same(
    seed: int, rate: float, messages: list[Message], items: list[int]
) -> None:
    plan, again = everywhere(seed, rate), everywhere(seed, rate)
    assert befallen(plan, messages) == befallen(again, messages)
    for message in messages:
        fate, same = plan.fate(message, 1), again.fate(message, 1)
        assert fate.shuffled(items) == same.shuffled(items)
        assert fate.part(Fault.HOLD_BACK, items) == same.part(Fault.HOLD_BACK, items)


@given(seed=SEEDS, messages=MESSAGES, others=MESSAGES)
def test_what_befalls_a_message_does_not_depend_on_messages_of_other_kinds(
    seed: int, messages: list[Message], others: list[Message]
) -> None:
    plan = everywhere(seed, 0.3)
    mine = [message for message in messages if message is Message.SUBMIT]
    mixed = [*others, *messages]
    first = [found for one, found in zip(mixed, befallen(plan, mixed), strict=True)
             if one is Message.SUBMIT]  # fmt: skip
    theirs = sum(one is Message.SUBMIT for one in others)
    assert first[theirs:] == [plan.fate(Message.SUBMIT, theirs + n + 1).faults
                              for n in range(len(mine))]  # fmt: skip


def test_rates_are_kept_and_faults_independent() -> None:
    plan, count = everywhere(7, 0.2), 5_000
    seen = [plan.fate(Message.SUBMIT, n).faults for n in range(1, count + 1)]
    for fault in Fault:
        assert sum(fault in one for one in seen) == pytest.approx(0.2 * count, rel=0.1)
    both = sum({Fault.DELAY, Fault.DROP_ANSWER} <= one for one in seen)
    assert both == pytest.approx(0.04 * count, rel=0.25)


@given(seed=SEEDS, message=st.sampled_from(Message), occurrence=st.integers(1, 10**6))
def test_nothing_befalls_at_rate_0_and_all_that_can_at_rate_1(
    seed: int, message: Message, occurrence: int
) -> None:
    assert everywhere(seed, 0).fate(message, occurrence).faults == frozenset()
    possible = {fault for fault in Fault if can_befall(fault, message)}
    assert everywhere(seed, 1).fate(message, occurrence).faults == possible


@given(seed=SEEDS, items=st.lists(st.integers(), min_size=1, unique=True))
def test_a_fault_hits_something_and_another_order_is_another(seed: int, items: list[int]) -> None:
    fate = FaultPlan(seed).fate(Message.SUBMIT, 1)
    hit, others = fate.part(Fault.REJECT, items)
    assert hit
    assert sorted(hit + others) == sorted(items)
    shuffled = fate.shuffled(items)
    assert sorted(shuffled) == sorted(items)
    assert shuffled != items or len(items) == 1


def test_a_script_says_which_message_it_is() -> None:
    plan = FaultPlan(1, script=(Scripted(Message.ADVANCE, 2, Fault.DROP_ANSWER),))
    assert befallen(plan, [Message.ADVANCE, Message.SUBMIT, Message.ADVANCE, Message.ADVANCE]) == [
        frozenset(),
        frozenset(),
        frozenset({Fault.DROP_ANSWER}),
        frozenset(),
    ]


def test_a_plan_is_written_as_a_file() -> None:
    written = """
    seed: 7
    rates:
      submit: {drop_answer: 0.05, reject: 1}
    script:
      - {message: advance, occurrence: 2, fault: hold_back}
    id_rollback: 3
    """
    plan = FaultPlan(
        7,
        {Message.SUBMIT: {Fault.DROP_ANSWER: 0.05, Fault.REJECT: 1.0}},
        (Scripted(Message.ADVANCE, 2, Fault.HOLD_BACK),),
        id_rollback=3,
    )
    assert decode(FaultPlan, yaml.safe_load(written)) == plan
    assert decode(FaultPlan, encode(plan)) == plan


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("rates: {}", "seed is missing"),
        ("seed: x", "seed: must be a whole number of 64 bits, not 'x'"),
        ("{seed: 1, rates: {submit: {delay: 1.5}}}",
         "the rate of delay for submit must be from 0 to 1, not 1.5"),
        ("{seed: 1, rates: {snapshot: {hold_back: 0.1}}}",
         "hold_back cannot befall the message snapshot"),
        ("{seed: 1, script: [{message: cancel, occurrence: 1, fault: reject}]}",
         "reject cannot befall the message cancel"),
        ("{seed: 1, script: [{message: cancel, occurrence: 0, fault: delay}]}",
         "an occurrence is counted from 1, not 0"),
        ("{seed: 1, delay_seconds: -1}", "delay_seconds must not be negative, not -1.0"),
        ("{seed: 1, id_rollback: -1}", "id_rollback must not be negative, not -1"),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_is_told(written: str, told: str) -> None:
    with pytest.raises(Malformed) as refused:
        decode(FaultPlan, yaml.safe_load(written))
    assert str(refused.value) == told
