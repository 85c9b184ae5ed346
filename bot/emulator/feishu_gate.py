"""Feishu's gate: tenant tokens, the API's own frequency, and the form of its answers."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime

from aiohttp import web

from bot.emulator.books import Frequency, TokenBook
from bot.emulator.calls import Answer, Call
from bot.emulator.desk import Json
from bot.emulator.feishu_content import RefusalError, invalid
from bot.emulator.wire import Wire, Work

RENEW_BELOW = 1800  # seconds left under which a new tenant token is given out


class Gate:
    """Lets calls with a valid token through, at most 50 a second and 1000 a minute for each API."""

    PATH = "/open-apis/auth/v3/tenant_access_token/internal"

    def __init__(self, wire: Wire, *, app_id: str, app_secret: str) -> None:
        self._wire = wire
        self._app = app_id
        self._secret = app_secret
        self._tokens = TokenBook(wire.desk.now, wire.faults)
        self._second = Frequency(wire.desk.now, 50, 1)
        self._minute = Frequency(wire.desk.now, 1000, 60)

    def route(self) -> web.RouteDef:
        """Where tokens are given out."""
        return web.post(self.PATH, self._wire.endpoint(_refusing(self._token)))

    def guarded(
        self, name: str, work: Work
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """An aiohttp handler of the API `name`."""

        async def guarded(call: Call) -> Answer:
            self._authorize(call)
            if not (self._second.take(name) and self._minute.take(name)):
                raise throttled()
            return await work(call)

        return self._wire.endpoint(_refusing(guarded))

    def _authorize(self, call: Call) -> None:
        scheme, _, token = call.headers.get("Authorization", "").partition(" ")
        if not token:
            raise RefusalError(99991661, "Missing access token for authorization.")
        if scheme != "Bearer" or not token.startswith("t-"):
            raise RefusalError(99991671, "Invalid access token for authorization: bad format.")
        if self._tokens.state(token.removeprefix("t-")) != "ok":
            raise RefusalError(99991663, "Invalid access token for authorization.")

    async def _token(self, call: Call) -> Answer:
        asked = json_body(call)
        if asked.get("app_id") != self._app or not asked.get("app_secret"):
            raise RefusalError(10003, "invalid param")
        if asked["app_secret"] != self._secret:
            raise RefusalError(10014, "app secret invalid")
        token, left = self._tokens.issue(renew_below=RENEW_BELOW)
        top = {"code": 0, "msg": "ok", "tenant_access_token": f"t-{token}", "expire": left}
        return Answer(top)  # not under "data", unlike every other answer


def throttled() -> RefusalError:
    """The platform's general frequency error; the header says the seconds to wait."""
    return RefusalError(
        99991400,
        "request trigger frequency limit",
        status=429,
        headers={"x-ogw-ratelimit-limit": "50", "x-ogw-ratelimit-reset": "1"},
    )


def refused(refusal: RefusalError) -> Answer:
    log_id = secrets.token_hex(16)
    return Answer(
        {"code": refusal.code, "msg": str(refusal), "error": {"log_id": log_id}},
        status=refusal.status,
        headers={"X-Tt-Logid": log_id, **refusal.headers},
        note=f"refused: {refusal.code}",
    )


def milliseconds(at: datetime) -> str:
    return str(round(at.timestamp() * 1000))


def _refusing(work: Work) -> Work:
    async def refusing(call: Call) -> Answer:
        try:
            return await work(call)
        except RefusalError as refusal:
            return refused(refusal)

    return refusing


def done(data: Json | None = None, *, user: str = "", note: str = "") -> Answer:
    return Answer({"code": 0, "msg": "success", "data": data or {}}, user=user, note=note)


def json_body(call: Call) -> Json:
    if not isinstance(call.body, dict):
        raise invalid("the body is no JSON object")
    return call.body
