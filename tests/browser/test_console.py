"""The console in a real browser, as an admin uses it."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, expect

from models import policy
from tests.desk import TENANT, Desk, employ

pytestmark = pytest.mark.browser

SHOTS = os.environ.get("MOMENTUM_TEST_SHOTS", "")
REFUSED = "the server responded with a status of 4"  # Chromium's own note on a refused form


@pytest.fixture
def desk(database: str) -> Desk:
    return Desk()


@pytest.fixture
async def url(desk: Desk) -> AsyncIterator[str]:
    async with TestServer(desk.application()) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture(params=["light", "dark"])
async def window(browser: Browser, url: str, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """A page, closed before its server; errors in its console, as of the CSP, fail the test."""
    context = await browser.new_context(
        viewport={"width": 1280, "height": 800}, locale="zh-CN", color_scheme=request.param
    )
    shown = await context.new_page()
    faults: list[str] = []
    shown.on(
        "console",
        lambda said: (
            faults.append(said.text) if said.type == "error" and REFUSED not in said.text else None
        ),
    )
    shown.on("pageerror", lambda fault: faults.append(str(fault)))
    yield shown
    await context.close()
    assert faults == []


async def shoot(page: Page, name: str) -> None:
    """Nothing may stick out at 360 px; with MOMENTUM_TEST_SHOTS set, keep pictures for a person."""
    scheme = await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    for width in (1280, 360):
        await page.set_viewport_size({"width": width, "height": 800})
        spill = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert spill <= 0, f"{name} sticks out by {spill} px at {width} px"
        if SHOTS:
            path = Path(SHOTS) / f"{name}-{width}-{'dark' if scheme else 'light'}.png"
            await page.screenshot(path=path, full_page=True)
    await page.set_viewport_size({"width": 1280, "height": 800})


async def enter(page: Page, url: str, desk: Desk) -> None:
    code = await desk.code(await employ())
    await page.goto(f"{url}/console/?code={code}")
    await page.get_by_role("button", name="登录").click()
    await expect(page.get_by_role("heading", name="版本记录")).to_be_visible()


async def test_an_admin_signs_in_changes_a_threshold_and_goes_back(
    window: Page, url: str, desk: Desk
) -> None:
    page = window
    code = await desk.code(await employ())
    await page.goto(f"{url}/console/")
    await shoot(page, "1-sign-in")
    field = page.get_by_label("登录码", exact=True)
    await expect(field).to_be_focused()
    await field.fill("ABCD EFGH")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("登录码不对")
    await shoot(page, "2-sign-in-refused")
    await field.fill(f"{code[:4].lower()} {code[4:].lower()}")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="版本记录")).to_be_visible()
    await shoot(page, "3-overview-new")

    await page.get_by_role("link", name="动能", exact=True).click()
    yellow = page.get_by_label("黄色阈值")
    await expect(yellow).to_have_value("40")
    await shoot(page, "4-form")
    await yellow.fill("150")
    await page.get_by_label("跟进加分").fill("30")
    await page.get_by_label("修改原因").fill("旺季客户多，早点提醒")
    await page.get_by_role("button", name="保存为新版本").click()
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("超出 1–99分")
    await expect(alert).to_be_focused()
    await expect(yellow).to_have_attribute("aria-invalid", "true")
    await expect(yellow).to_have_accessible_description(
        re.compile("超出 1–99分 低于它且不再上升，.*允许 1–99分 当前 40分 默认 40分")
    )
    await shoot(page, "5-form-refused")
    await alert.get_by_role("link").click()
    await expect(yellow).to_be_focused()
    await expect(page.get_by_label("跟进加分")).to_have_value("30")
    await expect(page.get_by_label("修改原因")).to_have_value("旺季客户多，早点提醒")

    await yellow.fill("45")
    await page.get_by_role("button", name="保存为新版本").click()
    await expect(page.get_by_role("status")).to_have_text("已保存为版本 1，现在生效。")
    row = page.get_by_role("row", name="版本 1")
    await expect(row).to_contain_text("黄色阈值 40分 → 45分")
    await expect(row).to_contain_text("使用中")
    await shoot(page, "6-overview-saved")

    await page.get_by_role("row", name="产品自带的值").get_by_role("link").click()
    await expect(page.get_by_role("listitem")).to_have_text(
        ["动能：黄色阈值 45分 → 40分", "动能：跟进加分 30分 → 25分"]
    )
    await shoot(page, "7-restore")
    await page.get_by_role("button", name="确认恢复").click()
    await expect(page.get_by_role("status")).to_have_text("已保存为版本 2，现在生效。")
    assert desk.book.current(TENANT).momentum.yellow_below == 40
    await shoot(page, "8-overview-restored")

    await page.get_by_role("button", name="退出登录").click()
    await expect(page.get_by_role("heading", name="登录管理后台")).to_be_visible()
    assert await policy.newest_number(TENANT) == 2


async def test_the_keyboard_alone_is_enough(window: Page, url: str, desk: Desk) -> None:
    page = window
    code = await desk.code(await employ())
    await page.goto(f"{url}/console/?code={code}")
    await expect(page.get_by_role("button", name="登录")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="版本记录")).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="动能", level=1)).to_be_visible()


async def test_every_form_fits_a_phone(window: Page, url: str, desk: Desk) -> None:
    await enter(window, url, desk)
    groups = await window.get_by_role("main").get_by_role("listitem").get_by_role("link").all()
    for place in [await group.get_attribute("href") for group in groups]:
        assert place is not None
        await window.goto(url + place)
        await shoot(window, f"form-{place.rpartition('/')[2]}")


async def test_long_words_fit_a_phone(window: Page, url: str, desk: Desk) -> None:
    await enter(window, url, desk)
    await window.goto(f"{url}/console/policies/signal")
    await window.get_by_label("竞品名单").fill("、".join(["Verylongcompetitorname" * 3] * 6))
    await window.get_by_label("修改原因").fill("A" * 200)
    await window.get_by_role("button", name="保存为新版本").click()
    await expect(window.get_by_role("status")).to_contain_text("版本 1")
    await shoot(window, "9-long")


async def test_pages_ask_no_other_host(window: Page, url: str, desk: Desk) -> None:
    asked: list[str] = []
    window.on("request", lambda request: asked.append(request.url))
    await enter(window, url, desk)
    assert asked
    assert all(address.startswith(f"{url}/console/") for address in asked)
