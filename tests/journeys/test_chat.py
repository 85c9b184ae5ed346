"""The journeys, typed and pressed on three platforms against the whole program."""

from __future__ import annotations

import re
from datetime import timedelta

import aiohttp
import pytest

from bot.emulator.desk import Bubble, Resident
from crm.lead import Status
from crm.momentum import Heat
from models.outbox import OutboxRow
from models.task import TaskRow
from tests.desk import FormReader
from tests.journeys.town import SHANGHAI, Town, buttons, choices, shown

Who = tuple[str, str]
REP: Who = ("wecom", "lina")
COLLEAGUE: Who = ("wecom", "wangqiang")
MANAGER: Who = ("feishu", "ou_57a0dec9ef930ef93a541d37e2456663")
MANAGER_TOO: Who = ("wecom", "chenjing")
OTHER_MANAGER: Who = ("feishu", "ou_49c531db9a238c41eb438ff9999e83c3")
DIRECTOR: Who = ("feishu", "ou_137a42e1b0ec68c6e6159dd7d7f127b6")
KEEPER: Who = ("dingtalk", "staff001")
CLERK: Who = ("dingtalk", "staff002")
OTHER_KEEPER: Who = ("dingtalk", "staff009")
ADMINS: list[Who] = [
    ("wecom", "xunuo"),
    ("feishu", "ou_34bf70ca6ff2ef16f556c59181a900c1"),
    ("dingtalk", "admin01"),
]
CAPTURE = "新线索 华东医疗 王主任 13800001234 预算80万 想替换现有供应商"
FIRM = "华东医疗"


async def fused(town: Town) -> Bubble:
    """A lead of the rep's that has gone red; returns the manager's card."""
    await town.say(*REP, CAPTURE)
    await town.cool(FIRM, Heat.RED)
    return town.find(*MANAGER, "红色熔断 ·")


@pytest.mark.parametrize("who", [REP, MANAGER_TOO, MANAGER])
async def test_one_sentence_becomes_a_lead(town: Town, who: Who) -> None:
    answer = await town.say(*who, CAPTURE)
    words = "\n".join(shown(one) for one in answer)
    for told in ("线索已登记", FIRM, "王主任", "138", "80 万", "信号 2 个", "下一步"):
        assert told in words
    assert "提到预算、想替换现有供应商" in words
    assert "13800001234" not in words
    assert {"记录跟进", "看动能"} <= buttons(answer[-1]).keys()
    assert has_curve(town, answer)
    lead = await town.lead(FIRM)
    assert (lead.contact, lead.title, lead.budget_fen) == ("王", "主任", 80_0000_00)
    assert [kind for kind, _ in await town.history(FIRM)] == ["capture"]


async def test_a_lead_said_twice_is_one_lead(town: Town) -> None:
    await town.say(*REP, CAPTURE)
    (answer,) = [one for one in await town.say(*REP, CAPTURE) if buttons(one)]
    assert "已合并到原线索" in shown(answer)
    (refused,) = await town.say(*COLLEAGUE, CAPTURE)
    assert "已是 李娜 的线索" in shown(refused)


@pytest.mark.parametrize("name", [FIRM, "1", "#1"])
async def test_a_follow_up_brings_the_next_step_and_energy(town: Town, name: str) -> None:
    await town.say(*REP, CAPTURE)
    answer = (await town.say(*REP, f"跟进 {name} 电话沟通，下周三演示"))[-1]
    assert "跟进已记录" in shown(answer)
    assert "演示 · 3月11日 周三" in shown(answer)
    found = re.search(r"(\d+) → (\d+) 分", shown(answer))
    assert found
    assert int(found[2]) > int(found[1])
    lead = await town.lead(FIRM)
    assert lead.next_step_at
    assert lead.next_step_at.astimezone(SHANGHAI).date().isoformat() == "2026-03-11"


async def test_the_buttons_under_an_answer_work(town: Town) -> None:
    card = (await town.say(*REP, CAPTURE))[-1]
    await town.press(card, "记录跟进")
    assert f"跟进 {FIRM} 电话沟通" in town.texts(*REP)[-1]
    await town.press(card, "看动能")
    assert f"动能 · {FIRM}" in town.texts(*REP)[-1]


