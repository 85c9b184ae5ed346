"""A real Chromium for the pages' tests: the machine's own, or the one playwright installed."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright
from playwright.async_api import Error as PlaywrightError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def _installed() -> str | None:
    places = (shutil.which(name) for name in NAMES)
    return next((place for place in places if place and Path(place).exists()), None)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A running Chromium; where there is none the test is skipped, but in CI it fails."""
    async with async_playwright() as playwright:
        try:
            running = await playwright.chromium.launch(executable_path=_installed(), args=FLAGS)
        except PlaywrightError as fault:
            reason = f"NO CHROMIUM on this machine, browser tests did not run: {fault.message}"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        yield running
        await running.close()


@pytest.fixture
def forgiven() -> list[str]:
    """Words of console errors that a test provokes on purpose."""
    return []


@pytest.fixture
async def page(browser: Browser, forgiven: list[str]) -> AsyncIterator[Page]:
    """A 1440×900 page; errors in its console or scripts fail the test."""
    context = await browser.new_context(
        viewport={"width": 1440, "height": 900}, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    shown = await context.new_page()
    faults: list[str] = []
    shown.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    shown.on("pageerror", lambda fault: faults.append(str(fault)))
    yield shown
    await context.close()
    assert [one for one in faults if not any(word in one for word in forgiven)] == []
