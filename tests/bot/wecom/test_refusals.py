"""Every code of the protocol reference has its reason and its advice."""

from __future__ import annotations

import pytest

from bot.adapter import TransientError, UndeliverableError
from bot.wecom import refusals

LASTING = (
    *(40001, 40091, 40003, 40031, 60111, 46004, 40008, 40013, 40056, 40029, 40033, 40035, 40058),
    *(40063, 44004, 41050, 41051, 45002, 48002, 48006, 50001, 50002, 50003, 60020, 60011, 81013),
    *(82001, 82002, 82003, 84061, 84074, 301002, 301024, 301025, 846605, 846608, 93000, 86001),
    *(86003, 86008, 40004, 40123, 44001, 45001, 40006, 40009, 40007, 830002, 42014, 42015, 42016),
    *(42017, 95000, 95007, 95013),
)


@pytest.mark.parametrize("code", LASTING)
def test_a_lasting_fault_has_its_own_words(code: int) -> None:
    fault = refusals.refusal({"errcode": code, "errmsg": "english"})
    other = refusals.refusal({"errcode": 1, "errmsg": "english"})
    assert isinstance(fault, UndeliverableError)
    assert isinstance(other, UndeliverableError)
    assert fault.reason.endswith(f"（{code}）")
    assert fault.reason.partition("（")[0] != other.reason.partition("（")[0]
    assert fault.advice
    assert "english" not in fault.reason + fault.advice


@pytest.mark.parametrize("code", [-1, 45009, 45033, 40014, 42001])
def test_a_passing_fault_is_tried_again(code: int) -> None:
    assert isinstance(refusals.refusal({"errcode": code}), TransientError)


def test_faults_of_the_setup_are_told_from_a_persons() -> None:
    setup = refusals.refusal({"errcode": 50001})
    personal = refusals.refusal({"errcode": 84061})
    assert isinstance(setup, UndeliverableError)
    assert isinstance(personal, UndeliverableError)
    assert refusals.about_setup(setup)
    assert not refusals.about_setup(personal)
