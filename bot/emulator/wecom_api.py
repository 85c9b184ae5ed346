"""WeCom's API as Momentum calls it: tokens, media, messages, and cards changed later.

Source: developer.work.weixin.qq.com/document/path/91039, 90236, 94888, 94867, 90238.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from aiohttp import web

from bot.emulator.books import Frequency, Recent
from bot.emulator.calls import Answer, Call
from bot.emulator.desk import Bubble, Desk, Json
from bot.emulator.wecom_card import INTERACTIVE, can_change, named
from bot.emulator.wecom_check import (
    RefusedError,
    check_body,
    check_message,
    check_update,
)
from bot.emulator.wecom_gate import Gate, ok
from bot.emulator.wecom_groups import Groups
from bot.emulator.wecom_media import MediaShelf
from bot.emulator.wecom_people import People
from bot.emulator.wecom_service import Service
from bot.emulator.wire import Wire

CODE_LIFE = timedelta(hours=72)
RECALL_WITHIN = timedelta(hours=24)


@dataclass(slots=True)
class Sent:
    """A message that left: when, its card's make, and each receiver's bubble."""

    msgid: str
    at: datetime
    task_id: str = ""
    changeable: bool = False
    greyable: bool = False
    copies: dict[str, str] = field(default_factory=dict)


class WeComApi:
    """The platform's memory of one app, and the endpoints over it."""

    def __init__(
        self,
        desk: Desk,
        wire: Wire,
        gate: Gate,
        *,
        agent_id: int,
        webhooks: Mapping[str, Sequence[str]],
        accounts: tuple[str, ...],
    ) -> None:
        self.media = MediaShelf(desk)
        self.service = Service(desk, accounts)
        self._desk = desk
        self._wire = wire
        self._gate = gate
        self._agent_id = agent_id
        self._per_minute = Frequency(desk.now, 30, 60)
        self._per_hour = Frequency(desk.now, 1000, 3600)
        self._directory = People(desk)
        self._groups = Groups(desk, self.media, self.show, self._people, webhooks)
        self._codes: Recent[tuple[Sent, datetime]] = Recent()
        self._sent: Recent[Sent] = Recent()
        self._tasks: Recent[str] = Recent()
        self._copies: Recent[Sent] = Recent()
        self._bodies: Recent[tuple[str, datetime]] = Recent()

    def routes(self) -> list[web.RouteDef]:
        def at(path: str, work: Callable[[Call], Awaitable[Answer]], method: str) -> web.RouteDef:
            return web.route(method, f"/cgi-bin/{path}", self._wire.endpoint(work))

        open_, closed = partial(self._gate.guarded, token=False), self._gate.guarded
        groups = self._groups
        inner = {**self._directory.routes(), **self.service.routes()}
        return [
            at("gettoken", open_(self._gate.issue), "GET"),
            at("webhook/send", open_(groups.robot_send), "POST"),
            at("webhook/upload_media", open_(groups.robot_upload), "POST"),
            at("appchat/create", closed(groups.create), "POST"),
            at("appchat/get", closed(groups.get), "GET"),
            at("appchat/send", closed(groups.send), "POST"),
            at("getcallbackip", closed(self._addresses), "GET"),
            at("media/upload", closed(self.media.upload), "POST"),
            at("media/get", closed(self.media.download), "GET"),
            at("message/send", closed(self._send), "POST"),
            at("message/update_template_card", closed(self._update), "POST"),
            at("message/recall", closed(self._recall), "POST"),
            *(at(path, closed(work), method) for path, (method, work) in inner.items()),
        ]

    def show(self, user: str, kind: str, body: Json, *, msgid: str = "", mine: bool = False) -> str:
        """Put a new bubble on a phone and return its id."""
        msgid = msgid or f"msg-{self._desk.next_id()}-{secrets.token_hex(6)}"
        at = self._desk.now().isoformat()
        bubble = Bubble(f"{msgid}:{user}", "wecom", user, mine, at, kind, body)
        self._desk.show(bubble)
        return bubble.id

    def change(self, bubble_id: str, card: Json | None, greyed: str, *, kind: str = "") -> None:
        """Replace the card on one phone, or (None) only grey its buttons."""
        bubble = self._desk.bubbles.get(bubble_id)
        if bubble is None:  # the desk was cleared meanwhile
            return
        bubble.body = bubble.body if card is None else card
        bubble.kind = kind or bubble.kind
        bubble.greyed = greyed
        bubble.version += 1
        self._desk.show(bubble)

    def task_of(self, bubble_id: str) -> str:
        """The task_id with which a bubble's card was sent."""
        sent = self._copies.get(bubble_id)
        return sent.task_id if sent else ""

    def new_code(self, bubble_id: str) -> str:
        """A fresh response code for a bubble's card: one update within 72 hours."""
        sent = self._copies.get(bubble_id)
        if sent is None:
            raise LookupError(bubble_id)
        code = secrets.token_urlsafe(24)
        self._codes[code] = sent, self._desk.now() + CODE_LIFE
        return code

    def _addresses(self, _: Call) -> Answer:
        return ok(ip_list=["127.0.0.1"])

    def _send(self, call: Call) -> Answer:
        body = check_body(call.raw, call.body)
        kind = check_message(body, self._agent_id)
        content = body[kind]
        if kind in ("image", "voice", "file", "video"):
            self.media.check(content["media_id"], kind)
        good, bad = self._people(body.get("touser", ""))
        if not good:
            raise RefusedError(81013, f"user & party & tag all invalid: {'|'.join(bad)}")
        earlier = self._duplicate(body)
        if earlier:
            return ok(msgid=earlier, note="duplicate, not delivered again")
        card = content if kind == "template_card" else {}
        self._check_card(card)
        sent = Sent(
            msgid=f"msg-{self._desk.next_id()}-{secrets.token_hex(6)}",
            at=self._desk.now(),
            task_id=card.get("task_id", ""),
            changeable=can_change(card),
            greyable=card.get("card_type") in INTERACTIVE,
        )
        dropped = self._deliver(sent, good, kind, self.media.shown(content))
        self._remember(sent, body)
        return self._sent_answer(sent, body, bad, dropped)

    def _sent_answer(self, sent: Sent, body: Json, bad: list[str], dropped: list[str]) -> Answer:
        fields: Json = {"invaliduser": "|".join(bad), "msgid": sent.msgid}
        fields["invalidparty"] = body.get("toparty", "")
        fields["invalidtag"] = body.get("totag", "")
        if sent.changeable:
            code = secrets.token_urlsafe(24)
            self._codes[code] = sent, sent.at + CODE_LIFE
            fields["response_code"] = code
        note = f"over the member's limit, not delivered: {'|'.join(dropped)}" if dropped else ""
        return ok(note=note, **fields)

    def _deliver(self, sent: Sent, users: list[str], kind: str, body: Json) -> list[str]:
        dropped = []
        for user in users:
            if self._per_minute.take(user) and self._per_hour.take(user):
                bubble = self.show(user, kind, dict(body), msgid=sent.msgid)
                sent.copies[user] = bubble
                self._copies[bubble] = sent
            else:
                dropped.append(user)
        return dropped

    def _remember(self, sent: Sent, body: Json) -> None:
        self._sent[sent.msgid] = sent
        if sent.task_id:
            self._tasks[sent.task_id] = sent.msgid
        if body.get("enable_duplicate_check"):
            life = timedelta(seconds=body.get("duplicate_check_interval", 1800))
            self._bodies[_digest(body)] = sent.msgid, sent.at + life

    def _duplicate(self, body: Json) -> str:
        """The msgid of the same request within its interval; "" if there was none."""
        if not body.get("enable_duplicate_check"):
            return ""
        msgid, until = self._bodies.get(_digest(body)) or ("", self._desk.now())
        return msgid if self._desk.now() < until else ""

    def _check_card(self, card: Json) -> None:
        if card.get("task_id") and card["task_id"] in self._tasks:
            raise RefusedError(42014, "task_id was used before")
        self._check_named(card)

    def _check_named(self, card: Json) -> None:
        """Members and files that a card refers to must exist."""
        for what, value in named(card):
            if what == "media_id":
                self.media.check(value)
            elif not self._people(value)[0]:
                raise RefusedError(40003, f"invalid userid {value}")

    def _update(self, call: Call) -> Answer:
        body = check_body(call.raw, call.body)
        check_update(body, self._agent_id)
        sent, until = self._codes.get(body["response_code"]) or (None, self._desk.now())
        if sent is None or self._desk.now() >= until:
            raise RefusedError(40058, "response_code is unknown, used or over 72 hours old")
        if "button" in body and not sent.greyable:
            raise RefusedError(40058, "button is for button, vote and multiple cards")
        card = body.get("template_card")
        self._check_named(card or {})
        wanted = list(sent.copies) if body.get("atall") else body.get("userids", [])
        lower = {user.lower(): user for user in sent.copies}
        good = [lower[user.lower()] for user in wanted if user.lower() in lower]
        bad = [user.lower() for user in wanted if user.lower() not in lower]
        if not good:
            raise RefusedError(81013, "none of the receivers has this card")
        self._codes.pop(body["response_code"])
        greyed = (card or {}).get("replace_text", "") or body.get("button", {}).get(
            "replace_name", ""
        )
        for user in good:
            self.change(sent.copies[user], card, greyed)
        return ok(invaliduser=bad)

    def _recall(self, call: Call) -> Answer:
        body = check_body(call.raw, call.body)
        sent = self._sent.get(str(body.get("msgid", "")))
        if sent is None or self._desk.now() - sent.at > RECALL_WITHIN:
            raise RefusedError(40058, "msgid is unknown or over 24 hours old")
        for bubble_id in sent.copies.values():
            self.change(bubble_id, {}, "", kind="recalled")
        return ok()

    def _people(self, touser: str) -> tuple[list[str], list[str]]:
        """The members named in `touser`, and (lower case) the names of nobody."""
        known = {
            one.user.lower(): one.user for one in self._desk.residents if one.platform == "wecom"
        }
        if touser == "@all":
            return list(known.values()), []
        names = list(
            dict.fromkeys(name.strip().lower() for name in touser.split("|") if name.strip())
        )
        return [known[n] for n in names if n in known], [n for n in names if n not in known]


def _digest(body: Json) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