async def test_the_rep_is_reminded_at_the_very_minute(town: Town) -> None:
    await town.say(*REP, CAPTURE)
    coming = await town.crossing(FIRM)
    assert coming.heat is Heat.YELLOW
    await town.advance_to(coming.at - timedelta(minutes=1))
    assert town.found(*REP, "黄色预警 ·") == []
    await town.advance_to(coming.at)
    local = coming.at.astimezone(SHANGHAI)
    reminder = town.find(*REP, "黄色预警 ·", f"{local.month}月{local.day}日", f"{local:%H:%M}")
    assert town.phone(*MANAGER) == []
    await town.press(reminder, "记录跟进")
    assert f"跟进 {FIRM} 电话沟通" in town.texts(*REP)[-1]
    assert [kind for kind, _ in await town.history(FIRM)] == ["capture", "heat"]


async def test_red_puts_the_decision_before_the_manager(town: Town) -> None:
    await town.say(*REP, CAPTURE)
    await town.cool(FIRM, Heat.YELLOW)
    coming = await town.crossing(FIRM)
    await town.advance_to(coming.at - timedelta(minutes=1))
    assert town.phone(*MANAGER) == []
    await town.advance_to(coming.at)
    card = town.find(*MANAGER, "红色熔断 ·")
    for told in (FIRM, "李娜", "80 万", "登记：", "转为黄色预警", "挽回话术", "AI"):
        assert told in shown(card)
    assert set(buttons(card)) == {"改派", "我来接手", "稍后提醒", "放弃"}
    assert set(choices(card)) == {"王强", "赵敏", "孙磊"}
    assert has_curve(town, [card])
    assert "处理人\n陈静" in shown(town.find(*REP, "红色熔断 ·"))
    assert town.phone(*MANAGER_TOO) == town.phone(*DIRECTOR) == []


async def test_the_lead_goes_to_a_colleague(town: Town) -> None:
    card = await fused(town)
    notice = town.find(*REP, "红色熔断 ·")
    toast = await town.press(card, "改派", rep=choices(card)["王强"])
    assert toast == "陈静 已改派给 王强"
    lead = await town.lead(FIRM)
    assert lead.owner_name == "王强"
    assert len(town.phone(*MANAGER)) == 1
    for copy in (card, notice):
        assert "已处理" in shown(copy)
        assert "陈静 已改派给 王强" in shown(copy)
        assert buttons(copy) == {}
    assert len(town.found(*COLLEAGUE, "新派线索", FIRM)) == 1
    assert FIRM in shown((await town.say(*COLLEAGUE, f"动能 {FIRM}"))[-1])


async def test_reassigning_needs_somebody_to_reassign_to(town: Town) -> None:
    card = await fused(town)
    before = await town.history(FIRM)
    assert "请先选择改派给谁" in await town.press(card, "改派")
    assert await town.history(FIRM) == before
    assert "王强" in await town.press(card, "改派", rep=choices(card)["王强"])


async def test_the_manager_takes_over(town: Town) -> None:
    card = await fused(town)
    await town.press(card, "我来接手")
    assert (await town.lead(FIRM)).owner_name == "陈静"
    assert "陈静 已接手" in shown(town.find(*REP, "已处理"))
    answer = await town.say(*MANAGER, f"跟进 {FIRM} 电话沟通，明天拜访")
    assert "跟进已记录" in shown(answer[-1])


async def test_giving_up_needs_a_reason(town: Town) -> None:
    card = await fused(town)
    assert "核销需要写明理由" in await town.press(card, "放弃")
    assert (await town.lead(FIRM)).status is Status.OPEN
    await town.press(card, "放弃", reason="项目取消")
    lead = await town.lead(FIRM)
    assert (lead.status, lead.reason) == (Status.WRITTEN_OFF, "项目取消")
    assert "已核销（项目取消）" in shown(town.find(*REP, "已处理"))
    silent = len(town.desk.bubbles)
    await town.advance(days=30)
    assert len(town.desk.bubbles) == silent


async def test_later_means_that_the_card_comes_back(town: Town) -> None:
    card = await fused(town)
    toast = await town.press(card, "稍后提醒")
    assert "已暂缓到" in toast
    days = town.program.book.current("main").lead.snooze_days
    await town.advance(days=days, minutes=-1)
    assert town.found(*MANAGER, "红色熔断 ·") == []
    await town.advance(minutes=2)
    again = town.find(*MANAGER, "红色熔断 ·")
    assert again.id != card.id
    await town.press(again, "我来接手")
    assert "已接手" in shown(card)
    assert "已接手" in shown(again)
    assert [kind for kind, _ in await town.history(FIRM)].count("heat") == 2


