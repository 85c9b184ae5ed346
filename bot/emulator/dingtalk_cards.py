"""DingTalk's card instances: one set of data, a view of it on each phone.

Source: open.dingtalk.com/document/development/create-and-deliver-cards, interactive-card-update,
register-card-callback-address, event-callback-card.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.emulator.books import Recent
from bot.emulator.calls import Answer, Call
from bot.emulator.desk import Bubble, Desk, Json
from bot.emulator.dingtalk_card_check import (
    REGISTER,
    UPDATE,
    check_create,
    check_size,
)
from bot.emulator.dingtalk_check import RefusedError, keep

Params = dict[str, str]
STREAM = "*stream*"


@dataclass(slots=True)
class Route:
    """Where presses go, and the secret that signs them ("" = unsigned).

    `url` is "" for a card whose presses go over Stream.
    """

    url: str
    secret: str


@dataclass(slots=True)
class Instance:
    """A card: `views` is the public data as each viewer sees it, `private` each one's own."""

    track: str
    template: str
    route: str
    views: dict[str, Params] = field(default_factory=dict)
    private: dict[str, Params] = field(default_factory=dict)


class CardShelf:
    """All cards of one app. `members` tells who sees a group, `known` who works here."""

    def __init__(
        self,
        desk: Desk,
        *,
        template: str,
        robot_code: str,
        known: Callable[[str], bool],
        members: Callable[[str], Sequence[str] | None],
    ) -> None:
        self._desk = desk
        self._template = template
        self._robot_code = robot_code
        self._known = known
        self._members = members
        self._routes: Recent[Route] = Recent(100)
        self._cards: Recent[Instance] = Recent()

    def register(self, call: Call) -> Answer:
        keep(REGISTER, "param.error", "request", call.body)
        body = call.body
        stored = self._routes.get(body["callbackRouteKey"])
        new = Route(body["callbackUrl"], body.get("apiSecret", ""))
        if stored is None or body.get("forceUpdate"):
            self._routes[body["callbackRouteKey"]] = stored = new
        elif stored.url != new.url:
            raise RefusedError("param.callbackRouteKeyExist", "the key has another URL")
        result = {"callbackUrl": stored.url, "apiSecret": stored.secret}
        return Answer({"success": True, "result": result})

    def create(self, call: Call) -> Answer:
        spaces = check_create(call.raw, call.body, self._template, self._robot_code)
        body = call.body
        route = body.get("callbackRouteKey", "") if body.get("callbackType") == "HTTP" else ""
        if route and self._routes.get(route) is None:
            raise RefusedError("param.callbackRouteKeyNotExist", "register the key first")
        if body["outTrackId"] in self._cards:
            raise RefusedError("param.cardAlreadyExist", "outTrackId was used before")
        if body.get("callbackType") == "STREAM":
            route = STREAM
        private = {u: dict(d["cardParamMap"]) for u, d in body.get("privateData", {}).items()}
        card = Instance(body["outTrackId"], body["cardTemplateId"], route, private=private)
        self._cards[card.track] = card
        public = body["cardData"]["cardParamMap"]
        results = [self._open(card, kind, ident, public) for kind, ident in spaces]
        answer = {"outTrackId": card.track, "deliverResults": results}
        return Answer({"success": True, "result": answer})

    def update(self, call: Call) -> Answer:
        check_size(call.raw)
        keep(UPDATE, "param.error", "request", call.body)
        body = call.body
        if "cardData" not in body and "privateData" not in body:
            raise RefusedError("param.empty", "needs cardData or privateData")
        card = self._cards.get(body["outTrackId"])
        if card is None:
            raise RefusedError("param.cardNotExist", "no such outTrackId")
        options = body.get("cardUpdateOptions", {})
        for user, data in body.get("privateData", {}).items():
            by_key = options.get("updatePrivateDataByKey", False)
            card.private[user] = _changed(card.private.get(user), data, by_key=by_key)
        for user in card.views:
            self._change_view(card, user, body.get("cardData"), options)
            self._show(card, user)
        return Answer({"success": True, "result": True})

    def press_route(self, track: str) -> Route | None:
        """Where a press on this card goes; None when its buttons do not call back."""
        card = self._cards.get(track)
        if card is None or not card.route:
            return None
        return Route("", "") if card.route == STREAM else self._routes.get(card.route)

    def answered(self, track: str, user: str, answer: Json) -> None:
        """Apply what Momentum answered to a press: for the presser alone."""
        card = self._cards.get(track)
        if card is None:
            return
        options = answer.get("cardUpdateOptions", {})
        self._change_view(card, user, answer.get("cardData"), options)
        if "userPrivateData" in answer:
            by_key = options.get("updatePrivateDataByKey", False)
            data = answer["userPrivateData"]
            card.private[user] = _changed(card.private.get(user), data, by_key=by_key)
        if "cardData" in answer or "userPrivateData" in answer:
            self._show(card, user)

    def _open(self, card: Instance, kind: str, ident: str, public: Params) -> Json:
        """Deliver to one space; a space can fail while the call succeeds."""
        viewers = [ident] if kind == "im_robot" and self._known(ident) else []
        if kind == "im_group":
            viewers = list(self._members(ident) or ())
        for user in viewers:
            card.views[user] = dict(public)
            self._show(card, user)
        result = {"spaceType": kind.upper(), "spaceId": ident, "success": bool(viewers)}
        if viewers:
            return {**result, "carrierId": secrets.token_urlsafe(24)}
        return {**result, "errorMsg": "space not exist"}

    def _change_view(self, card: Instance, user: str, data: Json | None, options: Json) -> None:
        if data is not None and user in card.views:
            by_key = options.get("updateCardDataByKey", False)
            card.views[user] = _changed(card.views[user], data, by_key=by_key)

    def _show(self, card: Instance, user: str) -> None:
        params = {**card.views[user], **card.private.get(user, {})}
        body: Json = {"params": params, "template": card.template}
        ident = f"{card.track}:{user}"
        bubble = self._desk.bubbles.get(ident)
        if bubble is None:
            at = self._desk.now().isoformat()
            bubble = Bubble(ident, "dingtalk", user, False, at, "card", body, version=0)
        bubble.body = body
        bubble.version += 1
        self._desk.show(bubble)


def _changed(old: Params | None, data: Json, *, by_key: bool) -> Params:
    """Data after an update: the keys named, or (the default) all of it replaced."""
    return {**((old or {}) if by_key else {}), **data["cardParamMap"]}
