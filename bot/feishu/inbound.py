"""What Feishu's events mean to us."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.event import Json, Kind
from bot.feishu import contact
from bot.feishu.envelope import PRESS, Envelope
from bot.feishu.message import Said, said
from bot.feishu.shape import listed, record, words

P2P = "p2p"
NOTICES = ("contact.", "im.", "approval", "application.")
FACTS = frozenset(
    (
        *("open_id", "union_id", "user_id", "leader_user_id", "name", "order"),
        *("department_id", "open_department_id", "parent_department_id", "department_ids"),
        *("is_frozen", "is_resigned", "is_activated", "is_exited", "is_unjoin", "is_deleted"),
        *("chat_id", "message_id", "message_id_list", "emoji_type", "operator_type"),
        *("recall_type", "approval_code", "instance_code", "task_id", "status", "uuid"),
        *("operate_time", "instance_operate_time", "custom_key", "def_key", "external_id"),
    )
)
"""What a notice keeps; addresses and faces stay out of the inbox."""

PICKED = re.compile(r"(\d{4}-\d\d-\d\d|\d\d:\d\d)( \d\d:\d\d)? [+-]\d{4}")
"""A picked date or time with its zone: 2026-03-02 +0800, 09:30 +0800, 2026-03-02 09:30 +0800."""


@dataclass(frozen=True, slots=True)
class Facts:
    """An event's substance; `key` overrides the envelope's."""

    kind: Kind
    text: str
    person: str = ""
    chat: str = ""
    key: str = ""
    form: Mapping[str, str] = field(default_factory=dict)
    origin: Mapping[str, str] = field(default_factory=dict)


def read(envelope: Envelope) -> Facts | None:
    """Turn an envelope into facts; None for what robots say, ourselves included."""
    reader = READERS.get(envelope.type)
    if reader:
        return reader(envelope)
    if not envelope.type.startswith(NOTICES):
        return _unknown(envelope)
    origin = {"type": envelope.type, **_flat(envelope.event), **contact.facts(envelope)}
    return Facts(Kind.NOTICE, envelope.type, _actor(envelope.event), origin=origin)


def _message(envelope: Envelope) -> Facts | None:
    sender, message = record(envelope.event, "sender"), record(envelope.event, "message")
    if words(sender, "sender_type") in ("bot", "app"):
        return None
    here, chat = words(message, "message_id"), words(message, "chat_id")
    heard: Said = said(message)
    return Facts(
        Kind.MESSAGE if heard.readable and here else Kind.UNKNOWN,
        heard.text,
        person(record(sender, "sender_id")),
        "" if words(message, "chat_type") == P2P else chat,
        here,
        origin=_filled({"message": here, "chat": chat, **heard.keys}),
    )


def _press(envelope: Envelope) -> Facts:
    action = record(envelope.event, "action")
    # some components report context beside the event instead of inside
    context = record(envelope.event, "context") or record(envelope.whole, "context")
    value = _value(action.get("value"))
    chat = words(context, "open_chat_id")
    origin = {
        "token": words(envelope.event, "token"),
        "message": words(context, "open_message_id"),
        "chat": chat,
    }
    return Facts(
        Kind.PRESS,
        words(value, "command"),
        person(record(envelope.event, "operator")),
        "" if value.get("chat") == P2P else chat,
        form=_form(action),
        origin=_filled(origin),
    )


def _menu(envelope: Envelope) -> Facts:
    who = person(record(envelope.event, "operator", "operator_id"))
    return Facts(Kind.MESSAGE, words(envelope.event, "event_key"), who)


def _entered(envelope: Envelope) -> Facts:
    who = person(record(envelope.event, "operator_id")) or _actor(envelope.event)
    chat = words(envelope.event, "chat_id")
    group = envelope.type == "im.chat.member.bot.added_v1"
    origin = _filled({"chat": chat, "name": words(envelope.event, "name") if group else ""})
    return Facts(Kind.ENTER, "", who, chat if group else "", origin=origin)


def _unknown(envelope: Envelope) -> Facts:
    return Facts(Kind.UNKNOWN, envelope.type, origin=_filled({"type": envelope.type}))


READERS: dict[str, Callable[[Envelope], Facts | None]] = {
    "im.message.receive_v1": _message,
    PRESS: _press,
    "application.bot.menu_v6": _menu,
    "im.chat.access_event.bot_p2p_chat_entered_v1": _entered,
    "im.chat.member.bot.added_v1": _entered,
    "p2p_chat_create": _entered,
}


def person(ids: Json) -> str:
    """The best id Feishu gave for somebody; every one of them may be missing."""
    return words(ids, "open_id") or words(ids, "union_id") or words(ids, "user_id")


def _actor(event: Json) -> str:
    """Who did it, wherever this event type hides it."""
    paths = (
        ("operator_id",),
        ("operator", "operator_id"),
        ("operator",),
        ("user_id",),
        ("reader", "reader_id"),
    )
    found = (person(record(event, *path)) for path in paths)
    return next((who for who in found if who), "") or words(event, "open_id")


def _value(value: object) -> Json:
    """A button's value: an object as we send it, or text from a card of older days."""
    if isinstance(value, dict):
        return value
    text = words(value)
    try:
        inner = json.loads(text)
    except (ValueError, RecursionError):
        inner = None
    return inner if isinstance(inner, dict) else {"command": text}


def _form(action: Json) -> dict[str, str]:
    """A form's values by name, or the one value of a component that stands alone."""
    form = {words(name): _entry(value) for name, value in record(action, "form_value").items()}
    alone = words(action, "name") or words(action, "tag")
    for source in ("input_value", "option", "options", "checked"):
        if action.get(source) is not None:
            form.setdefault(alone, _entry(action[source]))
    return form


def _entry(value: object) -> str:
    """A form value as text; of a picked date or time the zone is left out."""
    if isinstance(value, list):
        return ",".join(words(item) for item in value)
    text = words(value)
    return text.rpartition(" ")[0] if PICKED.fullmatch(text) else text


def _flat(value: Json, prefix: str = "") -> dict[str, str]:
    """Nested facts under dotted names, three levels deep."""
    flat: dict[str, str] = {}
    for name, inner in value.items():
        if isinstance(inner, dict) and prefix.count(".") < 3:
            flat |= _flat(inner, f"{prefix}{name}.")
        elif name in FACTS:
            text = _entry(listed(inner)) if isinstance(inner, list) else words(inner)
            flat |= _filled({words(prefix + name): text})
    return flat


def _filled(values: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in values.items() if text}
