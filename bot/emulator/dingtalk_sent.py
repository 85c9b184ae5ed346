"""DingTalk's memory of what robots sent: taken back, read, and urgent (DING).

Source: open.dingtalk.com/document/development/batch-message-recall-chat,
enterprise-chatbot-withdraws-internal-group-messages, chatbot-batch-query-the-read-status-of-
messages, chatbot-queries-the-read-status-of-a-message, robot-sends-nail-message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.emulator.books import Recent
from bot.emulator.calls import Answer, Call
from bot.emulator.desk import Desk, Json
from bot.emulator.dingtalk_check import RefusedError, keep
from bot.emulator.rules import many, number, record, text

FILLED = text(empty=False)
KEYS = many(FILLED, 1, 20)
RECALL = record({"robotCode": FILLED, "processQueryKeys": KEYS})
RECALL_GROUP = record({"openConversationId": FILLED, "robotCode": FILLED, "processQueryKeys": KEYS})
QUERY_GROUP = record(
    {"openConversationId": FILLED, "robotCode": FILLED, "processQueryKey": FILLED},
    {"maxResults": number(*range(1, 201)), "nextToken": text()},
)
RECEIVERS = {1: 200, 2: 20, 3: 20}  # in the app, by SMS, by telephone
DING = record(
    {
        "robotCode": FILLED,
        "remindType": number(*RECEIVERS),
        "receiverUserIdList": many(FILLED, 1, 200),
        "content": FILLED,
    }
)
DAY = timedelta(hours=24)


@dataclass(slots=True)
class Message:
    """One sent message: a bubble for each reader; `group` is "" for one-to-one chats."""

    at: datetime
    group: str
    bubbles: dict[str, str]  # reader → bubble
    readers: list[str] = field(default_factory=list)
    recalled: bool = False


class Sent:
    """All messages of one robot by processQueryKey."""

    def __init__(
        self,
        desk: Desk,
        robot_code: str,
        *,
        knows: Callable[[str], bool],
        show: Callable[[str, str, Json], str],
    ) -> None:
        self._desk = desk
        self._robot_code = robot_code
        self._knows = knows
        self._show = show
        self._messages: Recent[Message] = Recent()

    def remember(self, key: str, bubbles: dict[str, str], group: str = "") -> None:
        self._messages[key] = Message(self._desk.now(), group, bubbles)

    def read(self, user: str, bubble: str) -> None:
        """That person looked at the message."""
        message = self._messages.get(bubble.removesuffix(f":{user}"))
        if message and user in message.bubbles and user not in message.readers:
            message.readers.append(user)

    def recall(self, call: Call) -> Answer:
        keep(RECALL, "invalidParameter", "request", call.body)
        return self._recall(call.body["processQueryKeys"], "")

    def recall_group(self, call: Call) -> Answer:
        keep(RECALL_GROUP, "invalidParameter", "request", call.body)
        self._check_robot(call.body["robotCode"])
        return self._recall(call.body["processQueryKeys"], call.body["openConversationId"])

    def read_status(self, call: Call) -> Answer:
        """Of a one-to-one message, within a day."""
        self._check_robot(call.query.get("robotCode", ""))
        message = self._known(call.query.get("processQueryKey", ""), "")
        names = {one.user: one.name for one in self._desk.residents if one.platform == "dingtalk"}
        readers: list[Json] = [
            {
                "name": names[user],
                "userId": user,
                "readStatus": "READ" if user in message.readers else "UNREAD",
            }
            for user in message.bubbles
        ]
        return Answer({"sendStatus": _status(message), "messageReadInfoList": readers})

    def query_group(self, call: Call) -> Answer:
        """Who read a group's message, paged."""
        keep(QUERY_GROUP, "invalidParameter", "request", call.body)
        self._check_robot(call.body["robotCode"])
        message = self._known(call.body["processQueryKey"], call.body["openConversationId"])
        token = call.body.get("nextToken") or "0"
        start = int(token) if token.isdigit() else 0
        end = start + call.body.get("maxResults", 200)
        more = end < len(message.readers)
        answer: Json = {"sendStatus": _status(message), "readUserIds": message.readers[start:end]}
        return Answer({**answer, "hasMore": more, "nextToken": str(end) if more else ""})

    def ding(self, call: Call) -> Answer:
        """A DING: it rings on the receivers' phones."""
        keep(DING, "invalidParameter", "request", call.body)
        self._check_robot(call.body["robotCode"])
        kind, receivers = call.body["remindType"], call.body["receiverUserIdList"]
        if len(receivers) > RECEIVERS[kind]:
            raise RefusedError("too.many.people", f"at most {RECEIVERS[kind]} receivers")
        good = [user for user in receivers if self._knows(user)]
        failed: Json = {user: "staffId.notExisted" for user in receivers if user not in good}
        body: Json = {"content": call.body["content"], "remindType": kind}
        idents = [self._show(user, "ding", dict(body)) for user in good]
        ident = idents[0].partition(":")[0] if idents else ""
        return Answer({"openDingId": ident, "failedList": failed})

    def _recall(self, keys: list[str], group: str) -> Answer:
        done: list[str] = []
        failed: Json = {}
        for key in keys:
            message = self._messages.get(key)
            late = message is not None and self._desk.now() - message.at > DAY
            if message is None or message.group != group or message.recalled or late:
                failed[key] = "invalid processQueryKey"
                continue
            message.recalled = True
            done.append(key)
            for bubble in filter(None, map(self._desk.bubbles.get, message.bubbles.values())):
                bubble.kind, bubble.body, bubble.version = "recalled", {}, bubble.version + 1
                self._desk.show(bubble)
        return Answer({"successResult": done, "failedResult": failed})

    def _known(self, key: str, group: str) -> Message:
        message = self._messages.get(key)
        if message is None or message.group != group or self._desk.now() - message.at > DAY:
            raise RefusedError("invalidParameter.processQueryKey", "no such message today")
        return message

    def _check_robot(self, robot_code: str) -> None:
        if robot_code != self._robot_code:
            raise RefusedError("invalidParameter.robotCode.notExsit", "robotCode is not this app's")


def _status(message: Message) -> str:
    return "RECALLED" if message.recalled else "SUCCESS"
