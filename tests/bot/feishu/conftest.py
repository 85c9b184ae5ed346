from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from bot.event import Incoming
from bot.feishu.adapter import FeishuAdapter
from config.settings import Feishu
from tests.bot.feishu.seal import KEY, TOKEN, payload, signed, wrapped

SETTINGS = Feishu("cli_r", "secret", TOKEN, KEY)


def adapter_for(settings: Feishu = SETTINGS) -> FeishuAdapter:
    def offline() -> Any:
        raise AssertionError("decode, answer and render must not call anybody")

    return FeishuAdapter(settings, app="main", tenant="acme", session=offline)


@pytest.fixture
def feishu() -> FeishuAdapter:
    return adapter_for()


@pytest.fixture
def sealed() -> Callable[[str], Incoming]:
    """A readable payload, encrypted and signed as the platform would."""

    def seal(name: str) -> Incoming:
        return signed(wrapped(json.dumps(payload(name), ensure_ascii=False).encode()))

    return seal
