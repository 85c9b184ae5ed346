"""The SQLite backend, with transactions that take the write lock when they begin.

A deferred transaction that reads and then writes fails at once with BUSY when another process
wrote in between; an immediate one waits its turn.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
)
from tortoise.connection import get_connections
from tortoise.exceptions import TransactionManagementError


class _ImmediateWrapper(SqliteTransactionWrapper):
    async def begin(self) -> None:
        try:
            await self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as fault:
            raise TransactionManagementError(fault) from fault


class _Context(SqliteTransactionContext):
    """A transaction that leaves nothing locked if it does not begin, or is cancelled meanwhile."""

    async def __aenter__(self) -> TransactionalDBClient:
        await self._trxlock.acquire()
        try:
            await self.ensure_connection()
            self.token = get_connections().set(self.connection_name, self.connection)
            await self.connection.begin()
        except BaseException:
            try:
                await asyncio.shield(self._undone())
            finally:
                if hasattr(self, "token"):
                    get_connections().reset(self.token)
                self._trxlock.release()
            raise
        client: TransactionalDBClient = self.connection
        return client

    async def _undone(self) -> None:
        """A cancelled BEGIN has reached the connection's thread and is carried out there."""
        with suppress(sqlite3.OperationalError):  # there is no transaction
            await self.connection._connection.execute("ROLLBACK")


class ImmediateClient(SqliteClient):
    """SQLite whose transactions begin IMMEDIATE."""

    def _in_transaction(self) -> SqliteTransactionContext:
        return _Context(_ImmediateWrapper(self), self._lock)


client_class = ImmediateClient
