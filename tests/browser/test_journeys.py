"""The six journeys on the demo's own page, as a newcomer plays them."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from config.settings import Settings
from tests.journeys.process import Process, free_port

pytestmark = [pytest.mark.browser, pytest.mark.processes]

SHOTS = os.environ.get("MOMENTUM_TEST_SCREENSHOTS", "")
CAPTURE = "新线索 华东医疗 王主任 13800001234 预算80万 想替换现有供应商"
PATIENCE = 15_000.0  # ms; a loaded machine takes its time


@dataclass
class Phones:
    """The demo's page."""

    page: Page
    url: str

    def phone(self, platform: str) -> Locator:
        return self.page.locator(f".phone.{platform}")

    def bubble(self, platform: str, words: str) -> Locator:
        """The newest message on the shown person's phone that has these words."""
        return self.phone(platform).locator(".row").filter(has_text=words).last

    async def say(self, platform: str, text: str) -> None:
        phone = self.phone(platform)
        await phone.get_by_role("textbox", name="里发消息").fill(text)
        await phone.get_by_role("button", name="发送", exact=True).click()

    async def become(self, platform: str, name: str) -> None:
        """Look at the phone of somebody else."""
        people = self.phone(platform).get_by_label("换一个人")
        label = re.compile(f"^{name} ")
        value = await people.locator("option").filter(has_text=label).get_attribute("value")
        await people.select_option(value)

    async def see(self, platform: str, *words: str) -> Locator:
        found = self.bubble(platform, words[0])
        for one in words:
            await expect(found).to_contain_text(one, timeout=PATIENCE)
        return found

    async def shoot(self, name: str) -> None:
        """Keep a picture for a person, of a desk and of a small phone."""
        if not SHOTS:
            return
        folder = Path(SHOTS)
        await self.page.emulate_media(reduced_motion="reduce")
        await self.page.screenshot(path=folder / f"{name}-1440.png")
        await self.page.set_viewport_size({"width": 360, "height": 780})
        for tab in ("企业微信", "飞书", "钉钉", "报文"):
            tabs = self.page.get_by_role("navigation", name="手机与报文")
            await tabs.get_by_role("button", name=tab).click()
            await self.page.screenshot(path=folder / f"{name}-360-{tab}.png")
        await self.page.set_viewport_size({"width": 1440, "height": 900})


@pytest.fixture
def forgiven() -> list[str]:
    """The page outlives the demo for a moment and looks for it."""
    return ["net::ERR_"]


@pytest.fixture
async def demo(tmp_path: Path, page: Page) -> AsyncIterator[Phones]:
    """`main.py demo` on a fresh directory, and its page open; nothing is left of it."""
    settings = Settings(data_dir=tmp_path / "var", port=free_port(), log_level="WARNING")
    process = Process(settings, tmp_path, "demo")
    page.context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    await process.start()
    try:
        await process.ready()
        await page.goto(f"{settings.base_url}/")
        yield Phones(page, settings.base_url)
    finally:
        code = await process.stop(patience=8)  # the open page does not hold it up
    assert code == 0


async def test_the_journeys_of_a_newcomer(demo: Phones) -> None:
    await shown_help(demo)
    await a_lead_is_captured_and_followed_up(demo)
    await time_moves_on(demo)
    await the_manager_decides(demo)
    await a_store_gets_its_roster(demo)
    await an_admin_changes_a_threshold(demo)


async def shown_help(demo: Phones) -> None:
    await demo.shoot("0-start")
    for platform, word in (("wecom", "新线索"), ("feishu", "改派"), ("dingtalk", "排班")):
        await demo.say(platform, "帮助")
        await demo.see(platform, "您可以这样说", word)
    await demo.say("wecom", "跟着干嘛")
    nearest = await demo.see("wecom", "没听懂「跟着干嘛」")
    await expect(nearest).to_contain_text(re.compile(r"(·.*){3}", re.DOTALL))
    await demo.shoot("1-help")


