"""Momentum: reads the settings, builds the parts, joins them, runs. Nothing else wires."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import aiohttp
import uvloop
from aiohttp import web
from arq.connections import RedisSettings

import handlers
import jobs
from bot import health
from bot.adapter import Adapter, DeliveryError
from bot.apps import LISTENING, Supplies, adapters, listener
from bot.commands import Table
from bot.dingtalk.adapter import DingTalkAdapter
from bot.dingtalk.quota import billed
from bot.emulator.gallery import Made
from bot.event import Event
from bot.inbox import Door
from bot.metrics import Metrics
from bot.sender import Sender
from bot.web import MAX_BODY, Callbacks
from config import log as logs
from config.apps import MAIN, App, apps
from config.settings import Settings, SettingsError, read
from crm.refusal import RefusedError
from handlers import terminal
from jobs import bench, demo
from jobs import delivery as delivery_jobs
from jobs.inbox import House, Inbox
from jobs.outbox import Postman, load, recall
from jobs.person import hand as people
from jobs.queue import Queue
from jobs.shared import SharedLimiter, SharedTokens, Store
from jobs.task import Tasks
from jobs.valkey import EmbeddedValkey
from jobs.worker import Drain, Worker
from models import db, inbox, outbox, task
from models.policy import Book

log = logging.getLogger("momentum")

TENANT = "main"
REGISTER_SECONDS = 30.0  # between two tries to tell DingTalk where presses go
POLICY_SECONDS = 3.0  # how soon a process notices a new version
PRESS_WAIT = timedelta(seconds=6)  # while the web works a press, no worker takes it
Clock = Callable[[], datetime]


@dataclass
class Program:
    """The parts of one process, built and not yet started."""

    settings: Settings
    now: Clock
    redis: RedisSettings
    metrics: Metrics = field(default_factory=Metrics)
    book: Book = field(default_factory=Book)
    session: aiohttp.ClientSession | None = None

    def __post_init__(self) -> None:
        self.store = Store(self.redis)
        self.meter = delivery_jobs.Meter(billed)
        self.apps = apps(self.settings)
        tokens = SharedTokens(self.store, self.metrics)
        self.adapters = adapters(
            self.apps, Supplies(self.shared_session, load, tokens, self.meter.count)
        )
        self.house = build_house(self.settings, self.now, self.book, self.apps, self.adapters)

    def shared_session(self) -> aiohttp.ClientSession:
        """The one session for all platforms; made inside the running loop."""
        if self.session is None:
            self.session = aiohttp.ClientSession()
        return self.session

    def connect(self) -> None:
        """Join the rooms over the queue."""
        self.queue = Queue(self.redis)
        wake_outbox = partial(self.queue.wake, "outbox")
        self.inbox = Inbox(self.house, Table(handlers.ALL), wake_outbox)
        sender = Sender(self.adapters, SharedLimiter(self.store, self.metrics))
        gate = delivery_jobs.Gate(self.house)
        postman = Postman(sender, now=self.now, metrics=self.metrics, door=gate)
        tasks = Tasks(self.house, jobs.JOBS, wake_outbox)
        rooms: dict[str, Drain] = {
            "inbox": self.inbox.drain,
            "outbox": postman.drain,
            "task": tasks.drain,
            "delivery": delivery_jobs.sweep(self.house, wake_outbox, self.meter),
        }
        for name, sweep in jobs.SWEEPS.items():
            rooms[name] = sweep(self.house, wake_outbox)
        self.worker = Worker(rooms, self.redis)

    def callbacks(self) -> Callbacks:
        """The door and whoever stands at it."""
        self.door = Door(self._store, partial(self.queue.wake, "inbox"))
        return Callbacks(self.adapters, self.door, self.inbox, now=self.now, metrics=self.metrics)

    def application(self) -> web.Application:
        """The HTTP side: callbacks, console, health."""
        app = web.Application(client_max_size=MAX_BODY)
        app.add_routes(self.callbacks().routes())
        app.add_routes(health.routes(db.is_alive, self.queue.is_alive, self.metrics, self._gauges))
        for routes in handlers.ROUTES:
            app.add_routes(routes(self.house, self.book))
        return app

    async def _store(self, arrivals: Sequence[tuple[Event, str]]) -> Sequence[inbox.Kept]:
        return await inbox.store(arrivals, now=self.now(), press_wait=PRESS_WAIT)

    async def _gauges(self) -> dict[str, float]:
        waiting = await outbox.counts()
        return {
            "momentum_inbox_waiting": await inbox.waiting(),
            "momentum_outbox_waiting": waiting["waiting"],
            "momentum_dead_letters": waiting["dead"],
            **await delivery_jobs.gauges(self.house),
        }

    async def close(self) -> None:
        """Let go of the platforms and the queue."""
        if self.session:
            await self.session.close()
        await self.queue.close()
        await self.store.close()

    async def watch_policies(self) -> None:
        """Notice new versions that other processes have saved."""
        while True:
            for tenant in self.house.tenants:
                with suppress(Exception):  # the database may be away for a while; ask again
                    await self.book.refresh(tenant)
            await asyncio.sleep(POLICY_SECONDS)


def build_house(
    settings: Settings,
    now: Clock,
    book: Book,
    ours: Sequence[App],
    found: Mapping[tuple[str, str], Adapter],
) -> House:
    """What work is given; the first app of a platform speaks for its tenant."""
    spoken: dict[str, dict[str, str]] = {TENANT: {}}
    for app in ours:
        spoken.setdefault(app.tenant, {}).setdefault(app.platform, app.name)
    return House(now, settings.zone, book.current, settings.base_url, spoken, found)


def real_now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def running(
    settings: Settings, *, now: Clock = real_now, works: bool = True, owns: bool = True
) -> AsyncIterator[Program]:
    """A program with its database and queue, and its worker if it `works`; all ends with it.

    The embedded queue is started by whoever `owns` the data directory; others only knock at it.
    """
    url = settings.database_url or db.embedded_url(settings.data_dir)
    valkey = None if settings.redis_url else EmbeddedValkey(settings.data_dir)
    async with db.opened(url), AsyncExitStack() as stack:
        await _check_schema(url)
        if valkey and owns:
            await stack.enter_async_context(valkey.kept())
        if valkey and owns and not settings.database_url:  # the lock says: nobody else
            await outbox.free_leases()
            await task.free_leases()
        redis = valkey.settings if valkey else RedisSettings.from_dsn(settings.redis_url)
        program = Program(settings, now, redis)
        stack.push_async_callback(program.close)
        program.connect()
        for tenant in program.house.tenants:
            await program.book.refresh(tenant)
        watch = asyncio.create_task(program.watch_policies())
        stack.callback(watch.cancel)
        if works:
            program.worker.start()
            stack.push_async_callback(program.worker.stop)
        yield program


async def _check_schema(url: str) -> None:
    """The embedded database brings itself up to date; a shared one is for `migrate` to change."""
    if url.startswith("sqlite://"):
        await db.migrate(url)
    elif names := await db.pending(url):
        raise SettingsError(f"数据库缺少 {len(names)} 个升级，请先运行 python main.py migrate")


async def serve(program: Program, app: web.Application) -> None:
    """Serve until SIGTERM or Ctrl-C; then take no new requests and finish the open ones."""
    settings, stopped = program.settings, asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=10)
    await runner.setup()
    register = asyncio.create_task(register_callbacks(program))
    try:
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
        except OSError as fault:
            raise SettingsError(
                f"{settings.host}:{settings.port} 已被占用或不可用，请换 MOMENTUM_PORT"
            ) from fault
        print(f"动能已启动：{settings.base_url}/", flush=True)
        await stopped.wait()
    finally:
        register.cancel()
        await runner.cleanup()
        await program.door.close()


async def _to_console(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/console/")


async def run_web(settings: Settings) -> int:
    """Callbacks, pages and, with the embedded queue, the worker too."""
    embedded = not settings.redis_url
    async with db.alone(settings.data_dir, embedded), running(settings, works=embedded) as program:
        app = program.application()
        app.router.add_get("/", _to_console)
        await serve(program, app)
    return 0


async def run_demo(settings: Settings) -> int:
    """The same program against three emulated platforms, a demo company, a movable clock."""
    from bot.emulator.stage import Stage  # the vendors' SDKs load only here

    settings = demo.apart(settings)
    clock = demo.DemoClock(settings.data_dir / "clock")
    async with (
        db.alone(settings.data_dir, True),
        Stage(clock.now, settings.port, demo.residents()).open() as stage,
        running(stage.settings(settings), now=clock.now) as program,
    ):
        await demo.seed(program.house, TENANT)
        app = program.application()

        async def advance(by: timedelta) -> datetime:
            clock.advance(by)
            for room in ("momentum", "task", "delivery", "outbox"):
                await program.worker.look(room)
            return clock.now()

        stage.show_page(app, advance, {"console": "/console/"}, hang_gallery)
        await serve(program, app)
    return 0


async def hang_gallery() -> Made:
    """Every card on every platform, for the demo's gallery; on a stage of its own."""
    from bot import gallery  # views and samples load only when somebody looks

    def build(settings: Settings, session: gallery.Session) -> dict[str, Adapter]:
        found = adapters(apps(settings), Supplies(session, gallery.load))
        return {name: adapter for (name, _), adapter in found.items()}

    return await gallery.hang(build)


