"""The stage of the demo: three emulated platforms and the page with the phones."""

from __future__ import annotations

import base64
import hashlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import aiohttp
from aiohttp import web

from bot.emulator import page
from bot.emulator.desk import Desk, Resident, Side
from bot.emulator.dingtalk import DingTalkSide
from bot.emulator.faults import Faults
from bot.emulator.feishu import FeishuSide
from bot.emulator.gallery import Build
from bot.emulator.wecom import WeComSide
from config.settings import DingTalk, Feishu, Settings, WeCom

MAX_UPLOAD = 32 << 20


def _made_up(name: str, length: int) -> str:
    """A credential of the emulated world: letters and digits, the same at every start."""
    raw = hashlib.sha512(b"momentum demo " + name.encode()).digest()
    return base64.b64encode(raw, altchars=b"Aa").decode()[:length]


class Stage:
    """The emulated platforms. `port` is where Momentum itself listens on this machine."""

    def __init__(self, now: Callable[[], datetime], port: int, residents: Iterable[Resident]):
        self.desk = Desk(now, residents=list(residents))
        self.faults = Faults()
        self._home = f"http://127.0.0.1:{port}"
        self._base = ""
        self._session: aiohttp.ClientSession | None = None
        self._wecom = WeCom(
            corp_id="ww" + _made_up("corp", 16).lower(),
            agent_id="1000002",
            secret=_made_up("wecom secret", 43),
            token=_made_up("wecom token", 20),
            aes_key=_made_up("wecom aes", 43),
        )
        self._feishu = Feishu(
            app_id="cli_" + _made_up("feishu app", 16).lower(),
            app_secret=_made_up("feishu secret", 32),
            verification_token=_made_up("feishu token", 32),
            encrypt_key=_made_up("feishu key", 32),
        )
        self._dingtalk = DingTalk(
            corp_id="ding" + _made_up("ding corp", 32).lower(),
            app_key="ding" + _made_up("ding app", 16).lower(),
            app_secret=_made_up("ding secret", 64),
            robot_code="ding" + _made_up("ding app", 16).lower(),
            token=_made_up("ding token", 20),
            aes_key=_made_up("ding aes", 43),
            card_template_id="momentum-demo.schema",
            card_api_secret=_made_up("ding card", 32),
        )
        self.sides: Mapping[str, Side] = {}

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Stage]:
        """Serve the platforms' APIs on a free port of this machine."""
        listening = socket.create_server(("127.0.0.1", 0))
        self._base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        wecom, feishu, dingtalk = self._wecom_side(), self._feishu_side(), self._dingtalk_side()
        self.sides = {"wecom": wecom, "feishu": feishu, "dingtalk": dingtalk}
        app = web.Application(client_max_size=MAX_UPLOAD)
        for side in (wecom, feishu, dingtalk):
            app.add_routes(side.routes())
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        async with aiohttp.ClientSession() as self._session:
            try:
                await web.SockSite(runner, listening).start()
                yield self
            finally:
                await runner.cleanup()

    def settings(self, base: Settings) -> Settings:
        """The settings with which Momentum meets these platforms instead of the real ones."""
        return replace(
            base,
            wecom=replace(self._wecom, api_base=self._base),
            feishu=replace(self._feishu, api_base=self._base),
            dingtalk=replace(self._dingtalk, api_base=self._base, oapi_base=self._base),
        )

    def show_page(
        self,
        app: web.Application,
        advance: Callable[[timedelta], Awaitable[datetime]],
        links: Mapping[str, str],
        gallery: Build | None = None,
    ) -> None:
        """Put the page with the three phones, and the gallery, on Momentum's own address."""
        app.add_routes(
            page.routes(self.desk, self.sides, advance=advance, links=links, gallery=gallery)
        )
        app.on_shutdown.append(self._hang_up)

    async def _hang_up(self, _: web.Application) -> None:
        """An open page must not hold up the end of the program."""
        page.hang_up(self.desk)

    def _outgoing(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the stage is not open")
        return self._session

    def _wecom_side(self) -> WeComSide:
        return WeComSide(
            self.desk,
            corp_id=self._wecom.corp_id,
            agent_id=int(self._wecom.agent_id),
            secret=self._wecom.secret,
            token=self._wecom.token,
            aes_key=self._wecom.aes_key,
            callback_url=f"{self._home}/webhooks/wecom/main",
            session=self._outgoing,
            faults=self.faults,
        )

    def _feishu_side(self) -> FeishuSide:
        return FeishuSide(
            self.desk,
            app_id=self._feishu.app_id,
            app_secret=self._feishu.app_secret,
            verification_token=self._feishu.verification_token,
            encrypt_key=self._feishu.encrypt_key,
            tenant_key="tenant-demo",
            callback_url=f"{self._home}/webhooks/feishu/main",
            session=self._outgoing,
            faults=self.faults,
        )

    def _dingtalk_side(self) -> DingTalkSide:
        return DingTalkSide(
            self.desk,
            corp_id=self._dingtalk.corp_id,
            app_key=self._dingtalk.app_key,
            app_secret=self._dingtalk.app_secret,
            robot_code=self._dingtalk.robot_code,
            token=self._dingtalk.token,
            aes_key=self._dingtalk.aes_key,
            owner_key=self._dingtalk.app_key,
            card_template_id=self._dingtalk.card_template_id,
            robot_url=f"{self._home}/webhooks/dingtalk/main/robot",
            event_url=f"{self._home}/webhooks/dingtalk/main/event",
            base=self._base,  # where the session webhooks live
            session=self._outgoing,
            faults=self.faults,
        )
