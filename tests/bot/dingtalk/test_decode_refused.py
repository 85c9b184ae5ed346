from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from bot.adapter import Adapter, RejectedError
from bot.dingtalk.adapter import DingTalkAdapter
from bot.event import Event, Incoming

from . import desk
from .desk import NOW, SETTINGS, later, payload

Seal = Callable[..., Incoming]


@pytest.mark.parametrize(
    ("incoming", "check"),
    [
        (desk.robot(payload("robot__text"), secret="guess"), "signature"),
        (desk.robot(payload("robot__text"), at=later(seconds=3600.001)), "timestamp"),
        (desk.robot(payload("robot__text"), at=later(seconds=-3600.001)), "timestamp"),
        (desk.robot({**payload("robot__text"), "chatbotCorpId": "dingOther"}), "receiver"),
        (desk.robot({**payload("robot__text"), "robotCode": "dingOther"}), "receiver"),
        (desk.robot(b"not json"), "json"),
        (desk.robot(b"[]"), "json"),
        (desk.robot(b"[" * 200_000), "json"),
        (desk.robot(b"\xff\xfe"), "json"),
        (desk.card(payload("card__button"), secret="guess"), "signature"),
        (desk.card(payload("card__button"), at=later(seconds=300.001)), "timestamp"),
        (desk.card({**payload("card__button"), "corpId": "dingOther"}), "receiver"),
        (desk.card(b"null"), "json"),
        (desk.event(payload("event__user_leave"), owner="dingOther"), "receiver"),
        (desk.event(payload("event__user_leave"), at=later(hours=2)), "timestamp"),
        (desk.event({**payload("event__user_leave"), "CorpId": "dingOther"}), "receiver"),
        (desk.event(b"no json"), "json"),
        (replace(desk.robot({}), method="GET"), "method"),
        (replace(desk.robot({}), route="stream"), "route"),
    ],
)
def test_what_is_refused(shop: Adapter, incoming: Incoming, check: str) -> None:
    with pytest.raises(RejectedError) as caught:
        shop.decode(incoming)
    assert caught.value.check == check


@pytest.mark.parametrize("sealed", [desk.robot, desk.card])
def test_a_missing_header_is_no_way_round(shop: Adapter, sealed: Seal) -> None:
    came = sealed(payload("robot__text"))
    for header in came.headers:
        headers = CIMultiDict({k: v for k, v in came.headers.items() if k != header})
        with pytest.raises(RejectedError):
            shop.decode(replace(came, headers=headers))


@pytest.mark.parametrize("name", ["signature", "timestamp", "nonce"])
def test_a_changed_query_is_refused(shop: Adapter, name: str) -> None:
    came = desk.event(payload("event__user_leave"))
    query = dict(came.query)
    query.pop("msg_signature")
    shop.decode(replace(came, query=query))
    for value in ("", "x", query[name] + "0"):
        with pytest.raises(RejectedError):
            shop.decode(replace(came, query={**query, name: value}))


def test_missing_keys_close_the_doors() -> None:
    bare = desk.adapter(replace(SETTINGS, app_secret="", token="", aes_key="", card_api_secret=""))
    for incoming, check in (
        (desk.robot({}), "app secret not configured"),
        (desk.event({}), "event keys not configured"),
        (desk.card({}), "card secret not configured"),
    ):
        with pytest.raises(RejectedError) as caught:
            bare.decode(incoming)
        assert caught.value.check == check


def test_the_window_can_only_be_shortened() -> None:
    old = desk.robot(payload("robot__text"), at=later(minutes=-30))
    assert desk.adapter(replace(SETTINGS, replay_seconds=999_999)).decode(old)
    with pytest.raises(RejectedError):
        desk.adapter(replace(SETTINGS, replay_seconds=300)).decode(old)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=4), inside),
    max_leaves=6,
)


SEALED: list[tuple[Seal, str]] = [
    (desk.robot, "robot__text"),
    (desk.robot, "robot__rich_text"),
    (desk.robot, "robot__file"),
    (desk.card, "card__form"),
    (desk.event, "event__attendance"),
]


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_shape_is_an_event_or_refused(data: st.DataObject) -> None:
    shop = desk.adapter()
    sealed, name = data.draw(st.sampled_from(SEALED))
    body = payload(name)
    for field in data.draw(st.sets(st.sampled_from(sorted(body)), max_size=4)):
        body[field] = data.draw(ANYTHING)
    try:
        event = shop.decode(sealed(json.dumps(body).encode()))
    except RejectedError:
        return
    if isinstance(event, Event):
        assert Event.from_json(json.loads(json.dumps(event.to_json()).encode())) == event
        event.text.encode()


@given(st.binary(max_size=64), st.sampled_from(["robot", "event", "card", ""]))
@settings(max_examples=50, deadline=None)
def test_noise_is_refused(noise: bytes, route: str) -> None:
    shop: DingTalkAdapter = desk.adapter()
    with pytest.raises(RejectedError):
        shop.decode(Incoming("POST", route, {}, CIMultiDict(), noise, NOW))
