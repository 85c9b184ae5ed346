"""Acknowledged encrypted callbacks, durable inbox on, beside two floors of the same run."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.settings import Settings
from jobs.bench.callbacks import SETTINGS
from jobs.bench.floor import PATHS
from jobs.valkey import EmbeddedValkey

ROOT = Path(__file__).parent.parent.parent
ROUNDS, SECONDS, CONNECTIONS = 3, 3.0, 32
STEADY_RATE = 200
GOAL_RATE, GOAL_CPU = 0.8, 1.4
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Server:
    """A server under load and what was measured of it."""

    name: str
    port: int
    pid: int
    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)


async def measure(settings: Settings) -> int:
    """Print rate, CPU and latencies a platform, medians of interleaved rounds."""
    failed = False
    for platform in PATHS:
        async with AsyncExitStack() as stack:
            servers = [
                await stack.enter_async_context(_floor("bare", platform)),
                await stack.enter_async_context(_floor("read", platform)),
                await stack.enter_async_context(_product(settings)),
            ]
            for number in range(ROUNDS + 1):  # the first warms up and does not count
                for server in servers:
                    await _burst(server, platform, number)
            steady = await _load(platform, servers[2].port, 5.0, STEADY_RATE, 900_000_000)
        failed |= _told(platform, servers, steady)
    return 1 if failed else 0


def _told(platform: str, servers: list[Server], steady: dict[str, float]) -> bool:
    print(f"\n{platform}: {CONNECTIONS} connections, {ROUNDS} rounds of {SECONDS:g} s, medians")
    print(f"{'':24}{'req/s':>8}{'CPU us':>8}{'p50 ms':>8}{'p99 ms':>8}")
    for server in servers:
        values = (server.rates, server.cpu, server.p50, server.p99)
        row = "".join(f"{statistics.median(value):>8.1f}" for value in values)
        print(f"{server.name:24}{row}")
    floor, kept = servers[1], servers[2]
    rate = statistics.median(kept.rates) / statistics.median(floor.rates)
    cpu = statistics.median(kept.cpu) / statistics.median(floor.cpu)
    print(f"kept / read: rate {rate:.2f} (goal {GOAL_RATE}), CPU {cpu:.2f} (goal {GOAL_CPU})")
    p50, p99 = steady["p50_ms"], steady["p99_ms"]
    print(f"at {STEADY_RATE}/s: p50 {p50:.1f} ms, p99 {p99:.1f} ms (goal p99 < 50)", flush=True)
    return rate < GOAL_RATE or cpu > GOAL_CPU or p99 >= 50


async def _burst(server: Server, platform: str, number: int) -> None:
    before = _cpu_seconds(server.pid)
    got = await _load(platform, server.port, SECONDS, 0, (number * 10 + 1) * 1_000_000)
    spent = _cpu_seconds(server.pid) - before
    if number == 0:
        return
    if got["refused"]:
        raise RuntimeError(f"{server.name} refused {got['refused']} callbacks")
    server.rates.append(got["rate"])
    server.cpu.append(spent / got["answered"] * 1e6)
    server.p50.append(got["p50_ms"])
    server.p99.append(got["p99_ms"])


async def _load(
    platform: str, port: int, seconds: float, rate: float, start: int
) -> dict[str, float]:
    words = (platform, port, PATHS[platform], seconds, CONNECTIONS, rate, start)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "jobs.bench.load",
        *map(str, words),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    result: dict[str, float] = json.loads(out)
    return result


@asynccontextmanager
async def _floor(kind: str, platform: str) -> AsyncIterator[Server]:
    port = _free_port()
    words = ("-m", "jobs.bench.floor", kind, platform, str(port))
    names = {"bare": "floor 1: aiohttp, 200", "read": "floor 2: + read, no keep"}
    async with _process(words, port, {}) as pid:
        yield Server(names[kind], port, pid)


@asynccontextmanager
async def _product(settings: Settings) -> AsyncIterator[Server]:
    """`main.py web` alone: the worker is another process's business, as on a large site."""
    with tempfile.TemporaryDirectory() as folder:
        valkey = EmbeddedValkey(Path(folder))
        await valkey.start()
        try:
            env = {
                "MOMENTUM_DATA_DIR": folder,
                "MOMENTUM_REDIS_URL": f"unix://{valkey.settings.unix_socket_path}",
                "MOMENTUM_PORT": str(port := _free_port()),
            }
            if settings.database_url:
                env["MOMENTUM_DATABASE_URL"] = settings.database_url
            kind = "PostgreSQL" if settings.database_url else "SQLite FULL"
            async with _process(("main.py", "web"), port, env) as pid:
                yield Server(f"product: kept, {kind}", port, pid)
        finally:
            await valkey.stop()


@asynccontextmanager
async def _process(words: tuple[str, ...], port: int, env: dict[str, str]) -> AsyncIterator[int]:
    clean = {name: text for name, text in os.environ.items() if not name.startswith("MOMENTUM_")}
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *words,
            cwd=ROOT,
            env={**clean, **SETTINGS, **env},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=log,
        )
        try:
            await _listening(port)
            yield process.pid
        finally:
            process.terminate()
            await process.wait()


async def _listening(port: int) -> None:
    for _ in range(400):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        return
    raise TimeoutError(f"nothing listens on {port}")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _cpu_seconds(pid: int) -> float:
    words: list[Any] = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / TICKS