async def test_later_is_over_when_somebody_has_followed_up(town: Town) -> None:
    card = await fused(town)
    await town.press(card, "稍后提醒")
    for _ in range(3):
        await town.say(*REP, f"跟进 {FIRM} 拜访，要求演示，预算已批")
        await town.advance(hours=8)
    assert (await town.lead(FIRM)).heat is Heat.GREEN
    await town.advance(days=1)
    assert town.found(*MANAGER, "红色熔断 ·") == []


async def test_an_outdated_card_says_so_and_shows_how_things_stand(town: Town) -> None:
    card = await fused(town)
    await town.say(*REP, f"跟进 {FIRM} 电话沟通，下周三演示")
    toast = await town.press(card, "我来接手")
    assert "李娜 已跟进，这张卡片已过时" in toast
    assert (await town.lead(FIRM)).owner_name == "李娜"
    assert (await town.history(FIRM))[-1][0] == "touch"
    await town.press(card, "我来接手")  # it shows the lead as it is now
    assert (await town.lead(FIRM)).owner_name == "陈静"


async def test_two_who_may_decide_do_not_decide_twice(town: Town) -> None:
    card = await fused(town)
    button = buttons(card)["我来接手"]
    await town.say(*DIRECTOR, "改派 1 王强")
    assert "高峰 已改派给 王强" in shown(card)
    assert "没有这个按钮" in await town.press_raw(card, button)
    late = await town.say(*MANAGER, "接手 1 v1")
    assert "高峰 已改派给 王强，这张卡片已过时" in shown(late[-1])
    assert (await town.lead(FIRM)).owner_name == "王强"


@pytest.mark.parametrize(
    ("said", "did"),
    [
        ("改派 1 王强", "陈静 已改派给 王强"),
        ("接手 1", "陈静 已接手"),
        ("稍后 1", "陈静 已暂缓到"),
        ("放弃 1 项目取消", "陈静 已核销（项目取消）"),
    ],
)
async def test_typed_on_one_platform_the_card_on_another_changes(
    town: Town, said: str, did: str
) -> None:
    card = await fused(town)
    answer = await town.say(*MANAGER_TOO, said)
    assert any(did in shown(one) for one in answer)
    assert did in shown(card)
    assert did in shown(town.find(*REP, "已处理"))


async def test_only_those_who_may_decide(town: Town) -> None:
    card = await fused(town)
    for who, refusal in ((REP, "需要销售经理或"), (OTHER_MANAGER, "只有该线索所属团队")):
        (answer,) = await town.say(*who, "接手 1")
        assert refusal in shown(answer)
    assert set(buttons(card)) == {"改派", "我来接手", "稍后提醒", "放弃"}
    (unknown,) = await town.say(*MANAGER, "接手 99")
    assert "99" in shown(unknown)


async def test_a_lead_that_recovers_is_celebrated_and_not_warned_about(town: Town) -> None:
    await fused(town)
    before = len(town.phone(*REP))
    await town.say(*REP, f"跟进 {FIRM} 拜访，要求演示，预算已批，下周三演示")
    rises = await town.crossing(FIRM)  # in one leap the news after it would take its place
    await town.advance_to(rises.at)
    await town.advance(days=2)
    news = [shown(one) for one in town.phone(*REP)[before:]]
    assert sum("正在回升" in one for one in news) == 1
    assert not any("黄色预警 ·" in one or "跌破" in one for one in news)
    await town.say(*REP, f"跟进 {FIRM} 电话沟通，客户要求演示")
    await town.advance(days=1)
    assert len(town.found(*REP, "回到绿色")) == 1
    kinds = [words for kind, words in await town.history(FIRM) if kind == "heat"]
    assert kinds == ["转为黄色预警", "红色熔断", "脱离红色，正在回升", "回到绿色激活"]


async def test_a_second_fuse_is_a_second_card(town: Town) -> None:
    first = await fused(town)
    await town.press(first, "我来接手")
    await town.say(*MANAGER, f"跟进 {FIRM} 拜访，要求演示，预算已批")
    await town.advance(hours=30)
    assert (await town.lead(FIRM)).heat is not Heat.RED
    await town.cool(FIRM, Heat.RED)
    second = town.find(*MANAGER, "红色熔断 ·")
    assert second.id != first.id
    assert "陈静 已接手" in shown(first)


