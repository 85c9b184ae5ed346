"""A decrypted WeCom callback as a neutral event."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from bot.adapter import RejectedError
from bot.event import Event, Kind
from bot.wecom import facts, markup

MEDIA = {"image": "图片", "voice": "语音", "video": "视频", "shortvideo": "视频", "file": "文件"}
"""Messages with a file behind them, which `download` fetches, and the word for each."""

PRESSES = {"template_card_event", "template_card_menu_event"}
ENTERS = {"subscribe", "enter_agent"}
NOTICES = {
    *("unsubscribe", "location", "view", "view_miniprogram", "scancode_push", "scancode_waitmsg"),
    *("pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location_select", "batch_job_result"),
    *("open_approval_change", "sys_approval_change", "share_agent_change", "share_chain_change"),
    *("inactive_alert", "close_inactive_agent", "reopen_inactive_agent", "low_active_alert"),
    *("low_active", "active_restored", "change_contact", "change_external_contact"),
    *("change_external_chat", "change_external_tag", "msgaudit_notify", "customer_acquisition"),
    *("kf_msg_or_event",),
}
_SYSTEM = "sys"  # who "sends" contact events: nobody
_LONGEST_RAW = 4000


def read(message: bytes, *, app: str, tenant: str, at: datetime) -> Event:
    """Map an authenticated message; what we do not know becomes Kind.UNKNOWN, never an error.

    Raises RejectedError for a DTD or entities.
    """
    try:
        root = markup.read(message)
    except markup.ForbiddenError as fault:
        raise RejectedError("xml", 400) from fault
    except ValueError:
        raw = message.decode(errors="replace").replace("\0", "")[:_LONGEST_RAW]
        return _event(app, tenant, _digest(message), "", Kind.UNKNOWN, "", at, {"raw": raw}, {})
    kind, text = _meaning(root)
    sender = markup.text(root, "FromUserName")
    return _event(
        app,
        tenant,
        _key(root, message),
        "" if sender == _SYSTEM else sender.lower(),  # userids ignore case
        kind,
        text,
        _time(root, at),
        _form(root, kind),
        _origin(root, kind, sender),
    )


def _event(
    app: str,
    tenant: str,
    key: str,
    person: str,
    kind: Kind,
    text: str,
    at: datetime,
    form: Mapping[str, str],
    origin: Mapping[str, str],
) -> Event:
    return Event("wecom", app, tenant, key, person, "", kind, text, at, form, origin)


def _meaning(root: Element) -> tuple[Kind, str]:
    """What was done, and its words."""
    match markup.text(root, "MsgType").lower():
        case "text":
            return Kind.MESSAGE, markup.text(root, "Content")
        case "voice" if words := markup.text(root, "Recognition"):
            return Kind.MESSAGE, words
        case "event":
            return _event_meaning(root)
        case "link":
            words = " ".join(markup.text(root, name) for name in ("Title", "Url"))
            return Kind.UNKNOWN, f"[链接] {words}".strip()
        case "location":
            return Kind.UNKNOWN, f"[位置] {markup.text(root, 'Label')}".strip()
        case other if other in MEDIA:
            name = markup.text(root, "FileName") or markup.text(root, "Title")
            return Kind.UNKNOWN, f"[{MEDIA[other]}] {name}".strip()
        case other:
            return Kind.UNKNOWN, other


def _event_meaning(root: Element) -> tuple[Kind, str]:
    name = markup.text(root, "Event").lower()
    if name in PRESSES:
        return Kind.PRESS, markup.text(root, "EventKey")
    if name == "click":  # the app's own menu: a word typed with one finger, with no card to change
        return Kind.MESSAGE, markup.text(root, "EventKey")
    if name in ENTERS:
        return Kind.ENTER, name
    change = markup.text(root, "ChangeType")
    words = f"{name}/{change}" if change else name
    return (Kind.NOTICE if name in NOTICES else Kind.UNKNOWN), words


def _form(root: Element, kind: Kind) -> dict[str, str]:
    """A press's choices by question; of other events all fields; of words nothing."""
    if kind is Kind.PRESS:
        return {
            markup.text(item, "QuestionKey"): ",".join(
                (option.text or "").strip() for option in item.findall("OptionIds/OptionId")
            )
            for item in root.findall("SelectedItems/SelectedItem")
        }
    return markup.flat(root) if kind in (Kind.NOTICE, Kind.UNKNOWN) else {}


def _origin(root: Element, kind: Kind, sender: str) -> dict[str, str]:
    """What the platform needs to answer; of a message its file's id; of a notice its facts."""
    who = {} if sender in ("", _SYSTEM) else {"user": sender}
    if kind is Kind.PRESS:
        return who | _pressed(root)
    if markup.text(root, "MsgType").lower() == "event":
        return who | (facts.of(root) if kind is not Kind.MESSAGE else {})
    found = facts.of(root)
    if found:
        found["msgtype"] = markup.text(root, "MsgType").lower()
    return found | who


def _pressed(root: Element) -> dict[str, str]:
    task = markup.text(root, "TaskId")
    found = {
        "event": markup.text(root, "Event").lower(),
        "response_code": markup.text(root, "ResponseCode"),
        "task_id": task,
        "message": task,
        "card_type": markup.text(root, "CardType"),
    }
    return {name: value for name, value in found.items() if value}


def _key(root: Element, message: bytes) -> str:
    """MsgId; for events a digest: sender and second, as documented, fall together too often."""
    number = markup.text(root, "MsgId")
    return (
        number if number.isascii() and number.isdigit() and len(number) <= 20 else _digest(message)
    )


def _digest(message: bytes) -> str:
    return hashlib.sha256(message).hexdigest()


def _time(root: Element, at: datetime) -> datetime:
    seconds = markup.text(root, "CreateTime")
    if seconds.isascii() and seconds.isdigit() and len(seconds) <= 10:
        return datetime.fromtimestamp(int(seconds), UTC)
    return at