async def run_work(settings: Settings) -> int:
    """A worker of its own, beside others."""
    if not settings.redis_url:
        raise SettingsError("内置队列只供单进程使用，请先设置 MOMENTUM_REDIS_URL 再启动 work")
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    async with running(settings):
        print("动能工作进程已启动", flush=True)
        await stopped.wait()
    return 0


async def register_callbacks(program: Program) -> None:
    """DingTalk must be told where card presses go; until it has been, ask again and again."""

    async def register(adapter: DingTalkAdapter) -> None:
        while True:
            try:
                return await adapter.register_card_callback()
            except DeliveryError as fault:
                log.error("card callback not registered", extra={"fault": fault.reason})
                await asyncio.sleep(REGISTER_SECONDS)

    await asyncio.gather(
        *(register(item) for item in program.adapters.values() if isinstance(item, DingTalkAdapter))
    )


async def run_listen(settings: Settings, given: argparse.Namespace) -> int:
    """A long connection of its own process instead of callbacks; beside `web` or `work`."""
    wanted = [
        app for app in apps(settings) if (app.platform, app.name) == (given.platform, given.app)
    ]
    if not wanted:
        raise SettingsError(f"没有配置 {given.platform} 的应用「{given.app}」，请先运行 check")
    async with running(settings, works=False, owns=False) as program:
        take = program.callbacks().take
        connection = asyncio.create_task(listener(wanted[0], program.shared_session).run(take))
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, connection.cancel)
        print(f"长连接已启动：{given.platform}/{given.app}", flush=True)
        with suppress(asyncio.CancelledError):
            await connection
        await program.door.close()
    return 0


