"""The SQLite backend, with transactions that take the write lock when they begin.

A deferred transaction that reads and then writes fails at once with BUSY when another process
wrote in between; an immediate one waits its turn.
"""

from __future__ import annotations

import sqlite3

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
)
from tortoise.connection import get_connections
from tortoise.exceptions import OperationalError


class _ImmediateWrapper(SqliteTransactionWrapper):
    async def begin(self) -> None:
        try:
            await self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as fault:
            raise OperationalError(fault) from fault


class _ImmediateContext(SqliteTransactionContext):
    """A transaction that could not begin leaves no trace: the next one may try."""

    async def __aenter__(self) -> TransactionalDBClient:
        await self._trxlock.acquire()
        try:
            await self.ensure_connection()
            await self.connection.begin()
        except BaseException:
            self._trxlock.release()
            raise
        self.token = get_connections().set(self.connection_name, self.connection)
        client: TransactionalDBClient = self.connection
        return client


class ImmediateClient(SqliteClient):
    """SQLite whose transactions begin IMMEDIATE."""

    def _in_transaction(self) -> SqliteTransactionContext:
        return _ImmediateContext(_ImmediateWrapper(self), self._lock)


client_class = ImmediateClient