async def test_how_the_team_stands(town: Town) -> None:
    await fused(town)
    (answer,) = await town.say(*MANAGER, "动能 团队")
    assert FIRM in shown(answer)
    (other,) = await town.say(*OTHER_MANAGER, "动能 团队")
    assert FIRM not in shown(other)


async def test_a_roster_is_made_published_and_read(town: Town) -> None:
    (draft,) = await town.say(*KEEPER, "排班")
    assert "排班草稿 · 徐汇店 · 03-09–03-15" in shown(draft)
    assert draft.body["params"]["has_picture"] == "true"
    assert town.desk.media[draft.body["params"]["picture"]][1][:4] == b"\x89PNG"
    assert "还没发布" in shown((await town.say(*CLERK, "我的班"))[-1])
    await town.press(draft, "确认发布")
    assert "已发布" in shown(draft)
    assert "确认发布" not in buttons(draft)
    for number in range(2, 9):
        assert len(town.found("dingtalk", f"staff{number:03}", "03-09")) == 1
    mine = (await town.say(*CLERK, "我的班"))[-1]
    assert "徐汇店 班表 v1" in shown(mine)
    assert re.search(r"\d{1,2}:\d\d", shown(mine))
    silent = len(town.desk.bubbles)
    await town.advance(days=1)
    assert len(town.desk.bubbles) == silent


async def test_only_the_newest_roster_can_be_published(town: Town) -> None:
    (first,) = await town.say(*KEEPER, "排班")
    (second,) = await town.say(*KEEPER, "排班")
    await town.press(first, "确认发布")
    assert "您点的是 v1，现在是 v2。本次操作没有生效" in shown(first)
    assert town.phone(*CLERK) == []
    await town.press(second, "确认发布")
    assert "已发布" in shown(second)
    assert len(town.found(*CLERK, "03-09")) == 1


async def test_a_card_becomes_the_roster_made_anew(town: Town) -> None:
    (card,) = await town.say(*KEEPER, "排班")
    await town.press(card, "重排")
    assert "排班草稿 · 徐汇店" in shown(card)
    await town.press(card, "确认发布")
    assert "已发布" in shown(card)
    assert len(town.found(*KEEPER, "徐汇店 · 03-09")) == 1
    assert "班表 v2" in shown(town.find(*CLERK, "03-09"))


async def test_nobody_else_publishes(town: Town) -> None:
    await town.say(*KEEPER, "排班")
    (staff,) = await town.say(*CLERK, "发布排班 1 v1")
    assert "需要店长的权限" in shown(staff)
    (other,) = await town.say(*OTHER_KEEPER, "发布排班 1 v1")
    assert "没有" in shown(other) or "找不到" in shown(other)
    assert len(town.phone("dingtalk", "staff003")) == 0


@pytest.mark.parametrize(
    ("who", "may", "may_not"),
    [
        (REP, "新线索", "改派"),
        (MANAGER, "改派", "排班"),
        (MANAGER_TOO, "改派", "排班"),
        (KEEPER, "排班", "新线索"),
        (CLERK, "我的班", "排班\n"),
        (ADMINS[2], "登录", "排班\n"),
    ],
)
async def test_help_lists_what_this_person_can_do(
    town: Town, who: Who, may: str, may_not: str
) -> None:
    words = "\n".join(shown(one) for one in await town.say(*who, "帮助"))
    assert may in words
    assert may_not not in words
    assert "hidden" not in words


@pytest.mark.parametrize("who", [REP, MANAGER, KEEPER])
async def test_the_unknown_gets_the_three_nearest(town: Town, who: Who) -> None:
    (answer,) = await town.say(*who, "跟着干嘛")
    assert shown(answer).startswith("没听懂「跟着干嘛」")
    assert shown(answer).count("\n· ") == 3


@pytest.mark.parametrize("platform", ["wecom", "feishu", "dingtalk"])
async def test_a_stranger_is_told_what_to_do(town: Town, platform: str) -> None:
    user = "ou_0000000000000000000000000000dead" if platform == "feishu" else "nobody"
    town.desk.residents.append(Resident(platform, user, "路人", "访客"))
    (answer,) = await town.say(platform, user, CAPTURE)
    assert user in shown(answer)
    assert "请把下面的编号发给管理员" in shown(answer)


