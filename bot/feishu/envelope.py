"""Who may speak to us as Feishu: opens a callback, and believes it or refuses it."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.adapter import RejectedError, WireAnswer
from bot.event import Incoming, Json
from bot.feishu import crypto
from bot.feishu.shape import EPOCH, moment, record, words
from config.settings import Feishu

log = logging.getLogger(__name__)

PRESS = "card.action.trigger"
PRESS_SECONDS = 600  # presses are never sent again, so an old one is a replay


@dataclass(frozen=True, slots=True)
class Envelope:
    """An authentic callback: its type, its own id, its time, and what is inside."""

    type: str
    key: str
    at: datetime
    event: Json
    whole: Json


def admit(settings: Feishu, incoming: Incoming) -> Envelope | WireAnswer:
    """Authenticate a callback, or answer the two that need no event.

    Raises RejectedError, and nothing else.
    """
    plain = incoming.body
    data = crypto.parsed(plain)
    if _is_legacy(data):
        crypto.check_legacy(settings.verification_token, incoming)
        _check_age(incoming, PRESS_SECONDS)
        log.info("legacy card callback: subscribe to %s instead", PRESS)
        return answered({})
    if settings.encrypt_key:
        plain = crypto.decrypted(settings.encrypt_key, data.get("encrypt"))
        data = crypto.parsed(plain)
    elif "encrypt" in data:
        raise RejectedError("encryption", 400)
    if data.get("type") == "url_verification":  # the one call that carries no usable signature
        return _challenge(settings, data)
    return _event(settings, incoming, data, hashlib.sha256(plain).hexdigest())


def answered(body: Json) -> WireAnswer:
    """An answer in JSON with status 200."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return WireAnswer(200, text.encode("utf-8", "replace"), "application/json")


def opened(data: Json, now: datetime, digest: str) -> tuple[Envelope, str]:
    """The envelope of a payload that came over an authenticated line, and the app it is for."""
    envelope, _, app_id = _read(data, now, digest)
    return envelope, app_id


def _event(settings: Feishu, incoming: Incoming, data: Json, digest: str) -> Envelope:
    if settings.encrypt_key:
        crypto.check_event(settings.encrypt_key, incoming)
    envelope, token, app_id = _read(data, incoming.at, digest)
    # presses sometimes lack the token; the signature over the body stands in for it
    _check_token(settings, token, needed=not settings.encrypt_key)
    if app_id and app_id != settings.app_id:
        raise RejectedError("receiver")
    if settings.encrypt_key:
        press = envelope.type == PRESS
        oldest = min(PRESS_SECONDS, settings.replay_seconds) if press else settings.replay_seconds
        _check_age(incoming, oldest)
    return envelope


def _read(data: Json, now: datetime, digest: str) -> tuple[Envelope, str, str]:
    """The envelope of either version, with the token and the app id it carries.

    `digest` of the plaintext stands in for a missing id: a redelivery is still recognised.
    """
    event, head = record(data, "event"), record(data, "header")
    if data.get("schema") == "2.0" or head:
        kind, key, stamp = (words(head, name) for name in ("event_type", "event_id", "create_time"))
        token, app_id = words(head, "token"), words(head, "app_id")
    else:
        kind, key, stamp = words(event, "type"), words(data, "uuid"), words(data, "ts")
        token, app_id = words(data, "token"), words(event, "app_id")
    return Envelope(kind, key or digest, moment(stamp, now), event, data), token, app_id


def _challenge(settings: Feishu, data: Json) -> WireAnswer:
    needed = bool(settings.verification_token) or not settings.encrypt_key
    _check_token(settings, words(data, "token"), needed=needed)
    challenge = data.get("challenge")
    if not isinstance(challenge, str):
        raise RejectedError("challenge", 400)
    return answered({"challenge": challenge})


def _check_token(settings: Feishu, given: str, *, needed: bool) -> None:
    expected = settings.verification_token
    if not given and not needed:
        return
    if not expected and not needed:
        return
    if not expected or not crypto.same(given, expected):
        raise RejectedError("token")


def _check_age(incoming: Incoming, oldest_seconds: int) -> None:
    stamp = incoming.headers.get("X-Lark-Request-Timestamp") or ""
    age = incoming.at - moment(stamp, EPOCH)
    if not -timedelta(seconds=PRESS_SECONDS) <= age <= timedelta(seconds=oldest_seconds):
        raise RejectedError("timestamp")


def _is_legacy(data: Json) -> bool:
    newer = {"encrypt", "schema", "header", "event", "type"} & data.keys()
    return isinstance(data.get("action"), dict) and not newer
