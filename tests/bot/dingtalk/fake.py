"""A fake DingTalk for deliveries: answers by script, remembers what it was asked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from bot.adapter import Adapter, Address, Delivery, DeliveryError
from cards.card import Button, Card, Text

TOKEN = "/v1.0/oauth2/accessToken"
CREATE = "/v1.0/card/instances/createAndDeliver"
UPDATE = "/v1.0/card/instances"
ONE = "/v1.0/robot/oToMessages/batchSend"
GROUP = "/v1.0/robot/groupMessages/send"
MEDIA = "/media/upload"
RECALL_ONE = "/v1.0/robot/otoMessages/batchRecall"
RECALL_GROUP = "/v1.0/robot/groupMessages/recall"
DING = "/v1.0/robot/ding/send"
DOWNLOAD = "/v1.0/robot/messageFiles/download"
WEBHOOK = "/robot/send"
SESSION = "/robot/sendBySession"
REGISTER = "/v1.0/card/callbacks/register"

CARD = Card("接手", (Text("两周没有回音"),), buttons=(Button("接手", "接手 17 v3"),), ref="fuse:17")
PERSON, CHAT = Address(person="staff01"), Address(chat="cidGroup01==")
DELIVERED = {
    "success": True,
    "result": {
        "outTrackId": "d-17",
        "deliverResults": [{"spaceType": "IM_ROBOT", "spaceId": "staff01", "success": True}],
    },
}
SENT = {"processQueryKey": "pqk", "invalidStaffIdList": [], "flowControlledStaffIdList": []}


@dataclass
class Call:
    path: str
    headers: Any
    query: dict[str, str]
    body: Any


@dataclass
class Fake:
    """DingTalk's side: answers from a script, then the usual ones; keeps what it was asked."""

    calls: list[Call] = field(default_factory=list)
    script: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)
    base: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        raw = await request.read()
        body = json.loads(raw) if request.content_type == "application/json" else raw
        self.calls.append(Call(request.path, request.headers, dict(request.query), body))
        planned = self.script.get(request.path)
        status, found = planned.pop(0) if planned else (200, self._usual(request.path))
        if found is None:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        if isinstance(found, bytes):
            return web.Response(status=status, body=found)
        if isinstance(found, str):
            return web.Response(status=status, text=found, content_type="text/html")
        return web.json_response(found, status=status, headers=found.pop("_headers", {}))

    def _usual(self, path: str) -> Any:
        tokens = sum(call.path == TOKEN for call in self.calls)
        return {
            TOKEN: {"accessToken": f"token-{tokens}", "expireIn": 7200},
            CREATE: DELIVERED,
            UPDATE: {"success": True, "result": True},
            ONE: dict(SENT),
            GROUP: {"processQueryKey": "pqk-group"},
            MEDIA: {"errcode": "0", "errmsg": "ok", "media_id": "@lAL-1"},
            REGISTER: {"success": True, "result": {}},
            RECALL_ONE: {"successResult": ["pqk"], "failedResult": {}},
            RECALL_GROUP: {"successResult": ["pqk"], "failedResult": {}},
            DING: {"openDingId": "1"},
            WEBHOOK: {"errcode": 0, "errmsg": "ok"},
            SESSION: {"errcode": 0, "errmsg": "ok"},
        }[path]

    def to(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path == path]


def order(
    card: Card = CARD, to: Address = PERSON, handle: dict[str, str] | None = None
) -> Delivery:
    return Delivery("d-17", to, card, handle)


async def fault(adapter: Adapter, delivery: Delivery) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await adapter.deliver(delivery)
    return caught.value
