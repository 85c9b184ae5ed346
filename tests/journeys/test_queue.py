"""The embedded queue: an end even without it, and no connection left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

from redis.asyncio import Redis

import main
from config.settings import Settings


async def test_the_program_ends_although_its_queue_has_died(tmp_path: Path) -> None:
    async with asyncio.timeout(8):
        async with main.running(Settings(data_dir=tmp_path)):
            await asyncio.sleep(0.3)  # the worker listens
            os.kill(int((tmp_path / "queue" / "pid").read_text()), signal.SIGKILL)
            killed = time.monotonic()
        assert time.monotonic() - killed < 5


async def test_many_that_knock_at_once_leave_none_open_behind(tmp_path: Path) -> None:
    async with main.running(Settings(data_dir=tmp_path), works=False) as program:
        await asyncio.gather(*(program.queue.is_alive() for _ in range(8)))
        await program.queue.close()
        async with Redis(unix_socket_path=str(tmp_path / "queue" / "queue.sock")) as asker:
            assert len(await asker.client_list()) == 1  # the asker itself
