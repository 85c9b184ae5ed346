"""The four calls we make to Feishu: token, message, change, picture."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import aiohttp

from bot.adapter import Address, TransientError, UndeliverableError
from bot.event import Json
from bot.feishu.faults import STALE_TOKEN, code_of, refusal
from bot.feishu.shape import words
from bot.http import Reply, Token, call
from config.settings import Feishu

log = logging.getLogger(__name__)

EARLY_SECONDS = 600  # the platform hands out a new token in the last half hour of the old one


class Client:
    """Feishu's API as one app; the token is fetched once for everybody."""

    def __init__(self, settings: Feishu, session: Callable[[], aiohttp.ClientSession]) -> None:
        self._settings = settings
        self._session = session
        self._token = Token(self._fetch, early=EARLY_SECONDS)

    async def send(self, to: Address, kind: str, content: str, *, uuid: str) -> str:
        """Send a message; the same `uuid` is sent once within an hour. Returns the message id.

        Raises TransientError or UndeliverableError.
        """
        id_type, receiver = _receiver(to)
        body = {"receive_id": receiver, "msg_type": kind, "content": content, "uuid": uuid}
        reply = await self._api(
            "POST",
            "/im/v1/messages",
            lambda: {"json": body, "params": {"receive_id_type": id_type}},
        )
        return _given(reply, "message_id")

    async def replace(self, message: str, content: str) -> None:
        """Change a sent card. Raises CannotReplaceError too."""
        path = f"/im/v1/messages/{quote(message, safe='')}"
        await self._api("PATCH", path, lambda: {"json": {"content": content}}, replacing=True)

    async def upload(self, picture: bytes) -> str:
        """Upload a PNG. Returns the image key, which only this app can use."""

        def form() -> Json:  # aiohttp's forms are used up by one request
            data = aiohttp.FormData()
            data.add_field("image_type", "message")
            data.add_field("image", picture, filename="picture.png", content_type="image/png")
            return {"data": data}

        return _given(await self._api("POST", "/im/v1/images", form), "image_key")

    async def _api(
        self, method: str, path: str, options: Callable[[], Json], *, replacing: bool = False
    ) -> Reply:
        """Call with a valid token; one that the platform refuses is replaced once."""
        token = await self._token.get()
        reply = await self._call(method, path, token, options())
        if code_of(reply) in STALE_TOKEN:
            token = await self._token.get(instead_of=token)
            reply = await self._call(method, path, token, options())
        if code_of(reply) == 0 and reply.status < 400:
            return reply
        _log_refusal(reply, path.split("/")[3])
        raise refusal(reply, replacing=replacing)

    async def _call(self, method: str, path: str, token: str, options: dict[str, Any]) -> Reply:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"{self._settings.api_base}/open-apis{path}"
        return await call(self._session(), method, url, headers=headers, **options)

    async def _fetch(self) -> tuple[str, float]:
        """A tenant token and its life; it lies beside `code`, not under `data`."""
        secret = {"app_id": self._settings.app_id, "app_secret": self._settings.app_secret}
        path = "/auth/v3/tenant_access_token/internal"
        reply = await self._call("POST", path, "", {"json": secret})
        token, life = words(reply.body, "tenant_access_token"), reply.body.get("expire")
        if code_of(reply) != 0 or reply.status >= 400:
            _log_refusal(reply, "token")
            raise refusal(reply)
        if not token or not isinstance(life, int | float):
            raise TransientError("answer without a token")
        return token, float(life)


def _receiver(to: Address) -> tuple[str, str]:
    if to.chat:
        return "chat_id", to.chat
    if not to.person:
        raise UndeliverableError(
            "address", "没有飞书收件人", "请在人员表中填写 feishu_open_id 后重新导入"
        )
    return ("union_id" if to.person.startswith("on_") else "open_id"), to.person


def _given(reply: Reply, name: str) -> str:
    value = words(reply.body, "data", name)
    if not value:
        raise TransientError(f"answer without {name}")
    return value


def _log_refusal(reply: Reply, what: str) -> None:
    facts = {"api": what, "status": reply.status, "code": code_of(reply)}
    log.warning("feishu refused", extra={**facts, "logid": reply.headers.get("x-tt-logid", "")})
