"""Moments in the database: always UTC, so that SQLite's text sorts as time does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tortoise.fields import DatetimeField
from tortoise.models import Model


class MomentField(DatetimeField[Any]):
    """An aware time, kept in UTC whatever zone it came in."""

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> Any:
        if isinstance(value, datetime) and value.tzinfo is not None:
            value = value.astimezone(UTC)
        return super().to_db_value(value, instance)
