"""The command line, as an admin types it."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import main
from config import log
from crm.person import Person
from handlers import terminal
from models import db, outbox, person, policy
from models.outbox import OutboxRow
from tests.fakes import NOON, TENANT

HEADER = "name,role,team,store,manager,wecom_userid,feishu_open_id,dingtalk_staff_id,mobile,skills"
GOOD = (
    "李明,rep,华东,,张伟,LiMing,,,13800001234,\n"
    "张伟,manager,华东,,,zhangwei,ou_zhang,,,\n"
    "孙店,store_manager|staff,,望京店,,,,ding_sun,,收银|理货\n"
)
Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def typed(
    template: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Typed:
    """Run `python main.py …` in a folder of its own; (code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(log, "start", lambda _: None)
    if template.startswith("sqlite://"):  # saves each command the migrations
        (tmp_path / "var").mkdir()
        shutil.copyfile(template.removeprefix("sqlite://"), tmp_path / "var" / "momentum.db")
    for name in [name for name in os.environ if name.startswith("MOMENTUM_")]:
        monkeypatch.delenv(name)

    def run(*words: str, **env: str) -> tuple[int, str, str]:
        with monkeypatch.context() as patch:
            for name, text in env.items():
                patch.setenv(f"MOMENTUM_{name}", text)
            try:
                code = main.main(list(words))
            except SystemExit as stop:  # argparse's way of saying no
                code = int(str(stop.code))
        out, err = capsys.readouterr()
        return code, out, err

    return run


def inside(work: Callable[[], Any], folder: Path) -> Any:
    """Do something with the database that the commands use."""

    async def opened() -> Any:
        url = db.embedded_url(folder / "var")
        async with db.opened(url):
            await db.migrate(url)
            return await work()

    return asyncio.run(opened())


def test_check_without_settings_says_how_to_begin(typed: Typed) -> None:
    code, out, _ = typed("check")
    assert code == 1
    for name in ("企业微信", "飞书", "钉钉"):
        assert f"{name}：未配置" in out
    assert "MOMENTUM_WECOM__CORP_ID" in out
    assert "make run" in out
    assert "数据库：正常" in out


def test_check_names_what_a_half_configured_platform_lacks(typed: Typed) -> None:
    code, out, _ = typed("check", FEISHU__APP_ID="cli_1", FEISHU__APP_SECRET="s3cret")
    assert code == 1
    assert "飞书：还缺 MOMENTUM_FEISHU__VERIFICATION_TOKEN、MOMENTUM_FEISHU__ENCRYPT_KEY" in out
    assert "s3cret" not in out


def test_check_is_content_with_one_whole_platform(typed: Typed) -> None:
    code, out, _ = typed(
        "check",
        FEISHU__APP_ID="cli_1",
        FEISHU__APP_SECRET="s",
        FEISHU__VERIFICATION_TOKEN="t",
        FEISHU__ENCRYPT_KEY="e",
    )
    assert "飞书：设置完整" in out
    assert code == 0


def test_check_says_when_the_database_cannot_be_reached(typed: Typed) -> None:
    code, out, err = typed("check", DATABASE_URL="postgres://momentum:s3cret@127.0.0.1:1/none")
    assert code != 0
    assert "数据库" in out + err
    assert "s3cret" not in out + err
    assert "Traceback" not in out + err


@pytest.mark.parametrize(
    ("name", "text"), [("PORT", "http"), ("TENANT_ZONE", "Mars"), ("PROT", "1")]
)
def test_a_wrong_setting_ends_in_a_sentence(typed: Typed, name: str, text: str) -> None:
    code, _, err = typed("check", **{name: text})
    assert code == 2
    assert f"MOMENTUM_{name}" in err
    assert "Traceback" not in err


def test_migrating_twice_says_so(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "var" / "momentum.db").unlink(missing_ok=True)
    assert "数据库已升级" in typed("migrate")[1]
    code, out, _ = typed("migrate")
    assert (code, out) == (0, "数据库已是最新\n")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_people_come_in_whatever_wrote_the_file(
    typed: Typed, tmp_path: Path, encoding: str
) -> None:
    (tmp_path / "people.csv").write_bytes(f"{HEADER}\r\n{GOOD}".encode(encoding))
    code, out, _ = typed("people", "import", "people.csv")
    assert code == 0
    assert "新增 3 人" in out

    async def look() -> list[Person]:
        return await person.everyone(TENANT)

    found = {item.name: item for item in inside(look, tmp_path)}
    assert found["李明"].accounts == {"wecom": "liming"}  # WeCom's ids know no case
    assert found["孙店"].skills == ("收银", "理货")
    assert found["孙店"].store == "望京店"


def test_the_same_file_again_adds_nobody(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(f"{HEADER}\n{GOOD}", encoding="utf-8")
    typed("people", "import", "people.csv")
    code, out, _ = typed("people", "import", "people.csv")
    assert code == 0
    assert "新增 0 人" in out


def test_an_excel_file_serves_as_well(typed: Typed, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for line in (HEADER, *GOOD.splitlines()):
        sheet.append([None if cell == "" else cell for cell in line.split(",")])
    sheet["I2"] = 13800001234  # Excel makes numbers of numbers
    sheet.append([None] * 10)
    book.save(tmp_path / "people.xlsx")
    code, out, _ = typed("people", "import", "people.xlsx")
    assert code == 0
    assert "新增 3 人" in out


def test_good_lines_land_and_bad_ones_are_named_by_line_and_column(
    typed: Typed, tmp_path: Path
) -> None:
    bad = ",rep,,,,x,,,,\n王强,boss,,,,y,,,,\n周杰,rep,,,,z,,,12345,\n吴,rep,,,,,,,,\n"
    (tmp_path / "people.csv").write_text(f"{HEADER}\n{GOOD}{bad}", encoding="utf-8")
    code, out, _ = typed("people", "import", "people.csv")
    assert code == 1
    assert "新增 3 人" in out
    for said in ("第 5 行 name", "第 6 行 role：「boss」", "第 7 行 mobile", "第 8 行"):
        assert said in out


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.csv", None, "读不到文件"),
        ("empty.csv", b"", "列名"),
        ("columns.csv", "姓名,角色\n李明,rep\n".encode(), "列名"),
        ("broken.xlsx", b"PK no", "XLSX"),
        ("binary.csv", b"\xff\xff\xff", ""),
    ],
)
def test_a_file_that_is_none_ends_in_a_sentence(
    typed: Typed, tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    code, _, err = typed("people", "import", name)
    assert code == 2
    assert said in err
    assert "Traceback" not in err


def test_a_name_longer_than_the_table_holds_is_a_bad_line_not_a_crash(
    typed: Typed, tmp_path: Path
) -> None:
    lines = f"{'长' * 65},rep,,,,x,,,,\n李明,rep,{'队' * 70},,,y,,,,\n"
    (tmp_path / "people.csv").write_text(f"{HEADER}\n{lines}", encoding="utf-8")
    code, out, err = typed("people", "import", "people.csv")
    assert code == 1
    assert "第 2 行 name" in out
    assert "第 3 行 team" in out
    assert err == ""


async def dead_letters() -> None:
    for number in range(3):
        await OutboxRow.create(
            tenant=TENANT,
            key=f"k{number}",
            platform="feishu",
            app="main",
            lane="l",
            card="{}",
            state="dead",
            code="no_user",
            reason="没有这个人。请核对人员名单后重发",
            not_before=NOON,
            created_at=NOON,
        )


async def states() -> list[str]:
    return [row.state for row in await OutboxRow.all().order_by("id")]


def test_dead_letters_are_listed_replayed_and_dropped(typed: Typed, tmp_path: Path) -> None:
    inside(dead_letters, tmp_path)
    code, out, _ = typed("outbox", "list")
    assert code == 0
    assert out.count("没有这个人") == 3
    assert "共 3 条" in out
    assert "已丢弃 1 条" in typed("outbox", "drop", "2")[1]
    assert "已重新排队 1 条" in typed("outbox", "replay", "1")[1]
    assert inside(states, tmp_path) == ["new", "dropped", "dead"]
    assert "已重新排队 1 条" in typed("outbox", "replay")[1]
    assert "共 0 条" in typed("outbox", "list")[1]
    assert "共 2 条" in typed("outbox", "list", "--state", "new")[1]


def test_dropping_nothing_in_particular_is_refused(typed: Typed, tmp_path: Path) -> None:
    """`drop` without numbers must not mean all of them."""
    inside(dead_letters, tmp_path)
    typed("outbox", "drop")
    assert inside(states, tmp_path) == ["dead"] * 3


def test_the_history_of_the_policies(typed: Typed, tmp_path: Path) -> None:
    assert "出厂值" in typed("policy", "history")[1]

    async def change() -> None:
        await policy.append(
            TENANT, {}, after=0, author="赵敏", reason="旺季", changed="动能：…", now=NOON
        )

    inside(change, tmp_path)
    code, out, _ = typed("policy", "history")
    assert code == 0
    assert "v1" in out
    assert "赵敏" in out
    assert "旺季" in out


@pytest.mark.parametrize("words", [(), ("fly",), ("people",), ("outbox", "fly"), ("bench", "none")])
def test_wrong_words_are_refused_with_the_right_ones(typed: Typed, words: tuple[str, ...]) -> None:
    code, _, err = typed(*words)
    assert code == 2
    assert "usage" in err


def test_a_worker_of_its_own_needs_a_queue_of_its_own(typed: Typed) -> None:
    code, _, err = typed("work")
    assert code == 2
    assert "MOMENTUM_REDIS_URL" in err


def test_outbox_states_are_what_the_table_knows() -> None:
    assert {outbox.NEW, outbox.SENT, outbox.DEAD, outbox.DROPPED} <= set(outbox.STATES)


def test_a_column_named_twice_is_refused(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("name,role,Name\n李明,rep,王强\n", encoding="utf-8")
    code, _, err = typed("people", "import", "people.csv")
    assert code != 0
    assert "列名重复：name" in err


def test_managers_in_a_ring_come_in_and_are_told_of(typed: Typed, tmp_path: Path) -> None:
    lines = "name,role,manager,wecom_userid\n李明,rep,张伟,lm\n张伟,manager,李明,zw\n"
    (tmp_path / "people.csv").write_text(lines, encoding="utf-8")
    code, out, _ = typed("people", "import", "people.csv")
    assert code == 0
    assert "新增 2 人" in out
    assert "提示：第 2 行 manager：上级「张伟」" in out


def test_a_long_import_says_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    told = terminal._Progress(12_000)  # five thousand people take too long here
    for done in (200, 5_100, 5_300, 12_000):
        told(done)
    assert capsys.readouterr().out.splitlines() == [
        "已写入 5100 / 12000 人……",
        "已写入 12000 / 12000 人……",
    ]
