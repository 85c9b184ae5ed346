"""The gallery in a real browser: everything is drawn, found by name, and fits a phone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Locator, Page, expect

from bot.emulator import page as emulator
from bot.emulator.desk import Desk
from bot.emulator.gallery import Made
from bot.gallery import COLUMNS, START
from cards.gallery import GALLERY
from tests.cards.hall import hall

pytestmark = pytest.mark.browser

TITLES = len(GALLERY)
HANGING_MS = 60_000  # for the first visit of a process


class Hanger:
    """Hangs the gallery and counts how often it was asked to; fails as often as it is told."""

    def __init__(self) -> None:
        self.hung = 0
        self.faults = 0

    async def __call__(self) -> Made:
        if self.faults:
            self.faults -= 1
            raise ConnectionResetError
        self.hung += 1
        return (await asyncio.to_thread(hall)).hung


@pytest.fixture
def hanger() -> Hanger:
    return Hanger()


@pytest.fixture
async def url(hanger: Hanger) -> AsyncIterator[str]:
    async def advance(_: timedelta) -> datetime:
        return START

    desk = Desk(lambda: START)
    app = web.Application()
    app.add_routes(emulator.routes(desk, {}, advance=advance, gallery=hanger))
    async with TestServer(app) as server:
        yield str(server.make_url("/"))
        emulator.hang_up(desk)


@pytest.fixture
async def gallery(url: str, page: Page) -> Page:
    await page.goto(f"{url}emulator/gallery")
    await expect(page.locator(".exhibit")).to_have_count(TITLES, timeout=HANGING_MS)
    return page


def exhibit(page: Page, name: str) -> Locator:
    return page.locator(f'.exhibit[id="{name}"]')


async def test_it_is_found_from_the_phones_and_hung_only_then(
    hanger: Hanger, url: str, page: Page
) -> None:
    await page.goto(url)
    link = page.get_by_role("link", name="卡片画廊")
    await expect(link).to_have_attribute("href", "/emulator/gallery")
    assert hanger.hung == 0
    await page.goto(f"{url}emulator/gallery")
    await expect(page.locator(".exhibit")).to_have_count(TITLES, timeout=HANGING_MS)
    await page.reload()
    await expect(page.locator(".exhibit")).to_have_count(TITLES)
    assert hanger.hung == 1


async def test_every_card_is_drawn_on_every_platform(gallery: Page) -> None:
    await expect(gallery.locator(".hung")).to_have_count(TITLES * len(COLUMNS))
    await expect(gallery.get_by_text("画不出来")).to_have_count(0)
    await expect(gallery.locator(".wall:not(:has(.row))")).to_have_count(0)
    await expect(gallery.get_by_text("没有这个素材")).to_have_count(0)
    unknown = gallery.locator(".exhibit .hint").get_by_text("〔")
    await expect(unknown).to_have_count(0)


async def test_pictures_are_seen_on_every_platform(gallery: Page) -> None:
    for column in COLUMNS:
        drawn = exhibit(gallery, "roster.draft").locator(f'[data-column="{column}"] img').first
        await drawn.scroll_into_view_if_needed()
        await expect(drawn).to_have_js_property("naturalWidth", 900)


async def test_losses_are_named(gallery: Page) -> None:
    whole = exhibit(gallery, "gallery.all_blocks")
    losses = whole.locator('[data-column="plain"] .losses li')
    await expect(losses.filter(has_text="图表 → 图片")).to_have_count(1)
    await expect(losses.filter(has_text="表单 → 提问")).to_have_count(1)
    sentence = exhibit(gallery, "gallery.sentence")
    await expect(sentence.locator(".losses")).to_have_count(0)


async def test_it_is_sifted_by_name_title_and_platform(gallery: Page) -> None:
    shown = gallery.locator(".exhibit:visible")
    await gallery.get_by_label("按名称筛选").fill("momentum.fuse")
    await expect(shown).to_have_count(3)
    await expect(gallery.get_by_role("status").first).to_have_text("3 张卡片")
    await gallery.get_by_label("按名称筛选").fill("班表已发布")
    await expect(shown).to_have_count(2)
    await gallery.get_by_label("平台", exact=True).select_option(label="飞书")
    await expect(gallery.locator(".hung:visible")).to_have_count(2)
    await gallery.get_by_label("按名称筛选").fill("没有这样的卡片")
    await expect(gallery.get_by_role("status").first).to_have_text("没有符合的卡片")


async def test_a_press_says_that_it_goes_nowhere(gallery: Page) -> None:
    fuse = exhibit(gallery, "momentum.fuse")
    await fuse.locator('[data-column="wecom"]').get_by_role("button", name="我来接手").click()
    await expect(gallery.locator("#toast")).to_have_text("画廊里的按钮不会发送，请在三部手机上试")


@pytest.mark.parametrize("width", [360, 768, 1440])
async def test_nothing_is_wider_than_the_screen(gallery: Page, width: int) -> None:
    await gallery.set_viewport_size({"width": width, "height": 800})
    await gallery.evaluate(
        """document.querySelectorAll(".exhibit").forEach((one) => {
          one.style.contentVisibility = "visible"; })"""
    )
    room = await gallery.evaluate("document.documentElement.scrollWidth")
    assert room == width
    spilling = await gallery.evaluate(
        """() => [...document.querySelectorAll(".wall")]
          .filter((wall) => wall.scrollWidth > wall.clientWidth + 1)
          .map((wall) => wall.closest(".exhibit").id + " " + wall.parentElement.dataset.column)"""
    )
    assert spilling == []


async def test_a_failure_is_told_and_the_next_visit_tries_again(
    hanger: Hanger, url: str, page: Page, forgiven: list[str]
) -> None:
    forgiven.append("500")
    hanger.faults = 1
    await page.goto(f"{url}emulator/gallery")
    await expect(page.locator("#cards")).to_contain_text("请看服务器日志")
    await page.reload()
    await expect(page.locator(".exhibit")).to_have_count(TITLES)
