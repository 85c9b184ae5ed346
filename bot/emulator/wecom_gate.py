"""The door of WeCom's API: tokens, frequency limits, and refusals that a test switches on.

Source: developer.work.weixin.qq.com/document/path/91039 and 90454 (10,000 calls a minute of one
API, then 45009; sending messages is not counted).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.emulator.books import Frequency, TokenBook
from bot.emulator.calls import Answer, Call
from bot.emulator.desk import Desk
from bot.emulator.faults import Faults
from bot.emulator.wecom_check import RefusedError

Work = Callable[[Call], Answer]
PREFIX = "/cgi-bin/"
PER_MINUTE = 10_000
UNCOUNTED = ("message/", "gettoken")
WHY = {
    60020: "not allow to access from your ip",
    81013: "user & party & tag all invalid",
    45009: "api freq out of limit",
    48002: "api forbidden",
}


class Gate:
    """Lets calls of one app through, or refuses them.

    `refusals` maps an API ("message/send") to the errcode it answers until it is taken out.
    """

    def __init__(
        self,
        desk: Desk,
        faults: Faults,
        *,
        corp_id: str,
        secret: str,
        per_minute: int = PER_MINUTE,
    ) -> None:
        self.refusals: dict[str, int] = {}
        self._corp_id = corp_id
        self._secret = secret
        self._tokens = TokenBook(desk.now, faults)
        self._calls = Frequency(desk.now, per_minute, 60)

    def guarded(self, work: Work, *, token: bool = True) -> Callable[[Call], Awaitable[Answer]]:
        """`work` behind the door; its RefusedError becomes an errcode with HTTP 200."""

        async def answer(call: Call) -> Answer:
            try:
                if token:
                    self._check_token(call.query.get("access_token", ""))
                self._check_switched(call.path)
                return work(call)
            except RefusedError as refused:
                body = {"errcode": refused.code, "errmsg": str(refused)}
                return Answer(body, note=f"{refused.code}: {refused}")

        return answer

    def issue(self, call: Call) -> Answer:
        """gettoken."""
        if call.query.get("corpid") != self._corp_id:
            raise RefusedError(40013, "invalid corpid")
        if call.query.get("corpsecret") != self._secret:
            raise RefusedError(40001, "invalid credential")
        token, left = self._tokens.issue()
        return ok(access_token=token, expires_in=left)

    def _check_token(self, token: str) -> None:
        if not token:
            raise RefusedError(41001, "access_token missing")
        state = self._tokens.state(token)
        if state == "expired":
            raise RefusedError(42001, "access_token expired")
        if state != "ok":
            raise RefusedError(40014, "invalid access_token")

    def _check_switched(self, path: str) -> None:
        name = path.removeprefix(PREFIX)
        code = self.refusals.get(name, 0)
        if code:
            raise RefusedError(code, WHY.get(code, "refused"))
        if not name.startswith(UNCOUNTED) and not self._calls.take(name):
            raise RefusedError(45009, WHY[45009])


def ok(*, note: str = "", **fields: object) -> Answer:
    return Answer({"errcode": 0, "errmsg": "ok", **fields}, note=note)