async def a_lead_is_captured_and_followed_up(demo: Phones) -> None:
    await demo.say("wecom", CAPTURE)
    await demo.see("wecom", "线索已登记", "华东医疗", "信号 2 个", "80 万", "下一步")
    await expect(demo.phone("wecom").locator(".row img").last).to_be_visible()
    await demo.shoot("2-captured")
    await demo.say("wecom", "跟进 华东医疗 电话沟通，下周三演示")
    card = await demo.see("wecom", "跟进已记录", "演示 · ", "周三", "峰值")
    await card.get_by_role("button", name="看动能").click()
    await demo.see("wecom", "动能 · 华东医疗")
    await demo.shoot("3-followed-up")


async def time_moves_on(demo: Phones) -> None:
    before = await demo.page.locator("#now").text_content()
    await demo.page.get_by_role("button", name="+1 天").click()
    await expect(demo.page.locator("#now")).not_to_have_text(before or "")
    reminder = await demo.see("wecom", "黄色预警 · ", "建议", "接下来")
    await reminder.get_by_role("button", name="记录跟进").click()
    await demo.see("wecom", "加上沟通内容")
    await demo.see("feishu", "红色熔断 · ", "挽回话术", "AI", "王强")
    await demo.shoot("4-next-day")


async def the_manager_decides(demo: Phones) -> None:
    card = demo.bubble("feishu", "红色熔断 · ")
    await card.scroll_into_view_if_needed()
    await card.get_by_role("button", name="改派").click()
    await expect(demo.phone("feishu").locator(".toast")).to_contain_text("请先选择改派给谁")
    await card.get_by_label("改派给").select_option(label="李娜")
    await demo.shoot("5-fuse")
    await card.get_by_role("button", name="改派").click()
    await demo.see("feishu", "已处理 · ", "陈静 已改派给 李娜")
    await demo.see("wecom", "新派线索 · ")
    other = demo.bubble("feishu", "红色熔断 · ")
    await other.get_by_label("放弃理由").fill("项目取消")
    await other.get_by_role("button", name="放弃").click()
    await demo.see("feishu", "已核销（项目取消）", "已处理 · ")
    await demo.become("wecom", "王强")
    await expect(demo.phone("wecom").locator(".row", has_text="已处理 · ")).to_have_count(2)
    await demo.shoot("6-decided")
    await demo.become("wecom", "李娜")


async def a_store_gets_its_roster(demo: Phones) -> None:
    await demo.become("dingtalk", "杨帆")
    await demo.say("dingtalk", "排班")
    draft = await demo.see("dingtalk", "排班草稿 · 徐汇店", "覆盖率")
    await expect(draft.locator("img")).to_be_visible()
    await demo.shoot("7-roster")
    await draft.get_by_role("button", name="确认发布").click()
    await demo.see("dingtalk", "已发布")
    await demo.become("dingtalk", "朱琳")
    await demo.see("dingtalk", "我的班 · ")
    await demo.say("dingtalk", "我的班")
    await expect(demo.phone("dingtalk").locator(".row", has_text="我的班 · ")).to_have_count(2)
    await demo.shoot("8-my-shifts")


async def an_admin_changes_a_threshold(demo: Phones) -> None:
    await demo.become("wecom", "许诺")
    await demo.say("wecom", "登录")
    card = await demo.see("wecom", "登录码")
    code = re.search(r"[A-Z0-9]{4} [A-Z0-9]{4}", await card.inner_text())
    assert code
    async with demo.page.context.expect_page() as opening:
        await demo.page.get_by_role("link", name="管理后台", exact=True).click()
    console = await opening.value
    await console.get_by_label("登录码").fill(code[0])
    await console.get_by_role("button", name="登录").click()
    await console.locator('a[href$="/policies/momentum"]').click()
    threshold = console.get_by_label("黄色阈值")
    await expect(threshold).to_have_value("40")
    if SHOTS:
        await console.screenshot(path=Path(SHOTS) / "9-console.png", full_page=True)
    await threshold.fill("55")
    await console.get_by_label("原因").fill("旺季早一点提醒")
    await console.get_by_role("button", name="保存").click()
    await expect(console.get_by_text("已保存为")).to_be_visible()
    if SHOTS:
        await console.screenshot(path=Path(SHOTS) / "9-saved.png", full_page=True)
    await console.close()
    await demo.become("wecom", "李娜")
    await demo.say("wecom", "动能 华东医疗")
    await demo.see("wecom", "动能 · 华东医疗", "配置版本 v2")
    await demo.shoot("9-after")
