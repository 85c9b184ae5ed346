"""Bytes instead of JSON: a file that somebody sent, as far as it is not too large."""

from __future__ import annotations

import json
from urllib.parse import unquote

import aiohttp

from bot.adapter import TransientError, UndeliverableError
from bot.http import Reply

TIMEOUT = aiohttp.ClientTimeout(total=60, connect=5)
CHUNK_BYTES = 65_536


async def fetched(
    session: aiohttp.ClientSession, url: str, token: str, params: dict[str, str], *, most: int
) -> Reply | tuple[str, bytes]:
    """The file's name ("" if none) and bytes, or the API's refusal.

    Raises TransientError for a network fault, UndeliverableError for over `most` bytes.
    """
    headers = {"Authorization": f"Bearer {token}"}
    try:
        async with session.get(url, headers=headers, params=params, timeout=TIMEOUT) as response:
            content = await _content(response, most)
            # people send JSON files too: an answer that names a file is one
            error = response.content_type == "application/json" and not _name(response)
            if response.status < 400 and not error:
                return _name(response), content
            names = {name.lower(): value for name, value in response.headers.items()}
            body = json.loads(content)
            status = response.status
    except (aiohttp.ClientError, TimeoutError, OSError, RuntimeError) as fault:
        raise TransientError(f"network: {type(fault).__name__}") from fault
    except ValueError as fault:
        raise TransientError("answer is neither a file nor JSON") from fault
    return Reply(status, names, body if isinstance(body, dict) else {})


async def _content(response: aiohttp.ClientResponse, most: int) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        content += chunk
        if len(content) > most:
            limit = most // 1_000_000
            raise UndeliverableError("size", f"文件超过 {limit} MB", "请发送小一些的文件")
    return bytes(content)


def _name(response: aiohttp.ClientResponse) -> str:
    """The last part of the announced name; a path in it is not followed."""
    disposition = response.content_disposition
    name = unquote(disposition.filename or "") if disposition else ""
    return name.replace("\\", "/").rpartition("/")[2]
