"""`main.py people import`: what it counts, and the lines it names."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from config.settings import Settings
from handlers import terminal
from tests import stores
from tests.fakes import TENANT

pytestmark = pytest.mark.database


async def test_the_command_line_counts_and_names_lines(
    tmp_path: Path, template: str, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "name,role,team,manager,wecom_userid,mobile\n"
    file = tmp_path / "people.csv"
    file.write_text(
        head + "李娜,rep,华东,,lina,+86 139-0000-0101\n王强,大王,华东,,wq,\n"
        "赵敏,rep,华东,,zm,\n赵敏,rep,华东,,zm2,\n",
        encoding="utf-8",
    )
    given = Namespace(file=file, tenant=TENANT)
    async with stores.copied(template, tmp_path) as url:
        for _ in range(2):
            await terminal.import_people(Settings(database_url=url), given)
    said = capsys.readouterr().out
    assert "新增 1 人，更新 0 人，未变 0 人，3 行有误" in said
    assert "新增 0 人，更新 0 人，未变 1 人，3 行有误" in said
    assert "第 3 行 role" in said
    assert "第 4 行 wecom_userid：与第 5 行" in said
