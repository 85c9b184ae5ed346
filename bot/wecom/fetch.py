"""Fetching a file: bytes up to a limit, or the JSON that WeCom answers instead."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import aiohttp

from bot import http
from bot.adapter import Download, TransientError
from bot.event import Json
from bot.wecom import refusals

LARGEST = 20 << 20
_CHUNK = 1 << 16
_LONG_NAME = 120


async def fetch(session: aiohttp.ClientSession, url: str, query: dict[str, str]) -> Download | Json:
    """The file at `url`, or a JSON object with an errcode.

    Raises TransientError for a network fault, UndeliverableError over 20 MB. No redirects: the
    address was checked, the one it would lead to was not.
    """
    try:
        async with session.get(
            url, params=query or None, timeout=http.TIMEOUT, allow_redirects=False
        ) as response:
            if response.status >= 500 or response.status == 429:
                raise TransientError(f"http {response.status}")
            if response.status >= 300:
                return {"errcode": response.status, "errmsg": "no file"}
            content = await _read(response)
            if refused := _refused(response, content):
                return refused
            return Download(_name(response, url), content)
    except (aiohttp.ClientError, TimeoutError, OSError, RuntimeError) as fault:
        raise TransientError(f"network: {type(fault).__name__}") from fault


async def _read(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        content += chunk
        if len(content) > LARGEST:
            raise refusals.no_file("文件超过 20 MB")
    return bytes(content)


def _refused(response: aiohttp.ClientResponse, content: bytes) -> Json | None:
    """The error in place of a file: JSON with an errcode, and no file's name beside it."""
    if "Content-Disposition" in response.headers or not content.lstrip().startswith(b"{"):
        return None
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) and body.get("errcode") else None


def _name(response: aiohttp.ClientResponse, url: str) -> str:
    """The file's own name without a path; "file" when none is told."""
    disposition = response.content_disposition
    told = disposition.filename if disposition else ""
    if not told:  # aiohttp drops what is not quoted as the standard wants it
        found = re.search(r'filename="?([^";]+)', response.headers.get("Content-Disposition", ""))
        told = found[1] if found else PurePosixPath(urlsplit(url).path).name
    name = re.split(r"[/\\]", unquote(told).replace("\0", ""))[-1].strip()
    return name[-_LONG_NAME:] if name and name not in (".", "..", "get") else "file"
