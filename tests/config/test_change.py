"""The next version: what it stores and what the history says."""

from __future__ import annotations

import pytest

from config import change
from config.change import Standing
from config.policies import Policies, PolicyError, build
from crm.refusal import RefusedError

RAISED = {"momentum": {"yellow_below": 45.0}}


@pytest.fixture
def standing() -> Standing:
    return Standing(4, build(4, RAISED))


def test_an_edit_keeps_what_others_changed(standing: Standing) -> None:
    wanted = change.edit(standing, "console", {"code_minutes": "5"}, " 更 安全 ")
    assert wanted.after == 4
    assert wanted.stored == RAISED | {"console": {"code_minutes": 5}}
    assert wanted.words == "管理后台：登录码有效期 10分钟 → 5分钟"
    assert (wanted.reason, wanted.action) == ("更 安全", "policy.change")


def test_a_reason_has_an_end(standing: Standing) -> None:
    assert len(change.edit(standing, "console", {"code_minutes": "5"}, "长" * 900).reason) == 200


@pytest.mark.parametrize("edits", [{}, {"yellow_below": "45.0"}])
def test_an_edit_must_change_something(standing: Standing, edits: dict[str, str]) -> None:
    with pytest.raises(RefusedError, match="没有改动"):
        change.edit(standing, "momentum", edits, "")


@pytest.mark.parametrize("text", ["500", "高"])
def test_an_edit_must_be_usable(standing: Standing, text: str) -> None:
    with pytest.raises(PolicyError, match="黄色阈值"):
        change.edit(standing, "momentum", {"yellow_below": text}, "")


def test_while_the_newest_cannot_be_used_saving_as_it_is_repairs_it() -> None:
    broken = Standing(5, build(4, RAISED))
    assert not broken.is_usable
    wanted = change.edit(broken, "momentum", {}, "")
    assert (wanted.after, wanted.stored) == (5, RAISED)
    assert wanted.words == "按现用值重新保存"


def test_going_back_says_what_it_changes(standing: Standing) -> None:
    wanted = change.going_back(standing, 2, {"momentum": {"yellow_below": 50.0}}, "太吵")
    assert (wanted.after, wanted.action, wanted.reason) == (4, "policy.restore", "太吵")
    assert wanted.words == "恢复到版本 2：动能：黄色阈值 45分 → 50分"


def test_going_back_to_what_was_shipped(standing: Standing) -> None:
    wanted = change.going_back(standing, 0, {}, "")
    assert wanted.stored == {}
    assert wanted.words.startswith("恢复到默认值：")


def test_going_back_must_change_something() -> None:
    with pytest.raises(RefusedError, match="没有改动"):
        change.going_back(Standing(0, Policies()), 0, {}, "")


def test_going_back_must_be_usable(standing: Standing) -> None:
    with pytest.raises(PolicyError, match="超出"):
        change.going_back(standing, 2, {"momentum": {"yellow_below": 500}}, "")
