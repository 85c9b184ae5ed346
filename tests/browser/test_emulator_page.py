"""The emulator's page in a real browser, with one message of every kind on every phone."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Locator, Page, expect

from bot.emulator import page as emulator
from bot.emulator.desk import Bubble, Desk, Exchange, Json
from tests.browser.bubbles import CLERK, MANAGER, NOON, REP, filled_desk

pytestmark = pytest.mark.browser


@dataclass
class FakeSide:
    """Shows what was said, remembers what was pressed, answers with a toast."""

    platform: str
    desk: Desk
    pressed: list[tuple[str, str, Json, dict[str, str]]] = field(default_factory=list)
    down: bool = False

    async def say(self, user: str, text: str) -> None:
        if self.down:
            raise ConnectionResetError
        name = f"said-{self.desk.next_id()}"
        body = {"content": text, "text": text}
        self.desk.show(Bubble(name, self.platform, user, True, NOON.isoformat(), "text", body))

    async def press(self, user: str, bubble: str, button: Json, form: dict[str, str]) -> str:
        self.pressed.append((user, bubble, button, form))
        return f"已收到 {len(self.pressed)}"


@dataclass
class Stand:
    """The server under test."""

    desk: Desk
    wecom: FakeSide
    feishu: FakeSide
    dingtalk: FakeSide
    url: str = ""


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    desk = filled_desk()
    clock = [NOON]
    desk.now = lambda: clock[0]

    async def advance(step: timedelta) -> datetime:
        clock[0] += step
        return clock[0]

    sides = {name: FakeSide(name, desk) for name in ("wecom", "feishu", "dingtalk")}
    app = web.Application()
    links = {"console": "/console/"}

    async def send(side: object, user: str, kind: str) -> None:
        assert isinstance(side, FakeSide)
        await side.say(user, kind)

    app.add_routes(emulator.routes(desk, sides, advance=advance, links=links, send=send))
    async with TestServer(app) as server:
        yield Stand(desk, **sides, url=str(server.make_url("/")))
        emulator.hang_up(desk)


@pytest.fixture
async def phones(stand: Stand, page: Page) -> Page:
    """The page, open and filled."""
    await page.goto(stand.url)
    await expect(page.locator(".row")).to_have_count(24)
    return page


def phone(page: Page, platform: str) -> Locator:
    return page.locator(f".phone.{platform}")


def bubble(page: Page, user: str, number: int) -> Locator:
    return page.locator(f'[data-id="{user}-{number}"]')


async def test_every_kind_of_message_is_drawn(phones: Page) -> None:
    wecom = [bubble(phones, REP, number) for number in range(10)]
    await expect(wecom[1]).to_contain_text("已记下 <b>不是标签</b>，查看线索")
    await expect(wecom[1].get_by_role("link", name="查看线索")).to_be_visible()
    await expect(wecom[2].locator("strong")).to_have_text("3 条线索")
    await expect(wecom[2].locator("blockquote")).to_have_text("最急：华东医疗")
    await expect(wecom[4].locator(".wc-big")).to_contain_text("62 分")
    await expect(wecom[4].locator("dt")).to_have_text(["预算", "阶段", "档案"])
    await expect(wecom[5].locator(".wc-image img")).to_have_js_property("naturalWidth", 560)
    await expect(wecom[8].get_by_role("button")).to_have_count(0)
    await expect(wecom[8]).to_contain_text("已由李明接手")

    chart_card = bubble(phones, MANAGER, 4)
    await expect(chart_card.locator("figure")).to_have_count(5)
    await expect(chart_card.locator("figure svg")).to_have_count(4)
    await expect(chart_card.locator("figure").first).to_contain_text("预警线 30")
    await expect(chart_card.locator("figure rect")).to_have_count(6)
    await expect(chart_card).to_contain_text("华东医疗 *重点*")
    await expect(chart_card).to_contain_text("南方连锁 <at id=all>")
    await expect(chart_card.locator("tbody tr")).to_have_count(2)
    await chart_card.get_by_role("button", name="下一页").click()
    await expect(chart_card.locator("tbody tr")).to_have_text("李明21冷")
    await expect(bubble(phones, MANAGER, 2)).to_contain_text("周报已生成")

    await expect(bubble(phones, CLERK, 2).locator("h5")).to_have_text("换班请求")
    await expect(bubble(phones, CLERK, 2).locator("img")).to_have_js_property("naturalWidth", 560)
    await expect(bubble(phones, CLERK, 4).get_by_role("link", name="打开班表")).to_be_visible()
    roster = bubble(phones, CLERK, 6)
    await expect(roster.locator("header")).to_have_attribute("data-tone", "warn")
    await expect(roster.locator("li")).to_have_text(["陈静 4 班 30 时", "周强 5 班 38 时"])
    await expect(phones.get_by_text("画不出来")).to_have_count(0)
    await expect(phones.get_by_role("link", name="管理后台")).to_have_attribute("href", "/console/")


async def test_typing_and_quick_commands(stand: Stand, phones: Page) -> None:
    wecom = phone(phones, "wecom")
    box = wecom.get_by_role("textbox", name="在企业微信里发消息")
    await wecom.get_by_role("button", name="跟进 华东医疗").click()
    await expect(box).to_have_value("跟进 华东医疗 电话沟通，下周三演示")
    await expect(box).to_be_focused()
    await expect(wecom.locator(".mine")).to_have_count(1)
    await box.press("Enter")
    await expect(wecom.locator(".mine")).to_have_count(2)
    await expect(wecom.locator(".mine").last).to_contain_text("跟进 华东医疗 电话沟通")
    await expect(wecom.locator(".mine").last).to_be_in_viewport()
    await expect(box).to_have_value("")
    assert list(stand.desk.bubbles.values())[-1].user == REP


async def test_pictures_files_and_voices_can_be_sent(stand: Stand, phones: Page) -> None:
    box = phone(phones, "feishu")
    await box.get_by_label("发图片、文件或语音").click()
    await box.get_by_role("button", name="语音").click()
    await expect(box.locator(".row.mine").last).to_contain_text("voice")
    await expect(box.get_by_role("button", name="语音")).to_be_hidden()


async def test_words_that_did_not_arrive_are_kept(
    stand: Stand, phones: Page, forgiven: list[str]
) -> None:
    forgiven.append("502")  # the browser itself logs a refused request
    stand.dingtalk.down = True
    ding = phone(phones, "dingtalk")
    box = ding.get_by_role("textbox", name="在钉钉里发消息")
    await box.fill("我的班")
    await ding.get_by_role("button", name="发送").click()
    await expect(ding.locator(".toast")).to_contain_text("回调没有送达")
    await expect(box).to_have_value("我的班")


async def test_wecom_presses(stand: Stand, phones: Page) -> None:
    toast = phone(phones, "wecom").locator(".toast")
    decay = bubble(phones, REP, 9)
    await decay.get_by_label("转交给").select_option(label="赵磊")
    await decay.get_by_role("button", name="转交").click()
    await expect(toast).to_have_text("已收到 1")
    vote = bubble(phones, REP, 6)
    await vote.get_by_label("时机未到").check()
    await vote.get_by_role("button", name="提交").click()
    await expect(toast).to_have_text("已收到 2")
    plan = bubble(phones, REP, 7)
    await plan.get_by_label("时间").select_option("fri")
    await plan.get_by_role("button", name="登记").click()
    await expect(toast).to_have_text("已收到 3")
    notice = bubble(phones, REP, 4)
    await notice.get_by_label("更多").click()
    await notice.get_by_role("button", name="今天不再提醒").click()
    await expect(toast).to_have_text("已收到 4")
    assert stand.wecom.pressed == [
        (REP, f"{REP}-9", {"key": "转交 17"}, {"to": "zhaolei"}),
        (REP, f"{REP}-6", {"key": "阻力 17"}, {"why": "price,time"}),
        (REP, f"{REP}-7", {"key": "跟进 17"}, {"step": "demo", "day": "fri"}),
        (REP, f"{REP}-4", {"key": "免打扰 今天"}, {}),
    ]


async def test_feishu_presses(stand: Stand, phones: Page) -> None:
    toast = phone(phones, "feishu").locator(".toast")
    form, action = bubble(phones, MANAGER, 5), bubble(phones, MANAGER, 6)
    await form.get_by_role("button", name="改派").click()
    await expect(toast).to_have_text("请填写：选择销售")
    await form.get_by_label("选择销售").select_option(label="李明")
    await form.get_by_label("截止日").fill("2026-03-06")
    await form.get_by_label("原因").fill("休假")
    await form.get_by_role("button", name="改派").click()
    await expect(toast).to_have_text("已收到 1")

    await action.get_by_role("button", name="驳回").click()
    await phones.get_by_role("button", name="取消").click()
    await action.get_by_role("button", name="驳回").click()
    await phones.get_by_role("button", name="确定").click()
    await expect(toast).to_have_text("已收到 2")
    await expect(phones.get_by_role("dialog")).to_have_count(0)
    await action.get_by_role("button", name="同意").click()
    await expect(toast).to_have_text("已收到 3")
    await expect(action.get_by_role("button", name="同意")).to_be_enabled()
    await expect(action.get_by_role("button", name="已过期")).to_be_disabled()
    await expect(action.get_by_role("link", name="打开报价单")).to_be_visible()
    values = {"pool": "east", "rep": "ou_rep", "due": "2026-03-06 +0800", "why": "休假"}
    assert stand.feishu.pressed == [
        (MANAGER, f"{MANAGER}-5", {"value": {"command": "改派 17 v3"}, "name": "send"}, values),
        (MANAGER, f"{MANAGER}-6", {"value": {"command": "驳回 9 v2"}}, {}),
        (MANAGER, f"{MANAGER}-6", {"value": {"command": "同意 9 v2"}, "name": "agree"}, {}),
    ]


async def test_dingtalk_presses(stand: Stand, phones: Page) -> None:
    toast = phone(phones, "dingtalk").locator(".toast")
    swap, form, roster = (bubble(phones, CLERK, number) for number in (2, 5, 6))
    await swap.get_by_role("button", name="同意").click()
    await expect(toast).to_have_text("已收到 1")
    await form.get_by_role("button", name="提交申请").click()
    await expect(toast).to_have_text("请填写：和谁换")
    await form.get_by_label("和谁换").select_option(label="赵敏")
    await form.get_by_label("原因").fill("家中有事")
    await form.get_by_role("button", name="提交申请").click()
    await expect(toast).to_have_text("已收到 2")
    await roster.get_by_role("button", name="确认", exact=True).click()
    await expect(toast).to_have_text("已收到 3")
    link = (
        "dtmd://dingtalkclient/sendMessage?content=%E6%8D%A2%E7%8F%AD%20%E5%90%8C%E6%84%8F%207K2Q"
    )
    values = {"command": "换班 31 v2", "with": "8", "why": "家中有事"}
    assert stand.dingtalk.pressed == [
        (CLERK, f"{CLERK}-2", {"dtmd": link}, {}),
        (CLERK, f"{CLERK}-5", {"id": "form", "params": {}}, values),
        (CLERK, f"{CLERK}-6", {"id": "button", "params": {"command": "确认班表 9 v4"}}, {}),
    ]


async def test_a_card_changes_in_place(stand: Stand, phones: Page) -> None:
    card = bubble(phones, REP, 9)
    old = stand.desk.bubbles[f"{REP}-9"]
    await expect(card.get_by_role("button", name="立即跟进")).to_be_visible()
    await card.get_by_label("转交给").select_option(label="赵磊")
    stand.desk.show(replace(old, toast="只有提示"))
    await expect(card.get_by_label("转交给")).to_have_value("zhaolei")

    stand.desk.show(replace(old, version=2, greyed="已由王芳接手"))
    await expect(card.locator(".greyed")).to_have_text("已由王芳接手")
    await expect(card.get_by_role("button", name="立即跟进")).to_have_count(0)
    await expect(phone(phones, "wecom").locator(".row")).to_have_count(10)
    stand.desk.show(replace(old, version=1))  # an older one that comes late
    stand.desk.show(replace(old, version=3, kind="text", body={"content": "到此为止"}, greyed=""))
    await expect(card).to_contain_text("到此为止")


async def test_who_else_has_news(stand: Stand, phones: Page) -> None:
    wecom = phone(phones, "wecom")
    badge, people = wecom.locator(".badge"), wecom.get_by_label("换一个人")
    await expect(badge).to_have_text("1")
    news = replace(stand.desk.bubbles[f"{REP}-1"], id="news", user="wangfang")
    stand.desk.show(news)
    await expect(badge).to_have_text("2")
    await expect(people.locator("option").nth(1)).to_have_text("王芳 · 销售代表（2 条未读）")
    await people.select_option("wangfang")
    await expect(wecom.locator(".row")).to_have_count(2)
    await expect(badge).to_be_hidden()
    await phones.reload()
    await expect(people).to_have_value("wangfang")


async def test_reading_the_old_is_not_disturbed_by_the_new(stand: Stand, phones: Page) -> None:
    wecom = phone(phones, "wecom")
    messages = wecom.get_by_role("log")
    await messages.evaluate("box => { box.scrollTop = 0 }")
    await expect(bubble(phones, REP, 0)).to_be_in_viewport()
    stand.desk.show(replace(stand.desk.bubbles[f"{REP}-1"], id="news"))
    await wecom.get_by_role("button", name="有新消息").click()
    await expect(phones.locator('[data-id="news"]')).to_be_in_viewport()
    await expect(wecom.get_by_role("button", name="有新消息")).to_be_hidden()


async def test_time_moves_on(phones: Page) -> None:
    await expect(phones.locator("#now")).to_have_text("2026年3月2日周一 09:30")
    await phones.get_by_role("button", name="+1 小时").click()
    await expect(phones.locator("#now")).to_have_text("2026年3月2日周一 10:30")
    await phones.get_by_role("button", name="+1 天").click()
    await expect(phones.locator("#now")).to_have_text("2026年3月3日周二 10:30")
    await expect(phone(phones, "dingtalk").locator(".status time")).to_have_text("10:30")


async def test_the_wire_can_be_read_filtered_and_cleared(stand: Stand, phones: Page) -> None:
    wire = phones.get_by_role("region", name="线上报文")
    rows = wire.locator("li")
    await expect(rows).to_have_count(4)
    await expect(rows.first.locator(".path")).to_have_text("/webhooks/dingtalk/main/card")
    await expect(wire.locator("li.bad")).to_have_count(2)
    await wire.get_by_role("button", name="企微").click()
    await expect(rows.filter(visible=True)).to_have_count(2)
    await rows.nth(3).locator("summary").click()
    await expect(rows.nth(3).locator("pre").first).to_have_text(
        "<xml>\n  <ToUserName>ww1</ToUserName>\n  <Content>帮助 <b></Content>\n</xml>"
    )
    await rows.nth(2).locator("summary").click()
    await expect(rows.nth(2).locator("pre").last).to_contain_text('"errmsg": "ok"')
    await wire.get_by_role("button", name="清空").click()
    await expect(wire.get_by_text("还没有报文")).to_be_visible()
    at = NOON.isoformat()
    stand.desk.record(
        Exchange(5, "wecom", "out", at, "POST", "/cgi-bin/gettoken", 200, 1.0, {}, {"errcode": 0})
    )
    await expect(rows).to_have_count(1)


async def test_a_token_that_grew_old_is_no_fault(stand: Stand, phones: Page) -> None:
    rows = phones.get_by_role("region", name="线上报文").locator("li")
    at = NOON.isoformat()
    for number, (status, answer) in enumerate(((200, {"errcode": 42001}), (401, {"code": "x"}))):
        path = f"/cgi-bin/message/send/{number}"
        stand.desk.record(
            Exchange(8 + number, "wecom", "out", at, "POST", path, status, 1.0, {}, answer)
        )
    await expect(rows.nth(1).locator(".code")).to_have_text("令牌过期，已自动刷新")
    await expect(rows.nth(1)).not_to_have_class("bad")
    await expect(rows.nth(0).locator(".code.bad")).to_have_text("401")


async def test_a_charts_unit_stands_clear_of_its_labels(phones: Page) -> None:
    figure = bubble(phones, MANAGER, 4).locator("figure").first
    overlaps = await figure.evaluate(
        """(figure) => {
          const texts = [...figure.querySelectorAll("svg text")];
          const box = (text) => text.getBoundingClientRect();
          const unit = texts.find((text) => text.textContent === "分");
          const [top, bottom] = [box(unit).top, box(unit).bottom];
          return texts.filter((text) => text !== unit && box(text).left < box(unit).right
            && box(text).top < bottom && top < box(text).bottom).length;
        }"""
    )
    assert overlaps == 0


async def test_a_picture_opens_large_and_closes_by_keyboard(phones: Page) -> None:
    await bubble(phones, CLERK, 3).get_by_role("button").click()
    await expect(phones.get_by_role("dialog").locator("img")).to_be_visible()
    await phones.keyboard.press("Escape")
    await expect(phones.get_by_role("dialog")).to_have_count(0)


async def test_a_narrow_screen_shows_one_phone_at_a_time(stand: Stand, page: Page) -> None:
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.goto(stand.url)
    tabs = page.get_by_role("navigation", name="手机与报文")
    for name, shown in (
        ("企业微信", ".phone.wecom"),
        ("飞书", ".phone.feishu"),
        ("钉钉", ".phone.dingtalk"),
        ("报文", ".wire"),
    ):
        await tabs.get_by_role("button", name=name).click()
        await expect(page.locator(shown)).to_be_visible()
        await expect(page.locator("main > section").filter(visible=True)).to_have_count(1)
        width, inner = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert (width, inner) == (360, 360)
    await expect(tabs.get_by_role("button", name="钉钉").locator(".badge")).to_be_hidden()


async def test_an_empty_desk_says_what_to_do(stand: Stand, page: Page) -> None:
    stand.desk.bubbles.clear()
    stand.desk.exchanges.clear()
    await page.goto(stand.url)
    await expect(page.get_by_text("还没有消息")).to_have_count(3)
    await expect(page.get_by_text("还没有报文")).to_be_visible()


async def test_what_came_while_the_page_was_behind_is_read_again(
    stand: Stand, phones: Page
) -> None:
    for _ in range(emulator.BACKLOG + 5):  # more than a feed holds, before it gets its turn
        stand.desk.show(replace(stand.desk.bubbles[f"{REP}-1"], id=f"late-{stand.desk.next_id()}"))
    rows = phone(phones, "wecom").locator(".row")
    await expect(rows).to_have_count(10 + emulator.BACKLOG + 5)
