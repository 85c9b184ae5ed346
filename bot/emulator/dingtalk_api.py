"""DingTalk's API as Momentum calls it: tokens, robot messages, media, session webhooks.

Source: open.dingtalk.com/document/development/obtain-the-access-token-of-an-internal-app,
chatbots-send-one-on-one-chat-messages-in-batches, the-robot-sends-a-group-message,
batch-message-recall-chat, upload-media-files, call-frequency-limit.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.emulator.books import Frequency, Recent, TokenBook
from bot.emulator.calls import Answer, Call
from bot.emulator.desk import Bubble, Desk, Json
from bot.emulator.dingtalk_answers import (
    API_COUNT,
    QPS,
    Handler,
    new_key,
    old_ok,
    refusing,
    refusing_old,
)
from bot.emulator.dingtalk_cards import CardShelf
from bot.emulator.dingtalk_check import (
    RefusedError,
    check_images,
    check_media,
    check_send,
    check_webhook,
    shown,
)
from bot.emulator.dingtalk_custom import CustomRobot, CustomRobots
from bot.emulator.dingtalk_directory import Directory
from bot.emulator.dingtalk_files import Files
from bot.emulator.dingtalk_quota import Quota
from bot.emulator.dingtalk_sent import Sent
from bot.emulator.dingtalk_stream import Gateway
from bot.emulator.faults import Faults
from bot.emulator.rules import many, text
from bot.emulator.wire import Wire

FILLED = text(empty=False)
PER_SECOND = 20
MEDIA_KEPT = 200


class DingTalkApi:
    """The platform's memory of one app, and the endpoints over it."""

    def __init__(
        self,
        desk: Desk,
        new: Wire,
        old: Wire,
        faults: Faults,
        *,
        app_key: str,
        app_secret: str,
        robot_code: str,
        card_template_id: str,
        groups: Mapping[str, Sequence[str]],
        quota: Quota,
        robots: Mapping[str, CustomRobot],
        mobiles: dict[str, str],
        gateway: Gateway,
    ) -> None:
        self._desk = desk
        self._new = new
        self._old = old
        self._app = {"appKey": app_key, "appSecret": app_secret}
        self._robot_code = robot_code
        self._groups = groups
        self._tokens = TokenBook(desk.now, faults, renews=True)
        self._calls = Frequency(desk.now, PER_SECOND, 1)
        self._quota = quota
        self._gateway = gateway
        self._directory = Directory(desk, mobiles)
        self._custom = CustomRobots(robots, desk.now, self.show_reply)
        self.files = Files(desk.now, robot_code)
        self.sent = Sent(desk, robot_code, knows=self.knows, show=self.show)
        self._sessions: Recent[tuple[str, datetime]] = Recent()
        self._media: list[str] = []
        self.cards = CardShelf(
            desk,
            template=card_template_id,
            robot_code=robot_code,
            known=self.knows,
            members=groups.get,
        )

    def routes(self) -> list[web.RouteDef]:
        def new(method: str, path: str, work: Handler, *, free: bool = False) -> web.RouteDef:
            guarded = work if free else self._guarded(work)
            return web.route(method, f"/v1.0/{path}", self._new.endpoint(refusing(guarded)))

        def old(path: str, work: Handler, method: str = "POST") -> web.RouteDef:
            return web.route(method, path, self._old.endpoint(refusing_old(work)))

        def contacts(path: str, work: Handler) -> web.RouteDef:
            return old(f"/topapi/v2/{path}", self._guarded_old(work))

        return [
            new("POST", "oauth2/accessToken", self._token, free=True),
            new("POST", "robot/oToMessages/batchSend", self._send),
            new("POST", "robot/otoMessages/batchRecall", self.sent.recall),
            new("GET", "robot/oToMessages/readStatus", self.sent.read_status),
            new("POST", "robot/groupMessages/recall", self.sent.recall_group),
            new("POST", "robot/groupMessages/query", self.sent.query_group),
            new("POST", "robot/ding/send", self.sent.ding),
            new("POST", "robot/messageFiles/download", self.files.address),
            new("POST", "gateway/connections/open", self._gateway.open, free=True),
            new("POST", "robot/groupMessages/send", self._send_group),
            new("POST", "card/callbacks/register", self.cards.register),
            new("POST", "card/instances/createAndDeliver", self.cards.create),
            new("PUT", "card/instances", self.cards.update),
            old("/media/upload", self._upload),
            old("/robot/sendBySession", self._session_send),
            old("/robot/send", self._custom.post),
            old("/gettoken", self._old_token, "GET"),
            contacts("department/listsub", self._directory.departments),
            contacts("user/list", self._directory.members),
            contacts("user/get", self._directory.user),
            contacts("user/getbymobile", self._directory.by_mobile),
            web.get("/emulated/dingtalk/files/{name}", self.files.serve),
            web.get("/connect", self._gateway.connect),
        ]

    def knows(self, user: str) -> bool:
        """Whether this is someone of the corp."""
        return any((r.platform, r.user) == ("dingtalk", user) for r in self._desk.residents)

    def show(self, user: str, kind: str, body: Json, *, key: str = "", mine: bool = False) -> str:
        """Put a new bubble on a phone and return its id."""
        ident = f"{key or new_key()}:{user}"
        at = self._desk.now().isoformat()
        self._desk.show(Bubble(ident, "dingtalk", user, mine, at, kind, body))
        return ident

    def read_reply(self, body: bytes) -> Any:
        """A robot callback's answer, empty or one message object; ValueError for a bad one."""
        message = json.loads(body) if body else {"msgtype": "empty"}
        self._checked(message)
        return message

    def show_reply(self, chat: str, message: Any) -> None:
        """Show a message object in a chat (a person's or a group's); ValueError for a bad one."""
        checked = self._checked(message)
        if checked is not None:
            for user in self._groups.get(chat, [chat]):
                self.show(user, checked["kind"], checked["body"])

    def new_session(self, chat: str, until: datetime) -> str:
        """A session with which that chat can be written to without a token."""
        session = secrets.token_hex(16)
        self._sessions[session] = chat, until
        return session

    def _guarded(self, work: Handler) -> Handler:
        def answer(call: Call) -> Answer:
            token = call.headers.get("x-acs-dingtalk-access-token", "")
            if self._tokens.state(token) != "ok":
                raise RefusedError("InvalidAuthentication", "不合法的access_token")
            self._count(call.path)
            if call.method != "GET" and not isinstance(call.body, dict):
                raise RefusedError("param.empty", "the body must be a JSON object")
            self._bill()
            return work(call)

        return answer

    def _guarded_old(self, work: Handler) -> Handler:
        """Contacts: a token is needed, the month's quota is not."""

        def answer(call: Call) -> Answer:
            if self._tokens.state(call.query.get("access_token", "")) != "ok":
                raise RefusedError("40014", "不合法的access_token")
            self._count(call.path)
            return work(call)

        return answer

    def _bill(self) -> None:
        if not self._quota.take("calls"):
            raise RefusedError(API_COUNT, "the month's quota is spent", 403)

    def _count(self, path: str) -> None:
        if not self._calls.take(path):
            raise RefusedError(QPS, "over 20 calls a second", 403)

    def _token(self, call: Call) -> Answer:
        if call.body != self._app:
            raise RefusedError("invalidClientIdOrSecret", "无效的clientId或者clientSecret")
        token, left = self._tokens.issue()
        return Answer({"accessToken": token, "expireIn": left})

    def _old_token(self, call: Call) -> Answer:
        given = {"appKey": call.query.get("appkey"), "appSecret": call.query.get("appsecret")}
        if given != self._app:
            raise RefusedError("40089", "不合法的appkey或appsecret")
        token, left = self._tokens.issue()
        return old_ok(access_token=token, expires_in=left)

    def _send(self, call: Call) -> Answer:
        users = many(FILLED, 1, 20)
        msg_key, params = check_send(call.body, self._robot_code, users, name="userIds")
        self._check_media_of(msg_key, params)
        wanted = list(dict.fromkeys(call.body["userIds"]))
        good = [user for user in wanted if self.knows(user)]
        if not good:
            raise RefusedError("staffId.notExisted", "none of the userIds exists")
        bad = [user for user in wanted if user not in good]
        key = self._deliver(good, msg_key, params)
        lists: Json = {"invalidStaffIdList": bad, "flowControlledStaffIdList": []}
        return Answer({"processQueryKey": key, **lists})

    def _send_group(self, call: Call) -> Answer:
        name = "openConversationId"
        msg_key, params = check_send(call.body, self._robot_code, FILLED, name=name)
        self._check_media_of(msg_key, params)
        members = self._groups.get(call.body[name])
        if members is None:
            raise RefusedError("resource.not.found", "the robot is in no such group")
        group = call.body[name]
        return Answer({"processQueryKey": self._deliver(members, msg_key, params, group)})

    def _deliver(self, users: Sequence[str], msg_key: str, params: Json, group: str = "") -> str:
        key = new_key()
        kind, body = shown(msg_key, params)
        bubbles = {user: self.show(user, kind, dict(body), key=key) for user in users}
        self.sent.remember(key, bubbles, group)
        return key

    def _check_media_of(self, msg_key: str, params: Json) -> None:
        ids = [params[n] for n in ("mediaId", "videoMediaId", "picMediaId") if n in params]
        photo = params.get("photoURL", "")
        if photo and not photo.startswith(("https://", "http://")):
            ids.append(photo)
        if any(not self._known_media(ident) for ident in ids):
            raise RefusedError("invalidParameter.msgParam", f"{msg_key}: unknown mediaId")
        try:
            check_images(params, self._known_media)
        except ValueError as fault:
            raise RefusedError("invalidParameter.msgParam", str(fault)) from fault

    def _checked(self, message: Any) -> Json | None:
        checked = check_webhook(message)
        if checked is not None:
            check_images(checked["body"], self._known_media)
        return checked

    def _known_media(self, media_id: str) -> bool:
        return media_id in self._media

    def _upload(self, call: Call) -> Answer:
        if self._tokens.state(call.query.get("access_token", "")) != "ok":
            raise RefusedError("40014", "不合法的access_token")
        self._count(call.path)
        self._bill()
        form = call.body if isinstance(call.body, dict) else {}
        kind = call.query.get("type", "")
        upload = check_media(kind, form.get("media"))
        media_id = f"@lALP{secrets.token_urlsafe(18)}"
        self._desk.media[media_id] = upload.content_type, upload.data
        self._media.append(media_id)
        for old in self._media[:-MEDIA_KEPT]:
            self._desk.media.pop(old, None)
        del self._media[:-MEDIA_KEPT]
        at = int(self._desk.now().timestamp() * 1000)
        return old_ok(media_id=media_id, type=kind, created_at=at)

    def _session_send(self, call: Call) -> Answer:
        chat, until = self._sessions.get(call.query.get("session", "")) or ("", self._desk.now())
        if not chat or self._desk.now() >= until:
            raise RefusedError("300001", "session 不存在或已过期")
        try:
            self.show_reply(chat, call.body)
        except ValueError as fault:
            raise RefusedError("40035", str(fault)) from fault
        return old_ok()
