"""The SQLite backend, with transactions that take the write lock when they begin.

A deferred transaction that reads and then writes fails at once with BUSY when another process
wrote in between; an immediate one waits its turn.
"""

from __future__ import annotations

import sqlite3

from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
)
from tortoise.exceptions import TransactionManagementError


class _ImmediateWrapper(SqliteTransactionWrapper):
    async def begin(self) -> None:
        try:
            await self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as fault:
            raise TransactionManagementError(fault) from fault


class ImmediateClient(SqliteClient):
    """SQLite whose transactions begin IMMEDIATE."""

    def _in_transaction(self) -> SqliteTransactionContext:
        return SqliteTransactionContext(_ImmediateWrapper(self), self._lock)


client_class = ImmediateClient
