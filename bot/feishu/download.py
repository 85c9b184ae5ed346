"""Files that people sent: by the keys that `message.said` put into the event's origin."""

from __future__ import annotations

from collections.abc import Mapping

from bot.adapter import Download, UndeliverableError
from bot.feishu.client import Client

MAX_BYTES = 20_000_000  # the platform allows 100 MB, our memory less
SUFFIXES = {"audio": ".opus", "media": ".mp4", "image": ".png", "sticker": ".png"}
MAGIC = {b"\xff\xd8\xff": ".jpg", b"GIF8": ".gif", b"RIFF": ".webp", b"BM": ".bmp"}


async def download(client: Client, origin: Mapping[str, str]) -> Download:
    """Fetch the file, else the (first) picture of a message. Raises as `deliver`."""
    message, kind = origin.get("message", ""), origin.get("content", "")
    file, image = (origin.get(name, "").partition(",")[0] for name in ("file_key", "image_key"))
    if not message or not (file or image):
        raise UndeliverableError("origin", "这条消息里没有文件", "请发送文件、图片或语音")
    what = "file" if file else "image"
    name, content = await client.download(message, file or image, what, most=MAX_BYTES)
    named = name if "." in name else ""  # a bare key tells nobody what it is
    return Download(origin.get("file_name") or named or _name(what, kind, content), content)


def _name(what: str, kind: str, content: bytes) -> str:
    """A name for what the platform does not name: its kind, and an extension by its first bytes."""
    known = next((suffix for magic, suffix in MAGIC.items() if content.startswith(magic)), "")
    fallback = SUFFIXES.get(kind, ".png" if what == "image" else "")
    return f"{kind or what}{known or fallback}"
