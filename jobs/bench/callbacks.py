"""Signed and encrypted callbacks as the platforms send them, for the benches."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from config.settings import DingTalk, Feishu, Settings, WeCom

SETTINGS = {
    "MOMENTUM_WECOM__CORP_ID": "wwbench0000000001",
    "MOMENTUM_WECOM__AGENT_ID": "1000002",
    "MOMENTUM_WECOM__SECRET": "bench",
    "MOMENTUM_WECOM__TOKEN": "benchtoken",
    "MOMENTUM_WECOM__AES_KEY": "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
    "MOMENTUM_FEISHU__APP_ID": "cli_bench",
    "MOMENTUM_FEISHU__APP_SECRET": "bench",
    "MOMENTUM_FEISHU__VERIFICATION_TOKEN": "bench-verification",
    "MOMENTUM_FEISHU__ENCRYPT_KEY": "bench-encrypt-key",
    "MOMENTUM_DINGTALK__CORP_ID": "dingbenchcorp",
    "MOMENTUM_DINGTALK__APP_KEY": "dingbenchapp00000001",
    "MOMENTUM_DINGTALK__APP_SECRET": "bench-app-secret",
}
"""Credentials of apps that exist nowhere, as environment variables."""


@dataclass(frozen=True, slots=True)
class Said:
    """A text message: its number makes its id, so the same number is the same message."""

    number: int
    user: str
    text: str


@dataclass(frozen=True, slots=True)
class Request:
    """A callback ready to be sent."""

    query: str
    headers: dict[str, str]
    body: bytes

    def raw(self, path: str) -> bytes:
        """As bytes on the wire of HTTP/1.1."""
        target = f"{path}?{self.query}" if self.query else path
        lines = [f"POST {target} HTTP/1.1", "Host: bench", f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


def requests(settings: Settings, platform: str, path: str, start: int) -> Iterator[bytes]:
    """Endless raw requests, each a new message of one of a thousand people."""
    for number in itertools.count(start):
        yield sealed(settings, platform, Said(number, f"u{number % 1000}", "帮助")).raw(path)


def sealed(settings: Settings, platform: str, said: Said) -> Request:
    """A message signed and encrypted as its platform does."""
    if platform == "wecom":
        return _wecom(settings.wecom, said)
    if platform == "feishu":
        return _feishu(settings.feishu, said)
    return _dingtalk(settings.dingtalk, said)


def _wecom(app: WeCom, said: Said) -> Request:
    message = (
        f"<xml><ToUserName><![CDATA[{app.corp_id}]]></ToUserName>"
        f"<FromUserName><![CDATA[{said.user}]]></FromUserName>"
        f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{said.text}]]></Content><MsgId>{said.number}</MsgId>"
        f"<AgentID>{app.agent_id}</AgentID></xml>"
    ).encode()
    key = base64.b64decode(app.aes_key + "=")
    plain = os.urandom(16) + len(message).to_bytes(4, "big") + message + app.corp_id.encode()
    secret = base64.b64encode(_cbc(key, key[:16], plain, 32)).decode()
    stamp, nonce = str(int(time.time())), str(said.number)
    signed = "".join(sorted((app.token, stamp, nonce, secret)))
    signature = hashlib.sha1(signed.encode()).hexdigest()  # noqa: S324 — the platform's own
    query = urlencode({"msg_signature": signature, "timestamp": stamp, "nonce": nonce})
    body = (
        f"<xml><ToUserName><![CDATA[{app.corp_id}]]></ToUserName>"
        f"<AgentID><![CDATA[{app.agent_id}]]></AgentID>"
        f"<Encrypt><![CDATA[{secret}]]></Encrypt></xml>"
    )
    return Request(query, {"Content-Type": "text/xml"}, body.encode())


def _feishu(app: Feishu, said: Said) -> Request:
    at = str(int(time.time() * 1000))
    event = {
        "schema": "2.0",
        "header": {
            "event_id": f"e{said.number}",
            "token": app.verification_token,
            "create_time": at,
            "event_type": "im.message.receive_v1",
            "tenant_key": "bench",
            "app_id": app.app_id,
        },
        "event": {
            "sender": {"sender_id": {"open_id": said.user}, "sender_type": "user"},
            "message": {
                "message_id": f"om_{said.number}",
                "create_time": at,
                "chat_id": f"oc_{said.user}",
                "chat_type": "p2p",
                "message_type": "text",
                "content": json.dumps({"text": said.text}, ensure_ascii=False),
            },
        },
    }
    key, iv = hashlib.sha256(app.encrypt_key.encode()).digest(), os.urandom(16)
    plain = json.dumps(event, ensure_ascii=False).encode()
    body = json.dumps({"encrypt": base64.b64encode(iv + _cbc(key, iv, plain, 16)).decode()})
    stamp, nonce = str(int(time.time())), str(said.number)
    signed = (stamp + nonce + app.encrypt_key + body).encode()
    headers = {
        "Content-Type": "application/json",
        "X-Lark-Request-Timestamp": stamp,
        "X-Lark-Request-Nonce": nonce,
        "X-Lark-Signature": hashlib.sha256(signed).hexdigest(),
    }
    return Request("", headers, body.encode())


def _dingtalk(app: DingTalk, said: Said) -> Request:
    message = {
        "msgtype": "text",
        "msgId": f"msg{said.number}",
        "createAt": int(time.time() * 1000),
        "conversationType": "1",
        "conversationId": f"cid{said.user}",
        "senderId": "$:LWCP_v1:$x",
        "senderStaffId": said.user,
        "senderNick": "x",
        "senderCorpId": app.corp_id,
        "chatbotCorpId": app.corp_id,
        "robotCode": app.robot_code or app.app_key,
        "text": {"content": f" {said.text}"},
    }
    stamp = str(int(time.time() * 1000))
    mac = hmac.new(app.app_secret.encode(), f"{stamp}\n{app.app_secret}".encode(), hashlib.sha256)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "timestamp": stamp,
        "sign": base64.b64encode(mac.digest()).decode(),
    }
    return Request("", headers, json.dumps(message, ensure_ascii=False).encode())


def _cbc(key: bytes, iv: bytes, plain: bytes, block: int) -> bytes:
    pad = block - len(plain) % block
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()
