"""Calls to DingTalk's two API families with one access token."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from mimetypes import guess_type
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot import http
from bot.adapter import TransientError
from bot.dingtalk.errors import BANNED_SECONDS, STALE_TOKEN, code_of, refuse
from bot.dingtalk.reading import words
from bot.event import Json
from bot.http import Reply, Token, Tokens
from config.settings import DingTalk

ACCEPT = {"Accept": "application/json"}  # without it some gateways answer XML
TOKEN_HEADER = "x-acs-dingtalk-access-token"  # noqa: S105 — a name, no secret
EARLY_SECONDS = 600
UNCOUNTED = (429, 500, 502, 503, 504)  # calls that failed on their side are not billed


class Client:
    """Both families, the token fetched once for all, refusals turned into our errors.

    `count` is told the path of every call that the platform answered and did not throttle:
    `bot.dingtalk.quota.billed` says which of them cost.
    """

    def __init__(
        self,
        settings: DingTalk,
        session: Callable[[], aiohttp.ClientSession],
        count: Callable[[str], None] | None = None,
        tokens: Tokens | None = None,
    ) -> None:
        self._settings = settings
        self._session = session
        self._count = count
        credentials = (settings.api_base, settings.app_key, settings.app_secret)
        self._token = Token(
            self._fetch_token, early=EARLY_SECONDS, tokens=tokens, credentials=credentials
        )

    async def call(
        self, method: str, path: str, body: Json, *, fine: frozenset[str] = frozenset()
    ) -> Json:
        """Call a `v1.0` API; codes in `fine` count as success.

        Raises TransientError, UndeliverableError or CannotReplaceError.
        """

        async def once(token: str) -> Reply:
            headers = {**ACCEPT, TOKEN_HEADER: token}
            url = self._settings.api_base + path
            return await self._request(method, url, json=body, headers=headers)

        return await self._with_token(once, fine)

    async def ask(self, path: str, body: Json) -> Json:
        """Call an API of the old family, whose token goes in the query; raises as `call`."""

        async def once(token: str) -> Reply:
            url = self._settings.oapi_base + path
            query = {"access_token": token}
            return await self._request("POST", url, params=query, json=body, headers=ACCEPT)

        return await self._with_token(once, frozenset())

    async def post(self, url: str, query: Mapping[str, str], body: Json) -> None:
        """Post to a webhook, which needs no token; raises as `call`."""
        reply = await self._request("POST", url, params=query, json=body, headers=ACCEPT)
        code = code_of(reply)
        if code:
            refuse(code, reply)

    async def upload(self, kind: str, name: str, content: bytes) -> str:
        """Upload an "image" or a "file" and return its mediaId, which has no expiry.

        Raises TransientError or UndeliverableError.
        """
        content_type = guess_type(name)[0] or "application/octet-stream"

        async def once(token: str) -> Reply:
            form = aiohttp.FormData()
            form.add_field("media", io.BytesIO(content), filename=name, content_type=content_type)
            url = self._settings.oapi_base + "/media/upload"
            query = {"access_token": token, "type": kind}
            return await self._request("POST", url, params=query, data=form, headers=ACCEPT)

        found = await self._with_token(once, frozenset())
        media_id = words(found.get("media_id"))
        if not media_id:
            raise TransientError("answer holds no media_id")
        return media_id

    async def _with_token(self, once: Callable[[str], Any], fine: frozenset[str]) -> Json:
        token = await self._token.get()
        reply: Reply = await once(token)
        code = code_of(reply)
        if code in STALE_TOKEN:
            reply = await once(await self._token.get(instead_of=token))
            code = code_of(reply)
        if code and code not in fine:
            refuse(code, reply)
        return reply.body

    async def _fetch_token(self) -> tuple[str, float]:
        pair = {"appKey": self._settings.app_key, "appSecret": self._settings.app_secret}
        url = self._settings.api_base + "/v1.0/oauth2/accessToken"
        reply = await self._request("POST", url, json=pair, headers=ACCEPT)
        code = code_of(reply)
        if code:
            refuse(code, reply)
        token, life = words(reply.body.get("accessToken")), reply.body.get("expireIn")
        if not token or not isinstance(life, int):
            raise TransientError("answer holds no token")
        return token, life

    async def _request(self, method: str, url: str, **options: Any) -> Reply:
        """One request; an answer that is no JSON is how a shut-out looks."""
        try:
            reply = await http.call(self._session(), method, url, **options)
        except TransientError as fault:
            if isinstance(fault.__cause__, ValueError):
                raise TransientError(fault.reason, after=BANNED_SECONDS) from fault
            raise
        except RuntimeError as fault:  # the session is closed: the process is going down
            raise TransientError("session is closed") from fault
        if self._count and reply.status not in UNCOUNTED:
            self._count(urlsplit(url).path)
        return reply


def listed(body: Mapping[str, Any], name: str) -> list[Any]:
    """The list under `name`, or an empty one."""
    value = body.get(name)
    return value if isinstance(value, list) else []
