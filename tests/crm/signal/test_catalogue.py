from __future__ import annotations

from dataclasses import replace

import pytest

from crm.momentum import TimeClass
from crm.setting import described, faults
from crm.signal import SIGNALS, Signal, SignalPolicy


def test_there_are_seventeen_and_each_can_be_weighed() -> None:
    assert len(Signal) == len(SIGNALS) == 17
    policy = SignalPolicy()
    assert {signal: policy.points(signal) for signal in Signal} == {
        signal: told.points for signal, told in SIGNALS.items()
    }
    assert {told.name for told in described(policy)} == {*map(str, Signal), "competitors"}
    assert faults(policy) == []


@pytest.mark.parametrize(
    ("signal", "kind", "points"),
    [
        (Signal.BUDGET, TimeClass.MEDIUM, 30),
        (Signal.REPLACEMENT, TimeClass.MEDIUM, 35),
        (Signal.FORM, TimeClass.FAST, 40),
        (Signal.NEW_CONTACT, TimeClass.LONG, 20),
        (Signal.SILENCE, TimeClass.LONG, -20),
    ],
)
def test_the_priors_are_those_of_the_modelling_facts(
    signal: Signal, kind: TimeClass, points: float
) -> None:
    assert (SIGNALS[signal].kind, SIGNALS[signal].points) == (kind, points)


def test_a_weight_out_of_bounds_is_named() -> None:
    assert faults(replace(SignalPolicy(), budget=300.0)) == ["提到预算：300分 超出 -100 至 100分"]


def test_competitors_are_listed_with_commas_of_either_kind() -> None:
    assert SignalPolicy(competitors="甲公司、乙公司,丙").rivals == ("甲公司", "乙公司", "丙")
    assert SignalPolicy().rivals == ()


def test_a_signal_knows_its_label() -> None:
    assert Signal.BUDGET.label == "提到预算"
