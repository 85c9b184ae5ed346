"""What DingTalk's card APIs accept.

Source: open.dingtalk.com/document/development/create-and-deliver-cards, register-card-callback-
address, event-callback-card. The documented 1 KB per value is not held: DingTalk's own samples
exceed it. Codes beyond the documented `param.*` ones are ours: `param.error`.
"""

from __future__ import annotations

import json
from typing import Any

from bot.emulator.desk import Json
from bot.emulator.dingtalk_check import RefusedError, keep
from bot.emulator.rules import WrongError, flag, link, many, number, record, text

REQUEST_BYTES = 100 << 10
TEXT, FILLED = text(), text(empty=False)


def texts(path: str, value: Any) -> None:
    """A map of strings: numbers, flags, lists and objects go as text."""
    if not isinstance(value, dict):
        raise WrongError(path, "must be an object")
    for name, inner in value.items():
        text(octets=100, empty=False)(f"{path} key", name)
        TEXT(f"{path}.{name}", inner)


def _by_user(path: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise WrongError(path, "must be an object")
    for user, inner in value.items():
        DATA(f"{path}.{user}", inner)


def _anything(path: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise WrongError(path, "must be an object")


DATA = record({"cardParamMap": texts})
OPTIONS = record({}, {"updateCardDataByKey": flag, "updatePrivateDataByKey": flag})
SPACE = record(
    {"supportForward": flag},
    {
        "lastMessageI18n": texts,
        "searchSupport": record(
            {}, {"searchIcon": TEXT, "searchTypeName": TEXT, "searchDesc": text(chars=200)}
        ),
        "notification": record({}, {"alertContent": TEXT, "notificationOff": flag}),
    },
)
CREATE = record(
    {
        "cardTemplateId": FILLED,
        "outTrackId": text(chars=100, empty=False),
        "cardData": DATA,
        "openSpaceId": text(chars=1000, empty=False),
    },
    {
        "privateData": _by_user,
        "callbackType": text(among=("STREAM", "HTTP")),
        "callbackRouteKey": FILLED,
        "userIdType": number(1, 2),
        "userId": TEXT,
        "imGroupOpenSpaceModel": SPACE,
        "imRobotOpenSpaceModel": SPACE,
        "imGroupOpenDeliverModel": record(
            {"robotCode": FILLED},
            {"atUserIds": texts, "recipients": many(TEXT, 0, 1000), "extension": texts},
        ),
        "imRobotOpenDeliverModel": record(
            {}, {"spaceType": text(among=("IM_ROBOT",)), "robotCode": FILLED, "extension": texts}
        ),
        "openDynamicDataConfig": _anything,
        "cardAtUserIds": many(TEXT, 0, 100),
    },
)
UPDATE = record(
    {"outTrackId": FILLED},
    {
        "cardData": DATA,
        "privateData": _by_user,
        "cardUpdateOptions": OPTIONS,
        "userIdType": number(1),
    },
)
REGISTER = record(
    {"callbackRouteKey": FILLED, "callbackUrl": link()},
    {"apiSecret": FILLED, "forceUpdate": flag},
)
ANSWER = record({}, {"cardUpdateOptions": OPTIONS, "cardData": DATA, "userPrivateData": DATA})
SPACES = {"im_robot": "imRobot", "im_group": "imGroup"}


def check_create(raw: bytes, body: Any, template: str, robot_code: str) -> list[tuple[str, str]]:
    """Check a createAndDeliver request; the spaces it goes to: ("im_robot" or "im_group", id)."""
    check_size(raw)
    _not_empty(body)
    keep(CREATE, "param.error", "request", body)
    if body["cardTemplateId"] != template:
        raise RefusedError("param.templateNotExist", "no such template")
    if body.get("callbackType") == "HTTP" and "callbackRouteKey" not in body:
        raise RefusedError("param.empty", "callbackRouteKey goes with HTTP")
    if body.get("userIdType", 1) != 1:
        raise RefusedError("param.userIdNotExist", "no unionIds are known here")
    spaces = open_spaces(body["openSpaceId"])
    for kind in dict.fromkeys(kind for kind, _ in spaces):
        _check_models(body, SPACES[kind], robot_code)
    return spaces


def check_size(raw: bytes) -> None:
    """Refuse a request over 100 KB."""
    if len(raw) > REQUEST_BYTES:
        raise RefusedError("param.error", f"{len(raw)} bytes, at most {REQUEST_BYTES}")


def open_spaces(value: str) -> list[tuple[str, str]]:
    """Read `dtv1.card//IM_ROBOT.u1;IM_GROUP.cid…`."""
    prefix, slashes, rest = value.partition("//")
    spaces = []
    for part in rest.split(";"):
        kind, _, ident = part.partition(".")
        spaces.append((kind.lower(), ident))
    known = all(kind in SPACES and ident for kind, ident in spaces)
    if prefix.lower() != "dtv1.card" or not slashes or not known:
        raise RefusedError("param.openSpaceIdInvalid", "dtv1.card//IM_ROBOT.<userId> needed")
    return spaces


def read_answer(body: bytes) -> Json:
    """The answer to a card callback; ValueError for one that DingTalk would not act upon."""
    answer = json.loads(body) if body else {}
    try:
        ANSWER("answer", answer)
    except WrongError as wrong:
        raise ValueError(str(wrong)) from wrong
    found: Json = answer
    return found


def _not_empty(body: Any) -> None:
    if not isinstance(body, dict) or not body:
        raise RefusedError("param.empty", "the body must be a JSON object")
    data = body.get("cardData")
    if not isinstance(data, dict) or not data.get("cardParamMap"):
        raise RefusedError("param.cardPublicDataEmpty", "cardData.cardParamMap is empty")


def _check_models(body: Json, stem: str, robot_code: str) -> None:
    deliver = body.get(f"{stem}OpenDeliverModel")
    if not deliver:
        raise RefusedError("param.openDeliverModelEmpty", f"{stem}OpenDeliverModel")
    if deliver.get("robotCode", robot_code) != robot_code:
        raise RefusedError("param.openDeliverModelError", "robotCode is not this app's")
    if f"{stem}OpenSpaceModel" not in body:
        raise RefusedError("param.empty", f"{stem}OpenSpaceModel")