async def run_sync(settings: Settings, given: argparse.Namespace) -> int:
    """Read the contacts of one platform, or of all that are set up; 0 if none is missing."""
    async with at_hand(settings) as house:
        ours = house.apps_of(given.tenant)
        wanted = [given.platform] if given.platform else list(ours)
        if not ours or any(name not in ours for name in wanted):
            raise SettingsError("没有配置好的平台可以同步，请先运行 check")
        for name in wanted:
            lines = await people.sync_now(house, given.tenant, name, is_sure=given.confirm)
            print("\n".join(lines))
    return 0


async def run_leave(settings: Settings, given: argparse.Namespace) -> int:
    """Somebody leaves; whoever takes over is told by the running program."""
    async with at_hand(settings) as house:
        print(await people.leave_now(house, given.tenant, given.name))
    return 0


@asynccontextmanager
async def at_hand(settings: Settings) -> AsyncIterator[House]:
    """What one command works with, beside a running program or without one."""
    book, ours = Book(), apps(settings)
    async with terminal.opened(settings), aiohttp.ClientSession() as session:
        for tenant in {MAIN, *(app.tenant for app in ours)}:
            await book.refresh(tenant)
        yield build_house(settings, real_now, book, ours, adapters(ours, Supplies(lambda: session)))


async def run_recall(settings: Settings, given: argparse.Namespace) -> int:
    """Take sent messages back; 0 if all are."""
    faults = 0
    async with terminal.opened(settings), aiohttp.ClientSession() as session:
        found = adapters(apps(settings), Supplies(lambda: session))
        for number in given.ids:
            fault = await recall(found, given.tenant, number)
            faults += bool(fault)
            print(f"{number}\t{fault or '已撤回'}")
    return 1 if faults else 0


def parser() -> argparse.ArgumentParser:
    """The command line; each leaf names a coroutine over (settings, its own words)."""
    root = argparse.ArgumentParser(
        prog="python main.py", description="动能：住在聊天工具里的销售台"
    )
    words = root.add_subparsers(required=True, metavar="命令")
    for name, run, about in (
        ("web", run_web, "接收回调、提供页面；内置队列时兼做后台工作"),
        ("work", run_work, "只做后台工作，可启动多个"),
        ("demo", run_demo, "演示：三个仿真平台和一家示例公司"),
    ):
        words.add_parser(name, help=about).set_defaults(run=_without_words(run))
    listening = words.add_parser("listen", help="用长连接代替回调（飞书长连接、钉钉 Stream）")
    listening.add_argument("platform", choices=LISTENING)
    listening.add_argument("app", nargs="?", default=MAIN)
    listening.set_defaults(run=run_listen)
    terminal.add_commands(words, run_recall, run_sync, run_leave)
    measuring = words.add_parser("bench", help="测量，打印数字")
    measuring.add_argument("name", choices=bench.NAMES)
    measuring.set_defaults(run=lambda settings, given: bench.run(given.name, settings))
    return root


def _without_words(run: Callable[[Settings], Awaitable[int]]) -> terminal.Run:
    return lambda settings, _: run(settings)


async def _run(run: terminal.Run, settings: Settings, given: argparse.Namespace) -> int:
    return await run(settings, given)


def main(argv: list[str] | None = None) -> int:
    """Run a command; wrong settings and wrong words end in a Chinese sentence, not a trace."""
    given = parser().parse_args(argv)
    try:
        settings = read()
        logs.start(settings.log_level)
        return uvloop.run(_run(given.run, settings, given))
    except (SettingsError, RefusedError) as fault:
        print(fault, file=sys.stderr)
        return 2
    except OSError as fault:
        print(f"读写不了 {fault.filename or '文件'}：{fault.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