@pytest.mark.parametrize("admin", ADMINS)
async def test_an_admin_moves_the_yellow_threshold(town: Town, admin: Who) -> None:
    await town.say(*REP, CAPTURE)
    before = await town.crossing(FIRM)
    answer = shown((await town.say(*admin, "登录"))[-1])
    code = re.search(r"\b([A-Z0-9]{4}) ([A-Z0-9]{4})\b", answer)
    assert code
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        await browser.post(f"{town.url}/console/sign-in", data={"code": "".join(code.groups())})
        address, form = await setting(browser, town.url)
        assert form["yellow_below"] == "40"
        too_high = {**form, "yellow_below": "120", "_reason": "试试"}
        async with browser.post(address, data=too_high) as page:
            assert "黄色阈值" in await page.text()
            assert page.status == 422
        changed = {**form, "yellow_below": "55", "_reason": "旺季早一点提醒"}
        async with browser.post(address, data=changed) as page:
            assert page.status == 200, await page.text()
    assert town.program.book.current("main").momentum.yellow_below == 55
    await town.settle()
    after = await town.crossing(FIRM)
    assert after.heat is Heat.YELLOW
    assert after.at < before.at
    await town.advance_to(after.at)
    assert "动能跌破 55 分" in shown(town.find(*REP, "黄色预警 ·"))


async def test_only_an_admin_gets_a_code(town: Town) -> None:
    (answer,) = await town.say(*REP, "登录")
    assert "需要管理员的权限" in shown(answer)
    async with aiohttp.ClientSession() as browser:
        data = {"code": "AAAABBBB"}
        async with browser.post(f"{town.url}/console/sign-in", data=data) as page:
            assert page.status == 403


TROUBLES: dict[str, dict[str, float]] = {
    "throttled": {"throttled": 0.25},
    "failing": {"failing": 0.25},
    "lost": {"lost": 0.3},
    "repeated": {"repeats": 2},
    "all of it": {"throttled": 0.1, "failing": 0.1, "lost": 0.15, "repeats": 1},
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_whatever_the_platforms_do_everything_happens_once(town: Town, trouble: str) -> None:
    town.troubled = True
    for name, value in TROUBLES[trouble].items():
        setattr(town.faults, name, value)
    await town.say(*REP, CAPTURE)
    town.faults.revoked = True
    await town.say(*REP, f"跟进 {FIRM} 电话沟通，下周三演示")
    await town.cool(FIRM, Heat.RED)
    card = town.find(*MANAGER, "红色熔断 ·")
    town.faults.revoked = True
    await town.press(card, "改派", rep=choices(card)["王强"])
    await town.say(*KEEPER, "排班")
    await town.press(town.find(*KEEPER, "排班草稿"), "确认发布")
    for title in ("线索已登记", "跟进已记录", "黄色预警 ·", "已处理 ·"):
        assert len(town.found(*REP, title)) == 1, title
    assert len([one for one in town.phone(*REP) if one.kind == "image"]) == 3
    assert [title_of(one) for one in town.phone(*MANAGER)] == [f"已处理 · {FIRM} · 王主任"]
    assert len(town.found(*COLLEAGUE, "新派线索")) == len(town.phone(*COLLEAGUE)) == 1
    assert len(town.found(*KEEPER, "已发布 ·")) == 1
    assert len(town.phone(*KEEPER)) == 1
    for number in range(2, 9):
        assert len(town.phone("dingtalk", f"staff{number:03}")) == 1
    kinds = [kind for kind, _ in await town.history(FIRM)]
    assert sorted(kinds) == ["capture", "heat", "heat", "reassign", "touch"]
    assert await OutboxRow.filter(state="dead").count() == 0
    assert [row.state for row in await TaskRow.filter(name="roster.make")] == ["done"]


def has_curve(town: Town, answer: list[Bubble]) -> bool:
    """A picture of it, or the platform's own chart."""
    for one in answer:
        if '"chart"' in str(one.body).replace("'", '"'):
            return True
        media = town.desk.media.get(one.body.get("media", ""))
        if media and media[1][:4] == b"\x89PNG":
            return True
    return False


def title_of(bubble: Bubble) -> str:
    return str(bubble.body["header"]["title"]["content"])


async def setting(browser: aiohttp.ClientSession, url: str) -> tuple[str, dict[str, str]]:
    """The address of the momentum form, and what its fields hold."""
    address = f"{url}/console/policies/momentum"
    async with browser.get(address) as page:
        reader = FormReader()
        reader.feed(await page.text())
    return address, reader.typed
