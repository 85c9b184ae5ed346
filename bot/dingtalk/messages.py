"""Robot messages: what a person typed, said or sent, as an event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.adapter import RejectedError
from bot.dingtalk.hosts import is_dingtalk
from bot.dingtalk.reading import digest, inner, moment, parsed, words
from bot.event import Event, Json, Kind
from config.settings import DingTalk

OVER_QUOTA = "20001"  # the organisation's pushes of this month are spent: messages come empty

Said = tuple[Kind, str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Home:
    """Whose callbacks these are."""

    settings: DingTalk
    app: str
    tenant: str


def message_event(home: Home, raw: bytes | str, at: datetime) -> Event:
    """Read an authentic robot callback that came `at`, by HTTP or by Stream.

    `origin` of what carries a file has "msgtype", "download_code" (several joined with ","),
    "file_name" where there is one, and "duration" as the platform gave it.

    Raises RejectedError when it is for another organisation or robot, or no JSON object.
    """
    body = parsed(raw)
    _check_receiver(home.settings, body)
    kind, text, extra = _said(body)
    group = words(body.get("conversationType")) == "2"
    return Event(
        platform="dingtalk",
        app=home.app,
        tenant=home.tenant,
        key=words(body.get("msgId")) or digest(raw),
        person=words(body.get("senderStaffId")),
        chat=words(body.get("conversationId")) if group else "",
        kind=kind,
        text=text,
        at=moment(body.get("createAt"), at),
        origin={**_origin(home.settings, body), **extra},
    )


def _check_receiver(settings: DingTalk, body: Json) -> None:
    corp, robot = words(body.get("chatbotCorpId")), words(body.get("robotCode"))
    if corp and settings.corp_id and corp != settings.corp_id:
        raise RejectedError("receiver")
    if robot and settings.robot_code and robot != settings.robot_code:
        raise RejectedError("receiver")


def _said(body: Json) -> Said:
    if words(body.get("errorCode")) == OVER_QUOTA and not body.get("text"):
        return Kind.NOTICE, "over_quota", {}
    read = _READERS.get(words(body.get("msgtype")))
    return read(body) if read else _unknown(body)


def _text(body: Json) -> Said:
    # one official page shows the words as a top-level "content"
    text = words(inner(body, "text").get("content")) or words(body.get("content"))
    return Kind.MESSAGE, text.strip(), {}


def _rich_text(body: Json) -> Said:
    found = inner(body, "content").get("richText")
    items = [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
    text = "".join(words(item.get("text")) for item in items).strip()
    codes = ",".join(filter(None, map(_code, items)))
    extra = {"download_code": codes, "msgtype": "richText"} if codes else {}
    return (Kind.MESSAGE, text, extra) if text else (Kind.UNKNOWN, "[图片]", extra)


def _audio(body: Json) -> Said:
    """A voice message's words are its text, whatever DingTalk heard."""
    _, unheard, extra = _sent("语音")(body)
    heard = words(inner(body, "content").get("recognition")).strip()
    if not heard:
        return Kind.UNKNOWN, unheard, extra
    return Kind.MESSAGE, heard, {"said": "true", **extra}


def _sent(what: str) -> Callable[[Json], Said]:
    """Something we cannot read, named for the person, with what it takes to download it."""

    def read(body: Json) -> Said:
        content = inner(body, "content")
        name = words(content.get("fileName"))
        extra = {
            "msgtype": words(body.get("msgtype")),
            "download_code": _code(content),
            "file_name": name,
            "duration": words(content.get("duration")),  # its unit differs between pages
        }
        kept = {key: value for key, value in extra.items() if value}
        return Kind.UNKNOWN, f"[{what}] {name}".rstrip(), kept

    return read


def _code(content: Json) -> str:
    """What downloads it; a picture of old clients has only the second name."""
    return words(content.get("downloadCode")) or words(content.get("pictureDownloadCode"))


def _unknown(body: Json) -> Said:
    shown = words(inner(body, "content").get("unknownMsgType")) or "不支持的消息"
    return Kind.UNKNOWN, f"[{shown}]", {"msgtype": words(body.get("msgtype"))}


_READERS: dict[str, Callable[[Json], Said]] = {
    "text": _text,
    "richText": _rich_text,
    "audio": _audio,
    "picture": _sent("图片"),
    "video": _sent("视频"),
    "file": _sent("文件"),
}


def _origin(settings: DingTalk, body: Json) -> dict[str, str]:
    """What an answer needs. The session webhook is a bearer secret: kept, never logged."""
    found = {"conversation": words(body.get("conversationId"))}
    if not words(body.get("senderStaffId")):  # unpublished robot, or somebody from outside
        found["nick"] = words(body.get("senderNick"))
    webhook = words(body.get("sessionWebhook"))
    if is_dingtalk(settings, webhook):
        found["session_webhook"] = webhook
        found["session_webhook_until"] = words(body.get("sessionWebhookExpiredTime"))
    return found
