"""What people do in Feishu besides pressing: write, send files, open the chat, come and go."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod

from bot.emulator.desk import Bubble, Desk, Json, Resident
from bot.emulator.feishu_chats import PLATFORM, Chats, Message, union_id
from bot.emulator.feishu_contact import AddressBook, Office
from bot.emulator.feishu_files import Files
from bot.emulator.feishu_gate import milliseconds

ROBOT, EVERYBODY = "动能", "所有人"


class FeishuPeople(ABC):
    """The people's half of `FeishuSide`; every doing becomes an event that `_tell` sends.

    `hears_all`: the app may read all words of its groups, not only those that mention it.
    """

    _desk: Desk
    _chats: Chats
    _book: AddressBook
    _files: Files
    _tenant: str
    _hears_all: bool

    @abstractmethod
    async def _tell(self, kind: str, event: Json, user: str, at: str = "") -> None:
        """Send an event and repeat it until it is answered 200."""

    async def say(self, user: str, text: str, *, chat: str = "") -> None:
        """The person writes to the robot, or in a group, where "@动能", "@所有人" and "@name"
        mention; the robot hears of a group's words only when it is mentioned.
        """
        written, mentions = self._mentions(text) if chat else (text, [])
        await self.send(user, "text", {"text": written}, chat=chat, mentions=mentions)

    async def send_image(self, user: str, data: bytes, *, chat: str = "") -> None:
        """The person sends a picture (PNG)."""
        key = self._chats.keep_image("image/png", data)
        self._chats.images.discard(key)  # a person's picture cannot be sent by the app
        await self.send(user, "image", {"image_key": key}, chat=chat)

    async def send_file(self, user: str, name: str, data: bytes, *, chat: str = "") -> None:
        key = self._kept(name, data)
        await self.send(user, "file", {"file_key": key, "file_name": name}, chat=chat)

    async def send_audio(
        self, user: str, data: bytes, *, seconds: float, words: str = "", chat: str = ""
    ) -> None:
        """The person speaks (Opus); `words` are what speech to text will hear."""
        key = self._kept("voice.opus", data)
        if words:
            self._files.spoken.append(words)
        body = {"file_key": key, "duration": round(seconds * 1000)}
        await self.send(user, "audio", body, chat=chat)

    async def send(
        self,
        user: str,
        kind: str,
        content: Json,
        *,
        chat: str = "",
        mentions: list[Json] | None = None,
    ) -> None:
        """The person sends a message of any kind, its content in the platform's own form."""
        self._resident(user)
        if chat and user not in self._chats.members(chat):
            raise ValueError(f"not in this group: {user}")
        message = self._chats.post(kind, content, chat or self._chats.direct(user), user)
        named = mentions or []
        me = self._chats.bot_id()
        if chat and not self._hears_all and all(one["id"].get("open_id") != me for one in named):
            return
        sent = milliseconds(message.at)
        body = {
            "message_id": message.id,
            "create_time": sent,
            "update_time": sent,
            "chat_id": message.chat,
            "chat_type": "group" if chat else "p2p",
            "message_type": kind,
            "content": json.dumps(content, ensure_ascii=False),
            **({"mentions": named} if named else {}),
        }
        sender = {"sender_id": _id(user), "sender_type": "user", "tenant_key": self._tenant}
        event = {"sender": sender, "message": body}
        await self._tell("im.message.receive_v1", event, user, sent)

    async def take_back(self, user: str, bubble: str) -> None:
        """The person recalls a message of their own."""
        message = self._chats.messages.get(bubble.partition(":")[0])
        if message is None or message.sender != user:
            raise ValueError(f"not theirs to recall: {bubble}")
        self._chats.recall(message)
        event = {
            "message_id": message.id,
            "chat_id": message.chat,
            "recall_time": milliseconds(self._desk.now()),
            "recall_type": "message_owner",
        }
        await self._tell("im.message.recalled_v1", event, user)

    async def enter(self, user: str) -> None:
        """The person opens the chat with the robot."""
        self._resident(user)
        event: Json = {"chat_id": self._chats.direct(user), "operator_id": _id(user)}
        if last := self._last(user):
            event["last_message_id"] = last.id
            event["last_message_create_time"] = milliseconds(last.at)
        await self._tell("im.chat.access_event.bot_p2p_chat_entered_v1", event, user)

    async def menu(self, user: str, event_key: str) -> None:
        """The person picks an entry of the robot's menu."""
        self._resident(user)
        operator = {"operator_name": self._name(user), "operator_id": _id(user)}
        seconds = int(self._desk.now().timestamp())
        event = {"operator": operator, "event_key": event_key, "timestamp": seconds}
        await self._tell("application.bot.menu_v6", event, user)

    async def join(self, person: Resident) -> None:
        """Somebody new comes to the company."""
        if person.platform != PLATFORM or person.user in self._chats.residents():
            raise ValueError(f"no newcomer: {person.user}")
        self._desk.residents.append(person)
        event = {"object": _told(self._book.person(person.user))}
        await self._tell("contact.user.created_v3", event, "")

    async def change(self, user: str, *, name: str = "", title: str = "") -> None:
        """A person's name or title changes."""
        self._resident(user)
        old = self._book.person(user)
        for at, one in enumerate(self._desk.residents):
            if (one.platform, one.user) == (PLATFORM, user):
                new = Resident(PLATFORM, user, name or one.name, title or one.title)
                self._desk.residents[at] = new
        new_profile = self._book.person(user)
        changed = {key: value for key, value in old.items() if new_profile[key] != value}
        event = {"object": _told(new_profile), "old_object": changed}
        await self._tell("contact.user.updated_v3", event, "")

    async def leave(self, user: str) -> None:
        """A person leaves the company."""
        self._resident(user)
        profile = self._book.person(user)
        self._desk.residents[:] = [
            one for one in self._desk.residents if (one.platform, one.user) != (PLATFORM, user)
        ]
        old = {key: profile[key] for key in ("status", "open_id", "department_ids")}
        resigned = profile["status"] | {"is_resigned": True}
        event = {"object": _told(profile) | {"status": resigned}, "old_object": old}
        await self._tell("contact.user.deleted_v3", event, "")

    async def found(self, office: Office) -> None:
        """A department is made."""
        self._book.offices[office.id] = office
        event = {"object": self._book.department(office.id)}
        await self._tell("contact.department.created_v3", event, "")

    def _resident(self, user: str) -> None:
        if user not in self._chats.residents():
            raise ValueError(f"no such person: {user}")

    def _name(self, user: str) -> str:
        return next(
            one.name for one in self._desk.residents if (one.platform, one.user) == (PLATFORM, user)
        )

    def _kept(self, name: str, data: bytes) -> str:
        key = self._chats.keep_file(name, data)
        self._files.sent[key] = self._chats.files.pop(key)  # the app cannot send a person's file
        return key

    def _last(self, user: str) -> Message | None:
        shown: list[Bubble] = [
            one
            for one in self._desk.bubbles.values()
            if (one.platform, one.user) == (PLATFORM, user)
        ]
        found = (self._chats.messages.get(one.id.partition(":")[0]) for one in reversed(shown))
        direct = self._chats.direct(user)
        return next((one for one in found if one and one.chat == direct), None)

    def _mentions(self, text: str) -> tuple[str, list[Json]]:
        """The text with keys in the place of names, and whom they mean."""
        people = {one.name: one.user for one in self._desk.residents if one.platform == PLATFORM}
        names = sorted([*people, ROBOT, EVERYBODY], key=len, reverse=True)
        mentions: list[Json] = []

        def mention(found: re.Match[str]) -> str:
            name = found[1]
            if name == EVERYBODY:
                mentions.append({"key": "@_all", "id": {}, "name": name, "tenant_key": ""})
                return "@_all"
            key = f"@_user_{sum(one['key'] != '@_all' for one in mentions) + 1}"
            is_robot = name == ROBOT
            mentions.append(
                {
                    "key": key,
                    "id": _id(self._chats.bot_id() if is_robot else people[name]),
                    "mentioned_type": "bot" if is_robot else "user",
                    "name": name,
                    "tenant_key": self._tenant,
                }
            )
            return key

        return re.sub("@(" + "|".join(map(re.escape, names)) + ")", mention, text), mentions


def _id(user: str) -> Json:
    return {"open_id": user, "union_id": union_id(user)}


def _told(profile: Json) -> Json:
    """A profile as events tell it: its department_ids are never filled."""
    return {key: value for key, value in profile.items() if key != "department_ids"}
