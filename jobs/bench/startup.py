"""Start to first answer, and idle memory, of the one-process default."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
import time
from pathlib import Path

import aiohttp

from config.settings import Settings

ROOT = Path(__file__).parent.parent.parent
IDLE_SECONDS = 5.0
GOAL_SECONDS, GOAL_MB = 4.0, 250.0


async def measure(settings: Settings) -> int:
    """Start `main.py web` on a fresh directory, ask it, leave it idle, and read its memory."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        env = {
            **{name: text for name, text in os.environ.items() if not name.startswith("MOMENTUM_")},
            "MOMENTUM_DATA_DIR": folder,
            "MOMENTUM_PORT": str(port),
            "MOMENTUM_LOG_LEVEL": "ERROR",
        }
        started = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "main.py", "web", cwd=ROOT, env=env, stdout=asyncio.subprocess.DEVNULL
        )
        try:
            seconds = await _first_answer(port, started)
            await asyncio.sleep(IDLE_SECONDS)
            memory = {pid: _resident_mb(pid) for pid in (process.pid, *_children(process.pid))}
        finally:
            process.terminate()
            await process.wait()
    total = sum(memory.values())
    print(f"start to first answer: {seconds:.2f} s (goal < {GOAL_SECONDS:g} s)")
    print(f"idle memory: {total:.0f} MB (goal < {GOAL_MB:g} MB)")
    print(f"  web and worker: {memory[process.pid]:.0f} MB")
    print(f"  embedded queue: {total - memory[process.pid]:.0f} MB")
    return 0 if seconds < GOAL_SECONDS and total < GOAL_MB else 1


async def _first_answer(port: int, started: float) -> float:
    async with aiohttp.ClientSession() as session:
        while time.perf_counter() - started < 60:
            try:
                async with session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    if answer.status == 200:
                        return time.perf_counter() - started
            except aiohttp.ClientError:
                await asyncio.sleep(0.02)
    raise TimeoutError("no answer within a minute")


def _resident_mb(pid: int) -> float:
    """Resident memory; shared pages count in full, so the sum errs on the high side."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
