"""What DingTalk's robot is told of a message: the common fields, and each kind's own.

Source: open.dingtalk.com/document/development/robot-message-type and receive-message.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.emulator.desk import Json
from bot.emulator.dingtalk_files import Files

PRIVATE_ONLY = ("audio", "video", "file")
SPENT = {"errorCode": 20001, "errorMessage": "本月 Webhook 与 Stream 推送额度已用完"}


@dataclass(frozen=True, slots=True)
class Content:
    """A message as a person makes it: `fields` of its kind, and `shown` on their own phone."""

    kind: str
    fields: Json
    shown: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes where: `group` is "" in the chat with the robot."""

    user: str
    name: str
    group: str
    corp_id: str
    robot_code: str


def typed(words: str, *, group: str) -> Content:
    """Plain words; in a group a space is left where the mention of the robot was."""
    fields = {"text": {"content": f" {words}" if group else words}}
    return Content("text", fields, {"content": words})


def picture(files: Files, data: bytes) -> Content:
    content = {"downloadCode": files.keep(data), "pictureDownloadCode": files.keep(data)}
    return Content("picture", {"content": content}, {"content": "[图片]"})


def rich(files: Files, parts: Sequence[str | bytes]) -> Content:
    """Words and pictures (bytes) in one message."""
    content: list[Json] = []
    for part in parts:
        if isinstance(part, str):
            content.append({"text": part})
        else:
            codes = {"downloadCode": files.keep(part), "pictureDownloadCode": files.keep(part)}
            content.append({"type": "picture", **codes})
    words = "".join(part if isinstance(part, str) else "[图片]" for part in parts)
    return Content("richText", {"content": {"richText": content}}, {"content": words})


def audio(files: Files, data: bytes, *, milliseconds: int, recognition: str) -> Content:
    """A voice message with what the platform understood."""
    content: Json = {"duration": milliseconds, "downloadCode": files.keep(data)}
    return Content(
        "audio",
        {"content": {**content, "recognition": recognition}},
        {"content": f"[语音] {recognition}".strip()},
    )


def video(files: Files, data: bytes, *, seconds: int) -> Content:
    """A video; its duration's unit is not settled, here it is text as in the sample."""
    content = {"duration": str(seconds), "downloadCode": files.keep(data), "videoType": "mp4"}
    return Content("video", {"content": content}, {"content": "[视频]"})


def file(files: Files, data: bytes, *, name: str) -> Content:
    content = {"downloadCode": files.keep(data), "fileName": name}
    ids = {"spaceId": "0", "fileId": secrets.token_hex(8)}
    return Content("file", {"content": {**content, **ids}}, {"content": f"[文件] {name}"})


def unknown(words: str) -> Content:
    """A kind the robot API does not carry: only a sentence about it arrives."""
    fields = {"content": {"unknownMsgType": words}}
    return Content("unknownMsgType", fields, {"content": words})


def message(
    sender: Sender, content: Content, *, at: datetime, session: str, until: datetime, spent: bool
) -> Json:
    """The callback's body; once the push quota is `spent` it says so instead of what was said."""
    robot = f"$:LWCP_v1:${digest(sender.robot_code)}"
    body: Json = {
        "msgtype": content.kind,
        **(SPENT if spent else content.fields),
        "msgId": f"msg{secrets.token_urlsafe(24)}==",
        "createAt": int(at.timestamp() * 1000),
        "conversationType": "2" if sender.group else "1",
        "conversationId": sender.group or conversation(sender.user),
        "senderId": f"$:LWCP_v1:${digest(sender.user)}",
        "senderStaffId": sender.user,
        "senderNick": sender.name,
        "senderCorpId": sender.corp_id,
        "senderPlatform": "iOS",
        "isAdmin": False,
        "chatbotCorpId": sender.corp_id,
        "chatbotUserId": robot,
        "robotCode": sender.robot_code,
        "sessionWebhook": session,
        "sessionWebhookExpiredTime": int(until.timestamp() * 1000),
    }
    if sender.group:
        body |= {"conversationTitle": "门店群", "isInAtList": True}
        body["atUsers"] = [{"dingtalkId": robot}]
    return body


def conversation(user: str) -> str:
    return f"cid{digest(user)}=="


def digest(value: str) -> str:
    return base64.b64encode(hashlib.sha256(value.encode()).digest()[:16]).decode().rstrip("=")
