"""Structured logs: one JSON object a line, with the trace that follows an event to its delivery."""

from __future__ import annotations

import json
import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

trace: ContextVar[str] = ContextVar("trace", default="")
"""Id of what is being worked on; set where a callback, a delivery or a job begins."""

_KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_PERSONAL = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)")


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
        text = json.dumps(
            {k: v for k, v in line.items() if v != ""}, ensure_ascii=False, default=str
        )
        return _PERSONAL.sub(r"\1****\2", text)


def start(level: str) -> None:
    """Send all logs to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("aiohttp.access", "arq.worker", "arq.jobs", "tortoise", "aiosqlite"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
