"""The fields of a WeCom callback under names of our own: what `Event.origin` carries."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from bot.wecom import markup

_ENVELOPE = {"ToUserName", "FromUserName", "CreateTime", "MsgType", "AgentID", "MsgId", "Content"}
_NAMES = {
    "UserID": "user",
    "NewUserID": "new_user",
    "ExternalUserID": "external_user",
    "Department": "departments",  # "1,2"
    "ParentId": "parent",
    "OpenKfId": "open_kfid",
    "Location_X": "latitude",
    "Location_Y": "longitude",
}
_USERS = {"user", "new_user"}
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def of(root: Element) -> dict[str, str]:
    """The top-level leaves that say something, by lower-case name; user ids in lower case.

    A department event's own `Id` and its `Name` are the department's, so `Id` becomes
    "department"; elsewhere it stays "id".
    """
    is_party = markup.text(root, "ChangeType").endswith("_party")
    found: dict[str, str] = {}
    for child in root:
        words = (child.text or "").strip()
        if child.tag in _ENVELOPE or len(child) or not words:
            continue
        name = _NAMES.get(child.tag) or _HUMP.sub("_", child.tag).lower()
        name = "department" if is_party and name == "id" else name
        found[name] = words.lower() if name in _USERS | {"event"} else words
    return found
