"""Feishu's API as one app: messages and files out, and any other call with the app's token."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import aiohttp

from bot.adapter import Address, TransientError, UndeliverableError
from bot.event import Json
from bot.feishu.faults import STALE_TOKEN, code_of, refusal
from bot.feishu.fetch import fetched
from bot.feishu.shape import words
from bot.http import Reply, Token, Tokens, call
from config.settings import Feishu

log = logging.getLogger(__name__)

FILE_TYPES = {
    "opus": "opus",
    "mp4": "mp4",
    "pdf": "pdf",
    "doc": "doc",
    "docx": "doc",
    "xls": "xls",
    "xlsx": "xls",
    "ppt": "ppt",
    "pptx": "ppt",
}
EARLY_SECONDS = 600  # the platform hands out a new token in the last half hour of the old one


class Client:
    """Feishu's API as one app; the token is fetched once for everybody."""

    def __init__(
        self,
        settings: Feishu,
        session: Callable[[], aiohttp.ClientSession],
        tokens: Tokens | None = None,
    ) -> None:
        self._settings = settings
        self._session = session
        credentials = (settings.api_base, settings.app_id, settings.app_secret)
        self._token = Token(
            self._fetch, early=EARLY_SECONDS, tokens=tokens, credentials=credentials
        )

    async def send(self, to: Address, kind: str, content: str, *, uuid: str) -> str:
        """Send a message; the same `uuid` is sent once within an hour. Returns the message id.

        Raises TransientError or UndeliverableError.
        """
        id_type, receiver = _receiver(to)
        body = {"receive_id": receiver, "msg_type": kind, "content": content, "uuid": uuid}
        reply = await self.api(
            "POST",
            "/im/v1/messages",
            lambda: {"json": body, "params": {"receive_id_type": id_type}},
        )
        return _given(reply, "message_id")

    async def replace(self, message: str, content: str) -> None:
        """Change a sent card. Raises CannotReplaceError too."""
        path = f"/im/v1/messages/{quote(message, safe='')}"
        await self.api("PATCH", path, lambda: {"json": {"content": content}}, replacing=True)

    async def replace_pressed(self, token: str, card: Json) -> None:
        """Change the card of a press by the press's token: 30 minutes, twice at most."""
        body = {"token": token, "card": card}
        await self.api(
            "POST", "/interactive/v1/card/update", lambda: {"json": body}, replacing=True
        )

    async def recall(self, message: str) -> None:
        """Take a message back."""
        await self.api("DELETE", f"/im/v1/messages/{quote(message, safe='')}", dict)

    async def ring(self, message: str, person: str) -> None:
        """Mark a message as urgent for one person, in the app (neither SMS nor telephone)."""
        id_type = "union_id" if person.startswith("on_") else "open_id"
        path = f"/im/v1/messages/{quote(message, safe='')}/urgent_app"
        body = {"user_id_list": [person]}
        await self.api("PATCH", path, lambda: {"json": body, "params": {"user_id_type": id_type}})

    async def upload(self, picture: bytes) -> str:
        """Upload a PNG. Returns the image key, which only this app can use."""

        def form() -> Json:  # aiohttp's forms are used up by one request
            data = aiohttp.FormData()
            data.add_field("image_type", "message")
            data.add_field("image", picture, filename="picture.png", content_type="image/png")
            return {"data": data}

        return _given(await self.api("POST", "/im/v1/images", form), "image_key")

    async def upload_file(self, name: str, content: bytes) -> str:
        """Upload a file. Returns the file key, which only this app can use."""

        def form() -> Json:
            data = aiohttp.FormData()
            data.add_field("file_type", _file_type(name))
            data.add_field("file_name", name)
            data.add_field("file", content, filename=name)
            return {"data": data}

        return _given(await self.api("POST", "/im/v1/files", form), "file_key")

    async def download(self, message: str, key: str, kind: str, *, most: int) -> tuple[str, bytes]:
        """A file of a message: the name that the platform gives it ("" if none) and its bytes.

        `kind` is image or file. Raises as `deliver` does; a file of over `most` bytes is refused.
        """
        path = f"/im/v1/messages/{quote(message, safe='')}/resources/{quote(key, safe='')}"
        url = f"{self._settings.api_base}/open-apis{path}"
        token = await self._token.get()
        got = await fetched(self._session(), url, token, {"type": kind}, most=most)
        if isinstance(got, Reply) and code_of(got) in STALE_TOKEN:
            token = await self._token.get(instead_of=token)
            got = await fetched(self._session(), url, token, {"type": kind}, most=most)
        if isinstance(got, Reply):
            _log_refusal(got, "im")
            raise refusal(got)
        return got

    async def api(
        self, method: str, path: str, options: Callable[[], Json], *, replacing: bool = False
    ) -> Reply:
        """Call with a valid token; one that the platform refuses is replaced once.

        `options` are aiohttp's, made anew for each try. Raises as `refusal` says.
        """
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


def _file_type(name: str) -> str:
    return FILE_TYPES.get(name.rpartition(".")[2].lower(), "stream")


def _given(reply: Reply, name: str) -> str:
    value = words(reply.body, "data", name)
    if not value:
        raise TransientError(f"answer without {name}")
    return value


def _log_refusal(reply: Reply, what: str) -> None:
    facts = {"api": what, "status": reply.status, "code": code_of(reply)}
    log.warning("feishu refused", extra={**facts, "logid": reply.headers.get("x-tt-logid", "")})
