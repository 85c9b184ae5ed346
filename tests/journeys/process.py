"""The program in a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import aiohttp

import main
from config.settings import Settings


class Process:
    """`main.py web` (or demo) as an installation runs it, and the hand that kills it."""

    def __init__(self, settings: Settings, folder: Path, command: str = "web") -> None:
        self._settings = settings
        self._folder = folder
        self._command = command
        self._running: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with (self._folder / "log").open("ab") as log:
            self._running = await asyncio.create_subprocess_exec(
                *(sys.executable, str(Path(main.__file__)), self._command),
                cwd=self._folder,
                env=environment(self._settings),
                stdout=log,
                stderr=log,
            )

    async def kill(self) -> None:
        assert self._running
        assert self._running.returncode is None, "it ended by itself"
        self._running.kill()
        await self._running.wait()

    async def stop(self, patience: float = 30) -> int:
        """End it in peace, or by force after `patience` seconds; returns its exit code."""
        assert self._running
        if self._running.returncode is None:
            self._running.terminate()
        try:
            code = await asyncio.wait_for(self._running.wait(), patience)
        except TimeoutError:
            self._running.kill()
            code = await self._running.wait()
        for kept in self._folder.rglob("queue/pid"):  # a failed test may end while it lies killed
            with suppress(OSError, ValueError):
                os.kill(int(kept.read_text()), signal.SIGKILL)
        return code

    def children(self, words: str) -> list[int]:
        """Its child processes whose command line has these words."""
        assert self._running
        listed = Path(f"/proc/{self._running.pid}/task/{self._running.pid}/children").read_text()
        return [int(pid) for pid in listed.split() if words in _command_line(pid)]

    async def ready(self) -> None:
        """Wait for the first good answer to /readyz."""
        await self.metrics("/readyz")

    async def metrics(self, path: str = "/metrics") -> dict[str, float]:
        url = f"{self._settings.base_url}{path}"
        async with asyncio.timeout(60), aiohttp.ClientSession() as session:
            while True:
                with suppress(aiohttp.ClientError):
                    async with session.get(url) as answer:
                        lines = (await answer.text()).splitlines()
                        if answer.status == 200:
                            break
                await asyncio.sleep(0.02)
        pairs = (line.rsplit(" ", 1) for line in lines if line[:1].isalpha())
        return {name: float(value) for name, value in pairs}


def _command_line(pid: str) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    return ""


def environment(settings: Settings) -> dict[str, str]:
    """The settings as MOMENTUM_ variables, and nothing of our own."""
    found = {name: text for name, text in os.environ.items() if not name.startswith("MOMENTUM_")}
    for name, value in asdict(settings).items():
        parts = value if isinstance(value, dict) else {"": value}
        for inner, text in parts.items():
            key = f"MOMENTUM_{name}__{inner}" if inner else f"MOMENTUM_{name}"
            found[key.upper()] = str(text)
    return found


async def until(holds: Callable[[], object], seconds: float = 60) -> None:
    """Wait for what another process brings about; TimeoutError if it does not."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
