"""Calls to WeCom's API: one token for all, renewed once when refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aiohttp

from bot import http
from bot.adapter import TransientError
from bot.event import Json
from bot.wecom import refusals
from config.settings import WeCom

Options = Callable[[], dict[str, Any]]
"""Makes a call's options anew for every try: a form can be sent only once."""


class Client:
    """The API of one app.

    Every method raises TransientError or UndeliverableError and nothing else.
    """

    def __init__(self, settings: WeCom, session: Callable[[], aiohttp.ClientSession]) -> None:
        self._settings = settings
        self._session = session
        self._token = http.Token(self._fetch)

    async def post(self, path: str, body: Json) -> Json:
        """Call with a JSON body and return WeCom's answer, which says errcode 0."""
        return await self._post(path, {}, lambda: {"json": body})

    async def upload(self, png: bytes) -> str:
        """Upload a picture; the media id lives three days."""

        def form() -> dict[str, Any]:
            data = aiohttp.FormData()
            data.add_field("media", png, filename="picture.png", content_type="image/png")
            return {"data": data}

        answer = await self._post("media/upload", {"type": "image"}, form)
        media_id = answer.get("media_id")
        if not isinstance(media_id, str) or not media_id:
            raise TransientError("upload without media_id")
        return media_id

    async def _post(self, path: str, query: dict[str, str], options: Options) -> Json:
        token = await self._token.get()
        answer = await self._call("POST", path, {"access_token": token, **query}, options())
        if refusals.number(answer) in refusals.STALE:
            token = await self._token.get(instead_of=token)
            answer = await self._call("POST", path, {"access_token": token, **query}, options())
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
