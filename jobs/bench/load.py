"""A load on loopback: raw HTTP over kept-alive connections, from a process of its own.

`python -m jobs.bench.load PLATFORM PORT PATH SECONDS CONNECTIONS RATE START` prints one JSON line:
how many were answered, how many not with 200, and the latencies' quantiles in ms. RATE 0 sends as
fast as answers come; else so many a second, latencies counted from when each was due.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from itertools import islice
from typing import cast

import uvloop

from config.settings import read
from jobs.bench.callbacks import SETTINGS, requests

AHEAD = 80_000  # most requests of one run; made beforehand, so that making them costs no time


class Client(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._transport: asyncio.Transport | None = None
        self._due = 0.0
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it
        self._run.idle(self)

    def send(self, request: bytes, due: float) -> None:
        self._due, self._got = due, b""
        if self._transport:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, found, body = self._got.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        self._run.answered(self, head[9:12] == b"200", time.perf_counter() - self._due)

    def close(self) -> None:
        if self._transport:
            self._transport.close()


class Run:
    """All connections of one measurement."""

    def __init__(self, made: Iterator[bytes], seconds: float, rate: float) -> None:
        self._made = made
        self._rate = rate
        self._idle: list[Client] = []
        self._waiting: list[tuple[bytes, float]] = []
        self.seconds = seconds
        self.end = 0.0
        self.good = 0
        self.bad = 0
        self.latencies: list[float] = []
        self.started = False

    def idle(self, client: Client) -> None:
        self._idle.append(client)

    def answered(self, client: Client, is_good: bool, seconds: float) -> None:
        self.good += is_good
        self.bad += not is_good
        self.latencies.append(seconds)
        if self._rate:
            if self._waiting:
                client.send(*self._waiting.pop(0))
            else:
                self.idle(client)
        else:
            self._next(client)

    def _next(self, client: Client) -> None:
        now = time.perf_counter()
        request = next(self._made, None)
        if now < self.end and request is not None:
            client.send(request, now)

    async def run(self) -> float:
        """Send until the time is over; returns the seconds from the first to the last answer."""
        begun = time.perf_counter()
        self.end = begun + self.seconds
        if not self._rate:
            for client in self._idle:
                self._next(client)
            await asyncio.sleep(self.seconds + 0.3)
            return self.seconds
        due = begun
        while due < self.end and (request := next(self._made, None)) is not None:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if self._idle:
                self._idle.pop().send(request, due)
            else:
                self._waiting.append((request, due))
            due += 1 / self._rate
        await asyncio.sleep(0.5)
        return self.seconds


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def main(words: list[str]) -> None:
    platform, port, path = words[0], int(words[1]), words[2]
    seconds, connections, rate, start = (float(word) for word in words[3:7])
    endless = requests(read(SETTINGS, None), platform, path, int(start))
    made = list(islice(endless, AHEAD if not rate else 10_000))
    run = Run(iter(made), seconds, rate)
    loop = asyncio.get_running_loop()
    clients = [
        (await loop.create_connection(lambda: Client(run), "127.0.0.1", port))[1]
        for _ in range(int(connections))
    ]
    took = await run.run()
    for client in clients:
        client.close()
    ordered = sorted(run.latencies) or [0.0]
    result = {
        "answered": run.good,
        "refused": run.bad,
        "rate": run.good / took,
        "p50_ms": ordered[len(ordered) // 2] * 1000,
        "p99_ms": ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1000,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1:]))
