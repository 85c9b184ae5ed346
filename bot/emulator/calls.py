"""An API call to an emulated platform and its answer, read whole and fit to be shown."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.emulator.desk import Json

LARGEST_BODY = 32 << 20
SECRET = re.compile(r"token|secret|ticket|authorization|session|apikey|^sign$|signature$", re.I)
NEVER_SECRET = {"msg_signature"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a multipart form; `filename` is "" unless it came as a plain `filename="…"`."""

    filename: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """One API call to the platform. `body` is the JSON, a form's fields by name, or None."""

    method: str
    path: str
    match: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    raw: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """The platform's answer; `body` is JSON, or bytes of `content_type`. `note` is for the log."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    user: str = ""
    note: str = ""


def response(answer: Answer) -> web.Response:
    """The answer as aiohttp sends it; Chinese goes out raw."""
    if isinstance(answer.body, bytes):
        body = answer.body
    else:
        body = json.dumps(answer.body, ensure_ascii=False).encode()
    return web.Response(
        body=body,
        status=answer.status,
        headers=dict(answer.headers),
        content_type=answer.content_type,
    )


async def read(request: web.Request) -> Call:
    """Read a call whole; a body that is no JSON and no form has `body` None."""
    raw = b""
    if (request.content_length or 0) <= LARGEST_BODY:
        raw = await request.content.read()
    kind = request.headers.get("Content-Type", "")
    return Call(
        method=request.method,
        path=request.path,
        match=dict(request.match_info),
        query=dict(request.query),
        headers=request.headers,
        body=_form(kind, raw) if kind.startswith("multipart/form-data") else _json(raw),
        raw=raw,
    )


def masked(value: Any, key: str = "") -> Any:
    """The same, with the values of everything named like a secret cut to four characters."""
    if isinstance(value, dict):
        return {name: masked(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner, key) for inner in value]
    if isinstance(value, str) and SECRET.search(key) and key not in NEVER_SECRET:
        return f"{value[:4]}…" if value else value
    return value


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _form(kind: str, raw: bytes) -> dict[str, Any]:
    boundary = re.search(r'boundary="?([^";]+)', kind)
    if boundary is None:
        return {}
    fields: dict[str, Any] = {}
    for part in (b"\r\n" + raw).split(b"\r\n--" + boundary[1].encode())[1:-1]:
        head, _, data = part.partition(b"\r\n\r\n")
        header = head.decode(errors="replace")
        name = _of(r'[; ]name="([^"]*)"', header)
        if "filename" in header:
            filename = _of(r'[; ]filename="([^"]*)"', header)
            content_type = _of(r"(?i)content-type: *([^\r;]+)", header)
            fields[name] = Upload(filename, content_type, data)
        else:
            fields[name] = data.decode(errors="replace")
    return fields


def _of(pattern: str, header: str) -> str:
    found = re.search(pattern, header)
    return found[1] if found else ""


def shown(call: Call) -> Json:
    """A call as the log shows it: files by their size."""
    shown: Json = {}
    if call.query:
        shown["query"] = dict(call.query)
    if isinstance(call.body, dict):
        shown["body"] = {name: brief(value) for name, value in call.body.items()}
    elif call.raw:
        shown["body"] = call.body if call.body is not None else f"{len(call.raw)} bytes, not JSON"
    return shown


def brief(value: Any) -> Any:
    """Bytes and files by their size, everything else as it is."""
    if isinstance(value, Upload):
        return {"filename": value.filename, "type": value.content_type, "bytes": len(value.data)}
    return f"{len(value)} bytes" if isinstance(value, bytes) else value
