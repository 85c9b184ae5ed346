"""The console's policy pages: forms, versions, refusals, and the way back."""

from __future__ import annotations

import asyncio
import json

import pytest

from config.policies import KINDS
from crm.person import Person
from crm.setting import described
from models import audit, policy
from tests.desk import NOON, TENANT, Client, Desk, opened, sign_in
from tests.desk import employ as hire

MOMENTUM = "/console/policies/momentum"


async def save(client: Client, path: str = MOMENTUM, **typed: str) -> tuple[int, str]:
    """Open a form, type over some of its fields, and send it; (status, page or new address)."""
    _, form = await opened(client, path)
    return await send(client, path, form | typed)


async def send(client: Client, path: str, form: dict[str, str]) -> tuple[int, str]:
    response = await client.post(path, data=form, allow_redirects=False)
    return response.status, response.headers.get("Location", await response.text())


async def test_the_overview_counts_what_was_changed(client: Client) -> None:
    page, _ = await opened(client)
    for kind in KINDS.values():
        assert kind.label in page
    assert page.count("全部为默认值") == len(KINDS)
    await save(client, yellow_below="45", red_below="15")
    page, _ = await opened(client)
    assert "2 项与默认不同" in page


@pytest.mark.parametrize("name", KINDS)
async def test_a_form_names_every_setting_with_unit_bounds_and_values(
    client: Client, name: str
) -> None:
    page, typed = await opened(client, f"/console/policies/{name}")
    for told in described(KINDS[name].policy):
        assert f'<label for="{told.name}">{told.label}</label>' in page
        assert told.name in typed
        assert told.help in page


async def test_a_good_value_becomes_a_version_in_force(desk: Desk, client: Client) -> None:
    status, place = await save(client, yellow_below="45", _reason="旺季放宽")
    assert (status, place) == (303, "/console/?done=1")
    assert desk.book.current(TENANT).momentum.yellow_below == 45
    page, _ = await opened(client, place)
    assert "已保存为<strong>版本 1</strong>" in page
    [kept] = await policy.history(TENANT)
    assert (kept.author, kept.reason, kept.at) == ("赵敏", "旺季放宽", NOON)
    assert kept.changed == "动能：黄色阈值 40分 → 45分"
    assert kept.stored == {"momentum": {"yellow_below": 45.0}}


async def test_a_change_leaves_an_audit_row(client: Client, admin: Person) -> None:
    await save(client, yellow_below="45", _reason="旺季放宽")
    [row] = await audit.trail(TENANT, "policy:1")
    assert (row.action, row.actor) == ("policy.change", str(admin.id))
    assert json.loads(row.detail) == {
        "changed": "动能：黄色阈值 40分 → 45分",
        "reason": "旺季放宽",
    }


async def test_values_outside_the_bounds_are_refused_and_nothing_typed_is_lost(
    client: Client,
) -> None:
    status, page = await save(
        client, yellow_below="150", touch_points="很多", long_tau_hours="300", _reason="试一试"
    )
    assert status == 422
    assert "touch_points" in page
    assert "跟进加分：「很多」不是数字，允许 0–100分" in page
    for kept in ('value="150"', 'value="很多"', 'value="300"', 'value="试一试"'):
        assert kept in page
    assert await policy.newest_number(TENANT) == 0


async def test_a_fault_is_tied_to_its_field(client: Client) -> None:
    _, page = await save(client, yellow_below="150")
    assert "黄色阈值：150" in page
    assert "超出 1–99分" in page
    assert 'aria-describedby="yellow_below-fault yellow_below-help yellow_below-meta"' in page
    assert page.count('aria-invalid="true"') == 1
    assert '<a href="#yellow_below">' in page


async def test_values_that_do_not_fit_together_are_refused(client: Client) -> None:
    status, page = await save(client, red_below="60")
    assert status == 422
    assert "须低于黄色阈值" in page


async def test_saving_unchanged_values_makes_no_version(client: Client) -> None:
    status, page = await save(client)
    assert status == 422
    assert "没有改动" in page
    status, page = await save(client, yellow_below=" 40.0 分")
    assert status == 422
    assert await policy.newest_number(TENANT) == 0


async def test_a_value_with_many_digits_is_not_rounded_by_saving_another(
    desk: Desk, client: Client
) -> None:
    await save(client, fast_tau_hours="3.2740712")
    await save(client, yellow_below="45")
    assert desk.book.current(TENANT).momentum.fast_tau_hours == 3.2740712


async def test_of_two_admins_the_slower_sees_what_the_faster_did(
    desk: Desk, client: Client
) -> None:
    _, mine = await opened(client, MOMENTUM)
    await save(client, yellow_below="50")
    status, page = await send(client, MOMENTUM, mine | {"red_below": "10"})
    assert status == 422
    assert "有人改过配置" in page
    assert 'name="yellow_below" value="50"' in page  # the other's change, not the stale 40
    assert 'name="red_below" value="10"' in page  # what was typed
    assert desk.book.current(TENANT).momentum.red_below == 20


async def test_the_slower_admin_saves_after_looking(desk: Desk, client: Client) -> None:
    _, mine = await opened(client, MOMENTUM)
    await save(client, yellow_below="50")
    status, place = await send(
        client, MOMENTUM, mine | {"_seen": "1", "yellow_below": "50", "red_below": "10"}
    )
    assert (status, place) == (303, "/console/?done=2")
    momentum = desk.book.current(TENANT).momentum
    assert (momentum.yellow_below, momentum.red_below) == (50, 10)


async def test_a_double_click_saves_once_and_reports_success(client: Client) -> None:
    _, form = await opened(client, MOMENTUM)
    form["yellow_below"] = "45"
    places = [await send(client, MOMENTUM, form) for _ in range(2)]
    assert places == [(303, "/console/?done=1")] * 2
    assert await policy.newest_number(TENANT) == 1


