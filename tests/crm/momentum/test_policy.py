from __future__ import annotations

from dataclasses import replace

import pytest

from crm.momentum import MomentumPolicy, problems
from crm.setting import described

GOOD = MomentumPolicy()


def test_the_shipped_values_are_sound() -> None:
    assert problems(GOOD) == []


def test_every_field_is_labelled_and_bounded() -> None:
    for told in described(GOOD):
        assert told.label
        assert told.low is not None
        assert told.high is not None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"yellow_below": 100.0}, "黄色阈值：100分 超出 1–99分"),
        ({"red_below": 40.0}, "红色阈值：40分 须低于黄色阈值 40分"),
        ({"red_below": 39.0}, "回差：0.05 过大，红色恢复线 40.95分 须低于黄色阈值 40分"),
        ({"hysteresis": 0.0}, "回差：0 超出 0.01–0.5"),
        ({"medium_tau_hours": 300.0}, "峰值时间：须满足 快 < 中 < 慢"),
    ],
)
def test_a_bad_policy_is_refused_in_words(change: dict[str, float], said: str) -> None:
    assert problems(replace(GOOD, **change)) == [said]
