"""DingTalk's two ways of saying yes and no: the new API family's, and the old one's."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

from bot.emulator.calls import Answer, Call
from bot.emulator.dingtalk_check import RefusedError

Handler = Callable[[Call], Answer]
QPS = "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"
API_COUNT = "Forbidden.AccessDenied.ApiCountLimitForOrg"
OLD_CODES = {QPS: 90018, API_COUNT: 90020}


def new_key() -> str:
    """A processQueryKey."""
    return secrets.token_urlsafe(24)


def new_error(code: str, why: str, status: int) -> Answer:
    """An error of the new API family."""
    body = {"code": code, "message": why, "requestid": secrets.token_hex(16).upper()}
    return Answer(body, status, note=f"{code}: {why}")


def old_error(code: int, why: str) -> Answer:
    """An error of the old API family: HTTP 200 with an errcode."""
    return Answer({"errcode": code, "errmsg": why}, note=f"{code}: {why}")


def old_ok(**fields: object) -> Answer:
    return Answer({"errcode": 0, "errmsg": "ok", **fields})


def refusing(work: Handler) -> Callable[[Call], Awaitable[Answer]]:
    async def answer(call: Call) -> Answer:
        try:
            return work(call)
        except RefusedError as refused:
            return new_error(refused.code, str(refused), refused.status)

    return answer


def refusing_old(work: Handler) -> Callable[[Call], Awaitable[Answer]]:
    async def answer(call: Call) -> Answer:
        try:
            return work(call)
        except RefusedError as refused:
            code = OLD_CODES.get(refused.code)
            return old_error(int(refused.code) if code is None else code, str(refused))

    return answer
