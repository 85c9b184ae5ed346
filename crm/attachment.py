"""Files that go out with cards: which kinds, and how large."""

from __future__ import annotations

import hashlib
from pathlib import PurePath

from crm.refusal import RefusedError

MOST_BYTES = 20 * 1024 * 1024  # WeCom and DingTalk; Feishu takes 30 MB
LEAST_BYTES = 6  # WeCom refuses files of five bytes and less
MOST_LETTERS = 100
KINDS = frozenset(
    (
        *("pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "zip", "rar", "csv", "txt"),
        *("png", "jpg", "jpeg", "gif", "mp4", "amr", "ics"),
    )
)


def check(name: str, content: bytes) -> None:
    """Raises RefusedError for a file that no platform would take."""
    kind = PurePath(name).suffix.lower().removeprefix(".")
    if not name or len(name) > MOST_LETTERS or any(bad in name for bad in '/\\"\r\n\0'):
        raise RefusedError(f"文件名「{name[:20]}」不可用，请改成 {MOST_LETTERS} 字以内的普通名字")
    if kind not in KINDS:
        raise RefusedError(f"不支持「.{kind}」文件，可用 {'、'.join(sorted(KINDS))}")
    if not LEAST_BYTES <= len(content) <= MOST_BYTES:
        raise RefusedError(f"「{name}」有 {len(content)} 字节，允许 6 字节到 20 MB")


def key_of(tenant: str, name: str, content: bytes) -> str:
    """The same file has the same key, so a repeated job keeps it once."""
    head = f"{tenant}\n{name}\n".encode()
    return hashlib.sha256(head + content).hexdigest()[:40]
