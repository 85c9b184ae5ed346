"""What is no words: voices are heard, customers' messages fetched, files named."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bot.adapter import TransientError, UndeliverableError
from bot.event import Event, Kind
from bot.wecom.service import CustomerMessage, Pulled
from jobs import JOBS
from jobs.reading import TRIES
from jobs.task import Tasks
from models.inbox import InboxRow
from models.outbox import OutboxRow
from models.task import TaskRow
from tests import fakes
from tests.fakes import APP, NOON, event
from tests.office import Office

AUDIO = {"content": "audio", "message": "om_9", "file_key": "f"}


@dataclass
class Ears:
    """An adapter that hears what it is given, and has customers' messages by cursor."""

    hears: list[str | Exception] = field(default_factory=list)
    pages: dict[str, Pulled] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def recognise(self, origin: Mapping[str, str]) -> str:
        del origin
        found = self.hears.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    async def customers(self, origin: Mapping[str, str], cursor: str) -> AsyncIterator[Pulled]:
        del origin
        self.asked.append(cursor)
        while cursor in self.pages:
            yield self.pages[cursor]
            cursor = self.pages[cursor].cursor


@pytest.fixture
async def office(database: str) -> Office:
    await fakes.hire("赵敏", feishu="zhao")
    return Office()


def with_ears(office: Office, ears: Any, platform: str = "feishu") -> None:
    office.house = replace(office.house, adapters={(platform, APP): ears})
    office.tasks = Tasks(office.house, JOBS, fakes.silence)


async def said() -> list[str]:
    return [json.loads(row.card)["title"] for row in await OutboxRow.all().order_by("id")]


def voice() -> Event:
    return event("[语音]", key="v1", kind=Kind.UNKNOWN, origin=AUDIO)


async def test_a_voice_is_answered_as_if_it_had_been_typed(office: Office) -> None:
    with_ears(office, Ears(["帮助"]))
    await office.receive(voice())
    assert await said() == ["正在听写…"]
    await office.settle()
    titles = await said()
    assert titles[:2] == ["正在听写…", "听到：帮助"]
    await office.receive(event("帮助", key="typed"))
    assert titles[2] == (await said())[-1]
    heard = await InboxRow.get(key="v1:heard")
    assert (heard.kind, heard.state) == ("message", "done")


@pytest.mark.parametrize(
    ("hears", "words"),
    [
        (UndeliverableError("ffmpeg", "服务器没有安装 ffmpeg", "请改用文字"), "请改用文字"),
        ("", "没有听到说话"),
    ],
)
async def test_a_voice_that_is_not_understood_is_explained(
    office: Office, hears: str | Exception, words: str
) -> None:
    with_ears(office, Ears([hears]))
    await office.receive(voice())
    await office.settle()
    assert words in (await said())[-1]
    assert await InboxRow.all().count() == 1


async def test_hearing_is_tried_again_and_then_explained(office: Office) -> None:
    with_ears(office, Ears([TransientError("busy")] * TRIES))
    await office.receive(voice())
    for _ in range(TRIES):
        await office.tasks.drain()
        office.clock.wait(minutes=1)
    assert "暂时不可用" in (await said())[-1]
    assert (await TaskRow.get()).state == "done"


async def test_where_nobody_hears_it_is_said(office: Office) -> None:
    await office.receive(voice())
    await office.settle()
    assert "请改用文字" in (await said())[-1]


def customer(number: int) -> CustomerMessage:
    return CustomerMessage(f"m{number}", "kf1", "wm_1", f"你好 {number}", NOON)


def told(key: str) -> Event:
    origin = {"event": "kf_msg_or_event", "open_kfid": "kf1", "token": "t"}
    return event("", key=key, who="", kind=Kind.NOTICE, platform="wecom", origin=origin)


async def test_customers_messages_are_kept_once_and_read_on_from_there(office: Office) -> None:
    ears = Ears(pages={"": Pulled((customer(1), customer(2)), "c1")})
    with_ears(office, ears, "wecom")
    await office.receive(told("n1"))
    await office.settle()
    ears.pages["c1"] = Pulled((customer(2), customer(3)), "c2")
    await office.receive(told("n2"))
    await office.settle()
    rows = await InboxRow.filter(key__startswith="kf:").order_by("id")
    assert [json.loads(row.body)["text"] for row in rows] == ["你好 1", "你好 2", "你好 3"]
    assert {(row.kind, row.state) for row in rows} == {("notice", "done")}
    assert ears.asked == ["", "c1"]
    assert await said() == []


async def test_many_pages_are_read_in_several_turns(office: Office) -> None:
    pages = {f"c{n}" if n else "": Pulled((customer(n),), f"c{n + 1}") for n in range(12)}
    ears = Ears(pages=pages)
    with_ears(office, ears, "wecom")
    await office.receive(told("n1"))
    await office.settle()
    assert await InboxRow.filter(key__startswith="kf:").count() == 12
    assert ears.asked == ["", "c5", "c10"]


@pytest.mark.parametrize(
    ("name", "words"),
    [("客户.XLSX", "还不能读取表格"), ("a.csv", "还不能读取表格"), ("合同.pdf", "还不能读取文件")],
)
async def test_a_file_is_named_and_what_to_do_instead(
    office: Office, name: str, words: str
) -> None:
    await office.receive(event("[文件]", kind=Kind.UNKNOWN, origin={"file_name": name}))
    [title] = await said()
    assert name in title
    assert words in title


async def test_an_ai_bots_answer_goes_where_it_was_asked_and_others_do_not(office: Office) -> None:
    await fakes.hire("钱进", wecom="qian")
    origin = {"bot": "ai", "response_url": "https://x", "message": "card-1"}
    await office.receive(event("帮助", platform="wecom", who="qian", origin=origin))
    await office.receive(event("帮助", origin={"message": "om_1", "session": "s"}))
    await office.settle()
    [call] = office.phone("wecom").calls
    assert call.handle == {"bot": "ai", "response_url": "https://x"}
    assert [call.handle for call in office.phone().calls] == [None]
