"""微信客服 (customer service): customers write, the app is told and pulls.

Source: developer.work.weixin.qq.com/document/path/94670, 94677, 94699. Which code answers a
sixth message, or one after 48 hours, is not in our reference: 95013 (session ended) stands for it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.emulator.books import Recent
from bot.emulator.calls import Answer, Call
from bot.emulator.desk import Desk, Json
from bot.emulator.wecom_check import RefusedError, check_body
from bot.emulator.wecom_gate import ok

MOST = 1000
TOKEN_LIFE = timedelta(minutes=10)
TALK_LIFE = timedelta(hours=48)
KEPT = timedelta(days=3)
MOST_SENT = 5


@dataclass(slots=True)
class Talk:
    """One customer at one account: when they last wrote, and what came back since."""

    at: datetime
    answers: list[Json] = field(default_factory=list)


class Service:
    """The service accounts (`accounts`: open_kfid) of one corp."""

    def __init__(self, desk: Desk, accounts: tuple[str, ...]) -> None:
        self.accounts = accounts
        self.talks: dict[tuple[str, str], Talk] = {}
        self._desk = desk
        self._messages: list[tuple[datetime, Json]] = []
        self._tokens: Recent[tuple[str, datetime]] = Recent()

    def routes(self) -> dict[str, tuple[str, Callable[[Call], Answer]]]:
        return {"kf/sync_msg": ("POST", self._sync), "kf/send_msg": ("POST", self._send)}

    def written(self, account: str, customer: str, msgtype: str, content: Json) -> str:
        """A customer has written: the token for pulling it. LookupError for no such account."""
        if account not in self.accounts:
            raise LookupError(account)
        now = self._desk.now()
        self.talks[account, customer] = Talk(now)
        message = {
            "msgid": f"kf-{secrets.token_hex(8)}",
            "open_kfid": account,
            "external_userid": customer,
            "send_time": int(now.timestamp()),
            "origin": 3,
            "msgtype": msgtype,
            msgtype: content,
        }
        self._messages.append((now, message))
        token = secrets.token_urlsafe(24)
        self._tokens[token] = account, now + TOKEN_LIFE
        return token

    def _sync(self, call: Call) -> Answer:
        body = check_body(call.raw, call.body)
        account, now = str(body.get("open_kfid", "")), self._desk.now()
        if account not in self.accounts:
            raise RefusedError(95000, "invalid open_kfid")
        token = body.get("token", "")
        known, until = self._tokens.get(str(token)) or ("", now)
        if token and (known != account or now >= until):
            raise RefusedError(95007, "invalid msg token")
        limit, start = body.get("limit", MOST), str(body.get("cursor") or "c0").removeprefix("c")
        if not isinstance(limit, int) or not 1 <= limit <= MOST or not start.isdecimal():
            raise RefusedError(40058, "limit or cursor")
        page = self._messages[int(start) : int(start) + limit]
        end = int(start) + len(page)
        fresh = [m for at, m in page if m["open_kfid"] == account and now - at <= KEPT]
        more = int(end < len(self._messages))
        return ok(next_cursor=f"c{end}", has_more=more, msg_list=fresh)

    def _send(self, call: Call) -> Answer:
        body = check_body(call.raw, call.body)
        if body.get("open_kfid") not in self.accounts:
            raise RefusedError(95000, "invalid open_kfid")
        kind = body.get("msgtype")
        if not isinstance(kind, str) or not isinstance(body.get(kind), dict):
            raise RefusedError(40008, "invalid message type")
        talk = self.talks.get((body["open_kfid"], str(body.get("touser", ""))))
        late = talk is None or self._desk.now() - talk.at > TALK_LIFE
        if talk is None or late or len(talk.answers) >= MOST_SENT:
            raise RefusedError(95013, "5 messages within 48 hours of the customer's last")
        talk.answers.append({"msgtype": kind, kind: body[kind]})
        return ok(msgid=str(body.get("msgid") or f"kf-{secrets.token_hex(8)}"))
