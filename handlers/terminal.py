"""The command line's smaller commands: set-up checks, people, outbox, policies."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from bot.apps import Supplies, adapter
from config.apps import MAIN, App, apps
from config.settings import REQUIRED, Settings, SettingsError, configured, missing
from crm.person import COLUMNS, PersonRow, manager_cycles, read_row
from handlers import table
from models import db, outbox, person, policy

Run = Callable[[Settings, argparse.Namespace], Awaitable[int]]
PLATFORM_WORDS = {"wecom": "企业微信", "feishu": "飞书", "dingtalk": "钉钉"}


def add_commands(words: Any, recall: Run, sync: Run, leave: Run) -> None:
    """Describe the commands to argparse; some need the platforms, which `main` has."""
    whose = argparse.ArgumentParser(add_help=False)
    whose.add_argument("--tenant", default=MAIN, help="哪个组织，默认 main")
    words.add_parser("check", help="检查设置，缺什么说什么").set_defaults(run=check)
    words.add_parser("migrate", help="把数据库升级到最新结构").set_defaults(run=migrate)
    people = words.add_parser("people", help="人员").add_subparsers(required=True, metavar="动作")
    load = people.add_parser("import", parents=[whose], help="导入人员文件（CSV 或 XLSX）")
    load.add_argument("file", type=Path)
    load.set_defaults(run=import_people)
    reading = people.add_parser("sync", parents=[whose], help="从各平台通讯录同步成员和部门")
    reading.add_argument("--platform", choices=PLATFORM_WORDS, help="只同步这个平台")
    reading.add_argument("--confirm", action="store_true", help="消失的人再多也按离职办理")
    reading.set_defaults(run=sync)
    leaving = people.add_parser("leave", parents=[whose], help="办理离职：交接线索，停用账号")
    leaving.add_argument("name")
    leaving.set_defaults(run=leave)
    letters = words.add_parser("outbox", help="外发消息").add_subparsers(
        required=True, metavar="动作"
    )
    listing = letters.add_parser("list", parents=[whose], help="列出消息，默认死信")
    listing.add_argument("--state", default=outbox.DEAD, choices=outbox.STATES)
    listing.set_defaults(run=list_outbox)
    for name, run, about, count, which in (
        ("replay", replay_outbox, "重发死信", "*", "消息编号；不写即全部"),
        ("drop", drop_outbox, "丢弃死信", "+", "消息编号"),
        ("recall", recall, "撤回已发送的消息", "+", "消息编号"),
    ):
        leaf = letters.add_parser(name, parents=[whose], help=about)
        leaf.add_argument("ids", nargs=count, type=_message_number, help=which)
        leaf.set_defaults(run=run)
    policies = words.add_parser("policy", help="配置版本").add_subparsers(
        required=True, metavar="动作"
    )
    policies.add_parser("history", parents=[whose], help="列出配置版本").set_defaults(
        run=policy_history
    )


def _message_number(word: str) -> int:
    """A number that the database can hold; argparse words the ValueError."""
    number = int(word)
    if not 0 < number < 2**62:
        raise ValueError(word)
    return number


async def check(settings: Settings, _: argparse.Namespace) -> int:
    """Say what is missing, platform by platform; 0 if one is complete and none is half done."""
    found, wrong = configured(settings), False
    for name in REQUIRED:
        lacking = missing(settings, name)
        if name not in found:
            print(f"{PLATFORM_WORDS[name]}：未配置（不用可忽略）。启用请设置 {'、'.join(lacking)}")
        elif lacking:
            wrong = True
            print(f"{PLATFORM_WORDS[name]}：还缺 {'、'.join(lacking)}")
    try:
        served = apps(settings)
    except SettingsError as fault:
        served, wrong = (), True
        print(fault)
    for app in served:
        fault_words = _unusable(app)
        wrong = wrong or bool(fault_words)
        which = PLATFORM_WORDS[app.platform] + (f"（{app.name}）" if app.name != MAIN else "")
        print(f"{which}：{fault_words or '设置完整'}")
    if not found and not served:
        print("还没有配置任何平台；想先看看效果，请运行 make run")
    wrong = not await _is_database_ready(settings) or wrong
    return 1 if wrong or not served else 0


async def _is_database_ready(settings: Settings) -> bool:
    try:
        async with opened(settings) as url:
            names = await db.pending(url)
    except SettingsError as fault:
        print(f"数据库：{fault}")
        return False
    behind = f"缺少 {len(names)} 个升级，请运行 python main.py migrate"
    print(f"数据库：{behind if names else '正常'}")
    return not names


def _unusable(app: App) -> str:
    """Why the complete settings of an app cannot be used, or ""."""

    def session() -> aiohttp.ClientSession:
        raise RuntimeError("nothing is sent while checking")

    try:
        adapter(app, Supplies(session))
    except SettingsError as fault:
        return str(fault)
    dingtalk = app.settings.dingtalk
    needs_address = dingtalk.card_template_id and dingtalk.mode != "stream"
    if app.platform == "dingtalk" and needs_address and not app.settings.public_url:
        return "用了卡片模板，还需要 MOMENTUM_PUBLIC_URL（钉钉回调本服务的公网地址）"
    return ""


async def migrate(settings: Settings, _: argparse.Namespace) -> int:
    async with opened(settings, migrated=False) as url:
        names = await db.migrate(url)
    print(f"数据库已升级：{'、'.join(names)}" if names else "数据库已是最新")
    return 0


async def import_people(settings: Settings, given: argparse.Namespace) -> int:
    """Good lines land, bad ones are named; the same file again changes nothing."""
    rows: list[PersonRow] = []
    faults: list[str] = []
    for found in _lines(given.file):
        row = found if isinstance(found, str) else read_row(*found)
        if isinstance(row, str):
            faults.append(row)
        else:
            rows.append(row)
    async with opened(settings):
        saved = await person.save(given.tenant, rows, progress=_Progress(len(rows)))
    faults += saved.faults
    counts = f"新增 {saved.added} 人，更新 {saved.updated} 人，未变 {saved.unchanged} 人"
    print(f"人员导入完成：{counts}，{len(faults)} 行有误")
    for fault in faults:
        print(f"  {fault}")
    for warning in manager_cycles(rows):
        print(f"  提示：{warning}")
    return 1 if faults else 0


class _Progress:
    """Says how far a long import has come."""

    def __init__(self, total: int) -> None:
        self._total, self._told = total, 0

    def __call__(self, done: int) -> None:
        if done // 5_000 > self._told:
            self._told = done // 5_000
            print(f"已写入 {done} / {self._total} 人……", flush=True)


async def list_outbox(settings: Settings, given: argparse.Namespace) -> int:
    async with opened(settings):
        rows = await outbox.listed(given.tenant, given.state)
    for row in rows:
        when = f"{row.not_before:%F %T}" if row.state == outbox.HELD else ""
        cells = (row.id, row.platform, f"{row.created_at:%F %T}", row.code, row.reason, when)
        print("\t".join(str(cell) for cell in cells).rstrip())
    print(f"共 {len(rows)} 条（{given.state}）")
    return 0


async def replay_outbox(settings: Settings, given: argparse.Namespace) -> int:
    async with opened(settings):
        count = await outbox.replay(given.tenant, given.ids or None, now=datetime.now(UTC))
    print(f"已重新排队 {count} 条")
    return 0


async def drop_outbox(settings: Settings, given: argparse.Namespace) -> int:
    async with opened(settings):
        count = await outbox.discard(given.tenant, given.ids)
    print(f"已丢弃 {count} 条")
    return 0


async def policy_history(settings: Settings, given: argparse.Namespace) -> int:
    async with opened(settings):
        versions = await policy.history(given.tenant)
    for item in versions:
        print(f"v{item.version}\t{item.at:%F %T}\t{item.author}\t{item.changed}\t{item.reason}")
    print(f"共 {len(versions)} 个版本" if versions else "配置从未改过，使用出厂值")
    return 0


@asynccontextmanager
async def opened(settings: Settings, *, migrated: bool = True) -> AsyncIterator[str]:
    """The database for one command; the embedded one is brought up to date first."""
    url = settings.database_url or db.embedded_url(settings.data_dir)
    async with db.opened(url):
        if migrated and url.startswith("sqlite://"):
            await db.migrate(url)
        yield url


def _lines(path: Path) -> Iterator[tuple[int, dict[str, str]] | str]:
    """(line number, cells by column) of a people file, or why a line cannot be read."""
    header: list[str] | None = None
    for line in table.lines(path):
        if header is None:
            header = _header([] if isinstance(line, str) else line[1])
        elif isinstance(line, str):
            yield line
        else:
            yield line[0], dict(zip(header, line[1], strict=False))
    if header is None:
        _header([])


def _header(cells: list[str]) -> list[str]:
    header = [cell.strip().lower() for cell in cells]
    if "name" not in header or "role" not in header:
        raise SettingsError(f"第一行必须是列名：{','.join(COLUMNS)}（至少 name 和 role）")
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise SettingsError(f"第一行的列名重复：{'、'.join(twice)[:100]}，每列只能出现一次")
    return header
