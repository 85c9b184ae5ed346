"""Calls to WeCom's API: one token for all, renewed once when refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import aiohttp

from bot import http
from bot.adapter import Download, TransientError
from bot.event import Json
from bot.wecom import fetch, refusals
from config.settings import WeCom

_UNSAFE = re.compile(r'["\\/\x00-\x1f\x7f\ud800-\udfff]')

Options = Callable[[], dict[str, Any]]
"""Makes a call's options anew for every try: a form can be sent only once."""


class Client:
    """The API of one app.

    Every method raises TransientError or UndeliverableError and nothing else.
    """

    def __init__(
        self,
        settings: WeCom,
        session: Callable[[], aiohttp.ClientSession],
        tokens: http.Tokens | None = None,
    ) -> None:
        self._settings = settings
        self._session = session
        credentials = (settings.api_base, settings.corp_id, settings.secret)
        self._token = http.Token(self._fetch, tokens=tokens, credentials=credentials)

    async def post(self, path: str, body: Json) -> Json:
        """Call with a JSON body and return WeCom's answer, which says errcode 0."""
        return await self._authorised("POST", path, {}, lambda: {"json": body})

    async def get(self, path: str, query: dict[str, str] | None = None) -> Json:
        """Call without a body and return WeCom's answer, which says errcode 0."""
        return await self._authorised("GET", path, query or {}, dict)

    async def upload(self, content: bytes, name: str, kind: str = "image") -> str:
        """Upload an "image" or a "file" under `name`; the media id lives three days."""
        answer = await self._authorised(
            "POST", "media/upload", {"type": kind}, lambda: {"data": form(content, name)}
        )
        return _media_id(answer)

    async def robot(self, key: str, body: Json) -> None:
        """Post to a group by its robot's webhook, which needs the key and no token."""
        _checked(await self._call("POST", "webhook/send", {"key": key}, {"json": body}))

    async def robot_upload(self, key: str, content: bytes, name: str) -> str:
        """Upload a file for this one robot; the media id lives three days."""
        query = {"key": key, "type": "file"}
        options = {"data": form(content, name)}
        answer = await self._call("POST", "webhook/upload_media", query, options)
        return _media_id(_checked(answer))

    async def respond(self, url: str, body: Json) -> None:
        """Post to an AI bot's response_url, which serves once; `url` has been checked."""
        reply = await http.call(self._session(), "POST", url, allow_redirects=False, json=body)
        if reply.status >= 500:
            raise TransientError(f"http {reply.status}")
        _checked(reply.body if reply.status < 400 else {"errcode": reply.status, **reply.body})

    async def media(self, media_id: str) -> Download:
        """Fetch a file by its media id."""
        token = await self._token.get()
        query = {"access_token": token, "media_id": media_id}
        url = f"{self._settings.api_base}/cgi-bin/media/get"
        answer = await fetch.fetch(self._session(), url, query)
        if isinstance(answer, dict) and refusals.number(answer) in refusals.STALE:
            query["access_token"] = await self._token.get(instead_of=token)
            answer = await fetch.fetch(self._session(), url, query)
        if isinstance(answer, dict):
            raise refusals.refusal(answer)
        return answer

    async def fetched(self, url: str) -> Download:
        """Fetch from an address that has been checked."""
        answer = await fetch.fetch(self._session(), url, {})
        if isinstance(answer, dict):
            raise refusals.no_file("地址已失效")
        return answer

    async def _authorised(
        self, method: str, path: str, query: dict[str, str], options: Options
    ) -> Json:
        token = await self._token.get()
        answer = await self._call(method, path, {"access_token": token, **query}, options())
        if refusals.number(answer) in refusals.STALE:
            token = await self._token.get(instead_of=token)
            answer = await self._call(method, path, {"access_token": token, **query}, options())
        return _checked(answer)

    async def _fetch(self) -> tuple[str, float]:
        query = {"corpid": self._settings.corp_id, "corpsecret": self._settings.secret}
        answer = _checked(await self._call("GET", "gettoken", query, {}))
        token, life = answer.get("access_token"), answer.get("expires_in", 7200)
        if not isinstance(token, str) or not token or not isinstance(life, int):
            raise TransientError("gettoken without a token")
        return token, life

    async def _call(
        self, method: str, path: str, query: dict[str, str], options: dict[str, Any]
    ) -> Json:
        url = f"{self._settings.api_base}/cgi-bin/{path}"
        reply = await http.call(
            self._session(), method, url, params=query, allow_redirects=False, **options
        )
        if reply.status >= 500 or (reply.status >= 400 and "errcode" not in reply.body):
            wait = reply.headers.get("retry-after", "")
            after = float(wait) if wait.isascii() and wait.isdigit() else None
            raise TransientError(f"http {reply.status}", after=after)
        return reply.body


def _checked(answer: Json) -> Json:
    if refusals.number(answer):
        raise refusals.refusal(answer)
    return answer


def form(content: bytes, name: str) -> aiohttp.FormData:
    """An upload's form; the name goes out as plain UTF-8, for `filename*=` may not be read."""
    data = aiohttp.FormData(quote_fields=False)
    safe = _UNSAFE.sub("_", name).strip() or "file"
    data.add_field("media", content, filename=safe, content_type="application/octet-stream")
    return data


def _media_id(answer: Json) -> str:
    media_id = answer.get("media_id")
    if not isinstance(media_id, str) or not media_id:
        raise TransientError("upload without media_id")
    return media_id
