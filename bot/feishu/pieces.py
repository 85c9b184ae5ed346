"""Messages that come in several frames, put together again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.feishu.frame import Frame

KEEP_SECONDS = 5.0  # the SDK's own; what is not complete by then is sent again anyway
MAX_PIECES = 1_000
MAX_WAITING = 256


@dataclass
class _Waiting:
    since: float
    parts: dict[int, bytes] = field(default_factory=dict)


class Pieces:
    """The incomplete messages of one connection."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._waiting: dict[str, _Waiting] = {}

    def whole(self, frame: Frame) -> bytes | None:
        """The message's payload once its last piece is here; None before, and for a wrong piece."""
        total, number = _number(frame, "sum", 1), _number(frame, "seq", 0)
        if total <= 1:
            return frame.payload
        if total > MAX_PIECES or number >= total:
            return None
        self._forget_old()
        key = frame.header("message_id")
        waiting = self._waiting.setdefault(key, _Waiting(self._monotonic()))
        waiting.parts[number] = frame.payload
        if len(waiting.parts) < total:
            return None
        del self._waiting[key]
        return b"".join(waiting.parts.get(i, b"") for i in range(total))

    def _forget_old(self) -> None:
        now = self._monotonic()
        old = [key for key, one in self._waiting.items() if now - one.since > KEEP_SECONDS]
        old += list(self._waiting)[: max(0, len(self._waiting) - MAX_WAITING)]
        for key in old:
            self._waiting.pop(key, None)


def _number(frame: Frame, name: str, default: int) -> int:
    text = frame.header(name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else default
