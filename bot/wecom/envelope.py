"""The outside of WeCom's letters: XML for an app, JSON for an AI bot."""

from __future__ import annotations

import json

from bot.adapter import RejectedError, WireAnswer
from bot.event import Incoming, Json
from bot.wecom import markup
from bot.wecom.crypto import Seal

LARGEST_BODY = 1 << 20


def sealed(body: bytes) -> tuple[str, bool]:
    """The encrypted part, and whether it came in JSON; the first byte decides."""
    if len(body) > LARGEST_BODY:
        raise RejectedError("size", 413)
    try:
        if body.lstrip()[:1] == b"{":
            data: Json = json.loads(body)
            found = data.get("encrypt") or data.get("Encrypt")
            return (found.strip() if isinstance(found, str) else ""), True
        return markup.text(markup.read(body), "Encrypt"), False
    except (ValueError, RecursionError) as fault:
        raise RejectedError("envelope", 400) from fault


def xml_answer(seal: Seal, incoming: Incoming, plain: str) -> WireAnswer:
    """An app's reply inside the acknowledgement."""
    timestamp, nonce = str(int(incoming.at.timestamp())), incoming.query.get("nonce", "")
    inside = seal.sealed(plain.encode())
    signature = seal.signature(timestamp, nonce, inside)
    body = (
        f"<xml><Encrypt>{markup.cdata(inside)}</Encrypt>"
        f"<MsgSignature>{markup.cdata(signature)}</MsgSignature>"
        f"<TimeStamp>{timestamp}</TimeStamp><Nonce>{markup.cdata(nonce)}</Nonce></xml>"
    )
    return WireAnswer(body=body.encode(), content_type="application/xml")


def json_answer(seal: Seal, incoming: Incoming, reply: Json) -> WireAnswer:
    """An AI bot's; the nonce must be the callback's own."""
    seconds, nonce = int(incoming.at.timestamp()), incoming.query.get("nonce", "")
    inside = seal.sealed(json.dumps(reply, ensure_ascii=False).encode(errors="replace"))
    body = {
        "encrypt": inside,
        "msgsignature": seal.signature(str(seconds), nonce, inside),
        "timestamp": seconds,
        "nonce": nonce,
    }
    return WireAnswer(body=json.dumps(body).encode(), content_type="application/json")
