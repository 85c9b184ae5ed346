"""Structured logs: one JSON object a line, with the trace that follows an event to its delivery."""

from __future__ import annotations

import json
import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

trace: ContextVar[str] = ContextVar("trace", default="")
"""Id of what is being worked on; set where a callback, a delivery or a job begins."""

_KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_PERSONAL = re.compile(r"(?<!\d)((?:(?:00)?86)?1[3-9]\d)[ -]?\d{4}[ -]?(\d{4})(?!\d)")


class JsonLines(logging.Formatter):
    """Facts as fields; mobile numbers are masked even if somebody logs one by mistake."""

    def format(self, record: logging.LogRecord) -> str:
        facts = {name: value for name, value in vars(record).items() if name not in _KNOWN}
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "log": record.name,
            "event": record.getMessage(),
            "trace": trace.get(),
            **facts,
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(
            {name: _masked(value) for name, value in line.items() if value != ""},
            ensure_ascii=False,
        )


def _masked(value: Any) -> Any:
    """A fact as JSON can hold it; masked before that, since its escapes end in digits."""
    if isinstance(value, dict):
        return {str(name): _masked(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item) for item in value]
    if value is None or isinstance(value, bool | float):
        return value
    text = str(value)
    shown = _PERSONAL.sub(r"\1****\2", text)
    return value if isinstance(value, int) and shown == text else shown


def start(level: str) -> None:
    """Send all logs to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("aiohttp.access", "arq.worker", "arq.jobs", "tortoise", "aiosqlite"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
