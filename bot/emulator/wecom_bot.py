"""WeCom's AI bot (智能机器人) in URL mode: sealed JSON both ways, answers that may come in parts.

Source: developer.work.weixin.qq.com/document/path/100719 (messages), 101027 (events), 101031
(passive replies), 101033 (sealing), 101138 (response_url). The errcode of a spent response_url
is not in our reference: 40058 stands for it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bot.emulator.books import Recent
from bot.emulator.calls import Answer, Call
from bot.emulator.desk import Desk, Json
from bot.emulator.wecom_api import WeComApi
from bot.emulator.wecom_bot_check import check_active, check_passive, check_welcome
from bot.emulator.wecom_bot_seal import BotSeal
from bot.emulator.wecom_check import RefusedError, check_body
from bot.emulator.wecom_gate import ok
from bot.emulator.wecom_press import event_kind, selected
from bot.emulator.wire import Callback, Wire

BUDGET = 5.0
ANSWER_LIFE = timedelta(hours=1)
STREAM_LIFE = timedelta(minutes=6)
MEDIA_LIFE = timedelta(minutes=5)
MOST_POLLS = 20
MARK = "bot-"
PRESSED = "template_card_event"
FAILED = "操作失败，请稍后重试"


@dataclass(frozen=True, slots=True)
class BotKeys:
    """One AI bot; `base` says where the emulated WeCom itself listens ("http://127.0.0.1:1")."""

    bot_id: str
    callback_url: str
    base: Callable[[], str]
    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    groups: dict[str, Sequence[str]] = field(default_factory=dict)
    poll_seconds: float = 1.0


@dataclass(slots=True)
class Turn:
    """One thing said: by whom, where, and what the bot has answered so far."""

    user: str
    chat: str
    at: datetime
    bubble: str = ""
    has_card: bool = False


class WeComBot:
    """The bot's side: people talk to it, it answers in place or by the response_url."""

    def __init__(self, desk: Desk, wire: Wire, api: WeComApi, keys: BotKeys) -> None:
        self._desk = desk
        self._wire = wire
        self._api = api
        self._keys = keys
        self._seal = BotSeal(keys.token, keys.aes_key)
        self._answers: Recent[Turn] = Recent()  # response codes not yet used
        self._media: Recent[tuple[bytes, datetime]] = Recent(50)
        self._turns: Recent[Turn] = Recent()  # bubble → its turn

    def routes(self) -> list[web.RouteDef]:
        respond = self._wire.endpoint(self._refusing(self._respond))
        fetch = self._wire.endpoint(self._refusing(self._fetch))
        return [
            web.post("/cgi-bin/aibot/response", respond),
            web.get("/aibot/media/{name}", fetch),
        ]

    def owns(self, bubble: str) -> bool:
        """Whether the bubble is one of this bot's."""
        return bubble.startswith(MARK)

    async def say(self, user: str, text: str, *, chat: str = "") -> None:
        """The person writes to the bot, in a group with its name before the words."""
        self._api.show(user, "text", {"content": text}, mine=True)
        content = f"@{self._keys.bot_id} {text}" if chat else text
        await self._message(user, chat, "text", {"content": content})

    async def send_voice(self, user: str, heard: str) -> None:
        """The person speaks; the bot gets the words."""
        self._api.show(user, "text", {"content": heard}, mine=True)
        await self._message(user, "", "voice", {"content": heard})

    async def send_file(self, user: str, kind: str, data: bytes) -> None:
        """The person sends an image, a file or a video: an address for five minutes, sealed."""
        if kind not in ("image", "file", "video"):
            raise LookupError(kind)
        name = secrets.token_hex(16)
        self._media[name] = self._seal.file(data), self._desk.now() + MEDIA_LIFE
        self._api.show(user, kind, {"name": kind}, mine=True)
        url = f"{self._keys.base()}/aibot/media/{name}"
        await self._message(user, "", kind, {"url": url})

    async def enter(self, user: str) -> None:
        """The person opens the chat, the first time today."""
        turn = Turn(user, "", self._desk.now())
        body = self._event(turn, {"eventtype": "enter_chat", "enter_chat": {}})
        answer = await self._ask(body, user, check_welcome)
        if answer:
            self._show_answer(turn, answer)

    async def press(self, user: str, bubble: str, button: Json, form: dict[str, str]) -> str:
        """The person presses a button of the bot's card; once, without a second try."""
        card, turn = self._desk.bubbles[bubble], self._turns.get(bubble)
        if turn is None or card.user != user or card.kind != "template_card":
            raise LookupError(bubble)
        kind = event_kind(card.body, button["key"])
        event: Json = {
            "card_type": card.body["card_type"],
            "event_key": button["key"],
            "task_id": card.body.get("task_id", ""),
        }
        if kind == "template_card_event":
            event["selected_items"] = {"selected_item": _lower(selected(card.body, form))}
        body = self._event(turn, {"eventtype": PRESSED, PRESSED: event})
        body["response_url"] = self._new_url(turn)
        answer = await self._ask(body, user, check_passive)
        if answer is None:
            return FAILED
        if answer.get("response_type") == "update_template_card":
            changed = answer["template_card"]
            if changed.get("task_id") != event["task_id"]:
                return FAILED
            self._api.change(bubble, changed, changed.get("replace_text", ""))
        return ""

    async def _message(self, user: str, chat: str, kind: str, content: Json) -> None:
        turn = Turn(user, chat, self._desk.now())
        body = {**self._envelope(turn), "msgtype": kind, kind: content}
        body["response_url"] = self._new_url(turn)
        answer = await self._ask(body, user, check_passive)
        if answer:
            self._show_answer(turn, answer)
            await self._follow(turn, answer)

    async def _follow(self, turn: Turn, answer: Json) -> None:
        """Ask for the rest of a stream, as the platform does for six minutes at most."""
        for _ in range(MOST_POLLS):
            stream = answer.get("stream")
            late = self._desk.now() - turn.at > STREAM_LIFE
            if not stream or stream.get("finish") or late:
                return
            await self._wire.sleep(self._keys.poll_seconds)
            wanted = {"id": stream["id"]}
            body = {**self._envelope(turn), "msgtype": "stream", "stream": wanted}
            found = await self._ask(body, turn.user, check_passive)
            if not found or found.get("stream", {}).get("id") != stream["id"]:
                return
            answer = found
            self._show_answer(turn, answer)

    def _envelope(self, turn: Turn) -> Json:
        found: Json = {
            "msgid": secrets.token_hex(16),
            "aibotid": self._keys.bot_id,
            "chattype": "group" if turn.chat else "single",
            "from": {"userid": turn.user},
        }
        return found | ({"chatid": turn.chat} if turn.chat else {})

    def _event(self, turn: Turn, event: Json) -> Json:
        at = int(self._desk.now().timestamp())
        return {**self._envelope(turn), "create_time": at, "msgtype": "event", "event": event}

    async def _ask(self, body: Json, user: str, check: Callable[[Json], None]) -> Json | None:
        """Post a sealed callback; {} for an empty answer, None for none or one not understood."""
        timestamp = int(self._desk.now().timestamp())
        query, sealed = self._seal.close(body, timestamp)

        def opened(raw: bytes) -> Any:
            answer = self._seal.open(raw, query["nonce"])
            if answer:
                check(answer)
            return answer

        callback = Callback(
            self._keys.callback_url,
            sealed,
            {"query": query, "body": body},
            headers={"Content-Type": "application/json"},
            query=query,
            user=user,
        )
        received = await self._wire.deliver(callback, budget=BUDGET, opened=opened)
        return received.readable if received and isinstance(received.readable, dict) else None

    def _new_url(self, turn: Turn) -> str:
        code = secrets.token_urlsafe(24)
        self._answers[code] = turn
        return f"{self._keys.base()}/cgi-bin/aibot/response?response_code={code}"

    def _respond(self, call: Call) -> Answer:
        """A plain message to the address that came with a callback: once, within an hour."""
        code = call.query.get("response_code", "")
        turn = self._answers.get(code)
        if turn is None or self._desk.now() - turn.at > ANSWER_LIFE:
            raise RefusedError(40058, "response_url is unknown, used or over an hour old")
        body = check_body(call.raw, call.body)
        check_active(body, is_group=bool(turn.chat))
        self._answers.pop(code)
        kind = body["msgtype"]
        self._show(turn, kind, body[kind])
        return ok()

    def _fetch(self, call: Call) -> Answer:
        sealed, until = self._media.get(call.match["name"]) or (b"", self._desk.now())
        if not sealed or self._desk.now() >= until:
            return Answer({"error": "expired"}, 403)
        return Answer(sealed, content_type="application/octet-stream")

    def _show_answer(self, turn: Turn, answer: Json) -> None:
        """A stream's text replaces what stood there; its card comes once."""
        stream = answer.get("stream")
        if stream and turn.bubble:
            self._api.change(turn.bubble, {"content": stream["content"]}, "")
        elif stream:
            turn.bubble = self._show(turn, "markdown", {"content": stream["content"]})
        if "text" in answer:
            self._show(turn, "text", answer["text"])
        if "template_card" in answer and "response_type" not in answer and not turn.has_card:
            turn.has_card = True
            self._show(turn, "template_card", answer["template_card"])

    def _show(self, turn: Turn, kind: str, content: Json) -> str:
        """On the phones of everyone there; the id of the asker's bubble."""
        msgid, found = f"{MARK}{secrets.token_hex(8)}", ""
        for user in dict.fromkeys((turn.user, *self._keys.groups.get(turn.chat, ()))):
            bubble = self._api.show(user, kind, dict(content), msgid=msgid)
            self._turns[bubble] = turn
            found = found or bubble
        return found

    def _refusing(self, work: Callable[[Call], Answer]) -> Any:
        async def answer(call: Call) -> Answer:
            try:
                return work(call)
            except RefusedError as refused:
                body = {"errcode": refused.code, "errmsg": str(refused)}
                return Answer(body, note=f"{refused.code}: {refused}")

        return answer


def _lower(items: list[Json]) -> list[Json]:
    """Chosen options as the bot's JSON names them."""
    return [
        {
            "question_key": item["QuestionKey"],
            "option_ids": {"option_id": item["OptionIds"]["OptionId"]},
        }
        for item in items
    ]
