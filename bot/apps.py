"""Apps to adapters and listeners: the one place that knows which folder serves which platform."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import aiohttp

from bot.adapter import Adapter, Listener
from bot.dingtalk.adapter import DingTalkAdapter
from bot.dingtalk.stream import DingTalkListener
from bot.feishu.adapter import FeishuAdapter
from bot.feishu.stream import FeishuListener
from bot.http import Tokens
from bot.wecom.adapter import WeComAdapter
from config.apps import App
from config.settings import SettingsError

Adapters = dict[tuple[str, str], Adapter]
LISTENING = ("feishu", "dingtalk")  # WeCom has no long connection for apps


@dataclass(frozen=True, slots=True)
class Supplies:
    """What adapters are given besides their settings.

    `count` is told of every call that DingTalk may bill, with the tenant it was made for.
    """

    session: Callable[[], aiohttp.ClientSession]
    load: Callable[[str], Awaitable[bytes]] | None = None
    tokens: Tokens | None = None
    count: Callable[[str, str], None] | None = None


def adapters(apps: Iterable[App], supplies: Supplies) -> Adapters:
    """An adapter for each app, by (platform, app). Raises SettingsError for unusable values."""
    return {(app.platform, app.name): adapter(app, supplies) for app in apps}


def adapter(app: App, supplies: Supplies) -> Adapter:
    """The app's adapter."""
    session, load, tokens = supplies.session, supplies.load, supplies.tokens
    name, tenant, settings = app.name, app.tenant, app.settings
    if app.platform == "wecom":
        return WeComAdapter(
            settings.wecom, app=name, tenant=tenant, session=session, load=load, tokens=tokens
        )
    if app.platform == "feishu":
        return FeishuAdapter(
            settings.feishu, app=name, tenant=tenant, session=session, load=load, tokens=tokens
        )
    count = supplies.count
    return DingTalkAdapter(
        settings.dingtalk,
        app=name,
        tenant=tenant,
        session=session,
        load=load,
        tokens=tokens,
        callback_url=f"{settings.base_url}/webhooks/dingtalk/{name}/card",
        count=(lambda path: count(tenant, path)) if count else None,
    )


def listener(app: App, session: Callable[[], aiohttp.ClientSession]) -> Listener:
    """The app's long connection. Raises SettingsError for a platform that has none."""
    if app.platform == "feishu":
        return FeishuListener(app.settings.feishu, app.name, app.tenant, session)
    if app.platform == "dingtalk":
        return DingTalkListener(
            app.settings.dingtalk, app=app.name, tenant=app.tenant, session=session
        )
    raise SettingsError(f"长连接只支持 {'、'.join(LISTENING)}")
