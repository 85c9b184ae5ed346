"""Signed and encrypted callbacks as the platforms send them, for the benches."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import Iterator
from urllib.parse import urlencode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

CORP, AGENT = "wwbench0000000001", "1000002"
TOKEN, AES_KEY = "benchtoken", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
APP, ENCRYPT_KEY, VERIFICATION = "cli_bench", "bench-encrypt-key", "bench-verification"
DING_APP, DING_SECRET, DING_CORP = "dingbenchapp00000001", "bench-app-secret", "dingbenchcorp"

SETTINGS = {
    "MOMENTUM_WECOM__CORP_ID": CORP,
    "MOMENTUM_WECOM__AGENT_ID": AGENT,
    "MOMENTUM_WECOM__SECRET": "bench",
    "MOMENTUM_WECOM__TOKEN": TOKEN,
    "MOMENTUM_WECOM__AES_KEY": AES_KEY,
    "MOMENTUM_FEISHU__APP_ID": APP,
    "MOMENTUM_FEISHU__APP_SECRET": "bench",
    "MOMENTUM_FEISHU__VERIFICATION_TOKEN": VERIFICATION,
    "MOMENTUM_FEISHU__ENCRYPT_KEY": ENCRYPT_KEY,
    "MOMENTUM_DINGTALK__CORP_ID": DING_CORP,
    "MOMENTUM_DINGTALK__APP_KEY": DING_APP,
    "MOMENTUM_DINGTALK__APP_SECRET": DING_SECRET,
}


def requests(platform: str, path: str, start: int) -> Iterator[bytes]:
    """Endless raw HTTP requests, each a new text message of one of a thousand people."""
    make = {"wecom": _wecom, "feishu": _feishu, "dingtalk": _dingtalk}[platform]
    number = start
    while True:
        query, headers, body = make(number)
        target = f"{path}?{query}" if query else path
        lines = [f"POST {target} HTTP/1.1", "Host: bench", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        yield "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        number += 1


def _wecom(number: int) -> tuple[str, dict[str, str], bytes]:
    message = (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName>"
        f"<FromUserName><![CDATA[user{number % 1000}]]></FromUserName>"
        f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[帮助]]></Content><MsgId>{number}</MsgId><AgentID>{AGENT}</AgentID></xml>"
    ).encode()
    key = base64.b64decode(AES_KEY + "=")
    plain = os.urandom(16) + len(message).to_bytes(4, "big") + message + CORP.encode()
    sealed = base64.b64encode(_cbc(key, key[:16], plain, 32)).decode()
    stamp, nonce = str(int(time.time())), str(number)
    signed = "".join(sorted((TOKEN, stamp, nonce, sealed)))
    signature = hashlib.sha1(signed.encode()).hexdigest()  # noqa: S324 — the platform's own
    query = urlencode({"msg_signature": signature, "timestamp": stamp, "nonce": nonce})
    body = (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><AgentID><![CDATA[{AGENT}]]></AgentID>"
        f"<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    )
    return query, {"Content-Type": "text/xml"}, body.encode()


def _feishu(number: int) -> tuple[str, dict[str, str], bytes]:
    event = {
        "schema": "2.0",
        "header": {
            "event_id": f"e{number}",
            "token": VERIFICATION,
            "create_time": str(int(time.time() * 1000)),
            "event_type": "im.message.receive_v1",
            "tenant_key": "bench",
            "app_id": APP,
        },
        "event": {
            "sender": {
                "sender_id": {"open_id": f"ou_{number % 1000}"},
                "sender_type": "user",
                "tenant_key": "bench",
            },
            "message": {
                "message_id": f"om_{number}",
                "create_time": str(int(time.time() * 1000)),
                "chat_id": f"oc_{number % 1000}",
                "chat_type": "p2p",
                "message_type": "text",
                "content": '{"text":"帮助"}',
            },
        },
    }
    key, iv = hashlib.sha256(ENCRYPT_KEY.encode()).digest(), os.urandom(16)
    plain = json.dumps(event, ensure_ascii=False).encode()
    sealed = base64.b64encode(iv + _cbc(key, iv, plain, 16)).decode()
    body = json.dumps({"encrypt": sealed}).encode()
    stamp, nonce = str(int(time.time())), str(number)
    signature = hashlib.sha256((stamp + nonce + ENCRYPT_KEY).encode() + body).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-Lark-Request-Timestamp": stamp,
        "X-Lark-Request-Nonce": nonce,
        "X-Lark-Signature": signature,
    }
    return "", headers, body


def _dingtalk(number: int) -> tuple[str, dict[str, str], bytes]:
    message = {
        "msgtype": "text",
        "msgId": f"msg{number}",
        "createAt": int(time.time() * 1000),
        "conversationType": "1",
        "conversationId": f"cid{number % 1000}",
        "senderId": "$:LWCP_v1:$x",
        "senderStaffId": f"staff{number % 1000}",
        "senderNick": "x",
        "senderCorpId": DING_CORP,
        "chatbotCorpId": DING_CORP,
        "robotCode": DING_APP,
        "text": {"content": " 帮助"},
    }
    stamp = str(int(time.time() * 1000))
    mac = hmac.new(DING_SECRET.encode(), f"{stamp}\n{DING_SECRET}".encode(), hashlib.sha256)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "timestamp": stamp,
        "sign": base64.b64encode(mac.digest()).decode(),
    }
    return "", headers, json.dumps(message, ensure_ascii=False).encode()


def _cbc(key: bytes, iv: bytes, plain: bytes, block: int) -> bytes:
    pad = block - len(plain) % block
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()
