"""What Feishu keeps: chats, their messages and who sees them, pictures, card tokens."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.emulator.books import Recent
from bot.emulator.desk import Bubble, Desk, Json

PLATFORM = "feishu"
RECALLED = "消息已撤回"


@dataclass(slots=True)
class Message:
    """One message; `body` is its content as it is now. `sender` is the app's id or an open_id."""

    id: str
    chat: str
    viewers: tuple[str, ...]
    kind: str
    body: Json
    sender: str
    at: datetime
    updated: datetime
    recalled: bool = False


@dataclass(slots=True)
class CardToken:
    """The credential of one press for changing the pressed card later."""

    message: Message
    at: datetime
    answered: bool = False
    uses: int = 0


@dataclass(slots=True)
class Chats:
    """The app's chats. `groups` maps a group's chat_id to its members' open_ids."""

    desk: Desk
    app_id: str
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    messages: Recent[Message] = field(default_factory=Recent)
    tokens: Recent[CardToken] = field(default_factory=Recent)
    sent: Recent[Message] = field(default_factory=Recent)  # by receiver and uuid
    images: set[str] = field(default_factory=set)
    files: dict[str, str] = field(default_factory=dict)  # file_key → name

    def residents(self) -> set[str]:
        return {one.user for one in self.desk.residents if one.platform == PLATFORM}

    def direct(self, user: str) -> str:
        """The chat_id of a person's chat with the robot."""
        return "oc_" + hashlib.sha256(f"{self.app_id}:{user}".encode()).hexdigest()[:32]

    def members(self, chat: str) -> tuple[str, ...]:
        """Who sees a chat; nobody when the robot is not in it."""
        if chat in self.groups:
            return self.groups[chat]
        return next(((user,) for user in self.residents() if self.direct(user) == chat), ())

    def post(self, kind: str, body: Json, chat: str, sender: str) -> Message:
        """Put a new message on the phones of all who see the chat."""
        now = self.desk.now()
        viewers = self.members(chat)
        message = Message(
            f"om_{secrets.token_hex(16)}", chat, viewers, kind, body, sender, now, now
        )
        self.messages[message.id] = message
        for user in viewers:
            bubble = Bubble(
                id=bubble_id(message, user),
                platform=PLATFORM,
                user=user,
                mine=user == sender,
                at=now.isoformat(),
                kind=kind,
                body=self._shown(kind, body),
            )
            self.desk.show(bubble)
        return message

    def change(self, message: Message, body: Json) -> None:
        """Replace a message in place, for everyone who sees it."""
        message.body, message.updated = body, self.desk.now()
        for bubble in self.bubbles(message):
            bubble.body = body
            bubble.version += 1
            self.desk.show(bubble)

    def recall(self, message: Message) -> None:
        message.recalled = True
        for bubble in self.bubbles(message):
            bubble.greyed = RECALLED
            self.desk.show(bubble)

    def bubbles(self, message: Message) -> list[Bubble]:
        shown = (self.desk.bubbles.get(bubble_id(message, user)) for user in message.viewers)
        return [bubble for bubble in shown if bubble is not None]

    def keep_image(self, content_type: str, data: bytes) -> str:
        key = f"img_v3_{secrets.token_hex(16)}"
        self.images.add(key)
        self.desk.media[key] = (content_type, data)
        return key

    def keep_file(self, name: str, data: bytes) -> str:
        key = f"file_v3_{secrets.token_hex(16)}"
        self.files[key] = name
        self.desk.media[key] = ("application/octet-stream", data)
        return key

    def _shown(self, kind: str, body: Json) -> Json:
        """A message as its phone shows it, with what its key stands for."""
        if kind == "image":
            return body | {"media": body["image_key"]}
        if key := body.get("file_key"):
            return body | {"media": key, "name": self.files.get(key, "")}
        return body

    def bot_id(self) -> str:
        """The robot's own open_id."""
        return "ou_" + hashlib.sha256(self.app_id.encode()).hexdigest()[:32]


def bubble_id(message: Message, user: str) -> str:
    return message.id if len(message.viewers) == 1 else f"{message.id}:{user}"


def union_id(user: str) -> str:
    """A person's id for all apps of one developer."""
    return "on_" + user.removeprefix("ou_")