async def test_of_two_saves_at_the_same_moment_one_wins(client: Client) -> None:
    _, form = await opened(client, MOMENTUM)
    sent = [send(client, MOMENTUM, form | {"yellow_below": value}) for value in ("45", "46")]
    answers = await asyncio.gather(*sent)
    assert sorted(status for status, _ in answers) == [303, 422]
    assert await policy.newest_number(TENANT) == 1


async def test_going_back_shows_the_differences_and_makes_a_new_version(
    desk: Desk, client: Client, admin: Person
) -> None:
    await save(client, yellow_below="45")
    await save(client, yellow_below="50")
    page, form = await opened(client, "/console/versions/1")
    assert "动能：黄色阈值 50分 → 45分" in page
    status, place = await send(client, "/console/versions/1", form | {"_reason": "太吵"})
    assert (status, place) == (303, "/console/?done=3")
    assert desk.book.current(TENANT).momentum.yellow_below == 45
    newest = (await policy.history(TENANT))[0]
    assert newest.changed == "恢复到版本 1：动能：黄色阈值 50分 → 45分"
    [row] = await audit.trail(TENANT, "policy:3")
    assert (row.action, row.actor) == ("policy.restore", str(admin.id))


async def test_going_back_to_what_was_shipped(desk: Desk, client: Client) -> None:
    await save(client, yellow_below="45")
    page, form = await opened(client, "/console/versions/0")
    assert "恢复到默认值" in page
    assert (await send(client, "/console/versions/0", form))[0] == 303
    assert desk.book.current(TENANT).momentum.yellow_below == 40
    assert (await policy.history(TENANT))[0].stored == {}


async def test_going_back_unseen_is_refused(client: Client) -> None:
    await save(client, yellow_below="45")
    _, form = await opened(client, "/console/versions/0")
    await save(client, red_below="10")
    status, page = await send(client, "/console/versions/0", form)
    assert status == 422
    assert "有人改过配置" in page
    assert "红色阈值 10分 → 20分" in page


async def test_the_version_in_force_needs_no_going_back(client: Client) -> None:
    await save(client, yellow_below="45")
    page, form = await opened(client, "/console/versions/1")
    assert "完全相同" in page
    assert (await send(client, "/console/versions/1", form))[0] == 422


async def test_a_version_that_can_no_longer_be_used_is_shown_and_repaired(
    desk: Desk, client: Client
) -> None:
    await policy.append(
        TENANT,
        {"momentum": {"yellow_below": 900}},
        after=0,
        author="旧程序",
        reason="",
        changed="",
        now=NOON,
    )
    page, _ = await opened(client)
    assert "版本 1 的值现在不能用" in page
    page, form = await opened(client, "/console/versions/1")
    assert "超出 1–99分" in page
    assert (await send(client, "/console/versions/1", form))[0] == 422
    assert await save(client) == (303, "/console/?done=2")
    assert desk.book.current(TENANT).version == 2
    assert "现在不能用" not in (await opened(client))[0]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/console/policies/nothing", 404),
        ("/console/versions/7", 404),
        ("/console/versions/-1", 404),
        ("/console/versions/99999999999999999999", 404),
    ],
)
async def test_what_is_not_there_is_not_found(client: Client, path: str, status: int) -> None:
    assert (await client.get(path)).status == status


@pytest.mark.parametrize("path", [MOMENTUM, "/console/versions/0", "/console/sign-out"])
@pytest.mark.parametrize("token", [None, "", "wrong", "错"])
async def test_a_form_without_the_sessions_token_does_nothing(
    client: Client, path: str, token: str | None
) -> None:
    form = {"_seen": "0", "yellow_below": "45"} | ({} if token is None else {"_csrf": token})
    status, page = await send(client, path, form)
    assert status == 403
    assert "已过期" in page
    assert await policy.newest_number(TENANT) == 0


async def test_one_sessions_token_is_no_good_in_another(
    desk: Desk, client: Client, admin: Person
) -> None:
    _, first = await opened(client)
    await sign_in(client, await desk.code(await hire("钱进")))
    status, _ = await send(client, MOMENTUM, first | {"_seen": "0", "yellow_below": "45"})
    assert status == 403


@pytest.mark.parametrize("path", [MOMENTUM, "/console/versions/0"])
async def test_a_stranger_sees_and_changes_nothing(stranger: Client, path: str) -> None:
    response = await stranger.get(path)
    assert response.status == 403
    assert "登录管理后台" in await response.text()
    assert (await send(stranger, path, {"yellow_below": "45"}))[0] == 403
    assert await policy.newest_number(TENANT) == 0


async def test_what_admins_type_is_text_not_markup(client: Client) -> None:
    odd = "<script>alert(1)</script>"
    await save(client, "/console/policies/signal", competitors=odd, _reason=odd)
    for path in ("/console/", "/console/policies/signal", "/console/versions/0"):
        page, _ = await opened(client, path)
        assert "&lt;script&gt;" in page
        assert "<script" not in page


async def test_what_databases_refuse_is_cleaned(desk: Desk, client: Client) -> None:
    path = "/console/policies/signal"
    status, _ = await save(client, path, competitors="甲\x00公司、\n乙公司", _reason="\x00")
    assert status == 303
    assert desk.book.current(TENANT).signal.competitors == "甲公司、 乙公司"


@pytest.mark.parametrize("done", ["9", "<b>", "1 "])
async def test_only_a_version_that_exists_is_reported_as_saved(client: Client, done: str) -> None:
    await save(client, yellow_below="45")
    page, _ = await opened(client, f"/console/?done={done}")
    assert "已保存为" not in page
