"""Files that people sent to the robot: fetched at once, for their addresses do not live long.

Source: open.dingtalk.com/document/development/download-the-file-content-of-the-robot-receiving-
message. How long the code and the address live is not documented.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import aiohttp

from bot.adapter import Download, TransientError, UndeliverableError
from bot.dingtalk.client import Client
from bot.dingtalk.hosts import is_store
from bot.dingtalk.reading import words
from config.settings import DingTalk

PATH = "/v1.0/robot/messageFiles/download"
LARGEST = 20 << 20  # bytes; DingTalk's own limit of a file
TIMEOUT = aiohttp.ClientTimeout(total=60, connect=5)
CHUNK = 64 << 10

# DingTalk's addresses end in ".file": what it is, only the message knew
_NAMES = {"picture": "图片.jpg", "richText": "图片.jpg", "audio": "语音.amr", "video": "视频.mp4"}


class Files:
    """Downloads for one app."""

    def __init__(
        self, settings: DingTalk, client: Client, session: Callable[[], aiohttp.ClientSession]
    ) -> None:
        self._settings = settings
        self._client = client
        self._session = session
        self._robot = settings.robot_code or settings.app_key

    async def download(self, origin: Mapping[str, str]) -> Download:
        """The file of an event; of several pictures the first.

        For the others give the origin with one code of its "download_code" at a time. Raises
        TransientError or UndeliverableError.
        """
        code = origin.get("download_code", "").partition(",")[0]
        if not code:
            raise UndeliverableError("file.none", "这条消息没有可下载的文件", "请重新发送文件")
        robot = origin.get("robot_code") or self._robot
        answer = await self._client.call("POST", PATH, {"downloadCode": code, "robotCode": robot})
        url = words(answer.get("downloadUrl"))
        if not is_store(self._settings, url):
            raise UndeliverableError(
                "file.host", "文件的下载地址不属于钉钉，已拒绝", "请重新发送文件"
            )
        name = origin.get("file_name") or _NAMES.get(origin.get("msgtype", ""), "文件")
        return Download(name, await self._fetch(url))

    async def _fetch(self, url: str) -> bytes:
        """No redirect is followed: it could lead anywhere. The token stays at home."""
        try:
            async with self._session().get(url, timeout=TIMEOUT, allow_redirects=False) as response:
                if response.status >= 500 or response.status == 429:
                    raise TransientError(f"file store answers {response.status}")
                if response.status != 200:
                    raise UndeliverableError(
                        f"file.{response.status}", "文件已过期或取不到", "请重新发送文件"
                    )
                return await _within_limit(response)
        except (aiohttp.ClientError, TimeoutError, OSError, RuntimeError) as fault:
            raise TransientError(f"network: {type(fault).__name__}") from fault


async def _within_limit(response: aiohttp.ClientResponse) -> bytes:
    found = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK):
        found += chunk
        if len(found) > LARGEST:
            raise UndeliverableError("file.size", "文件超过 20 MB", "请压缩或拆分后重新发送")
    return bytes(found)
