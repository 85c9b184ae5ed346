"""帮助: everybody sees what they themselves can do, and only that."""

from __future__ import annotations

import pytest

from crm.person import Role
from tests.fakes import hire
from tests.office import Office


@pytest.mark.parametrize("word", ["帮助", "help", "?", "？", "菜单", "HELP"])
async def test_it_answers_to_the_usual_words(office: Office, word: str) -> None:
    rep = await hire("李明", Role.REP, team="华东")
    card = (await office.answer(rep, word)).card
    assert card is not None
    assert card.title.startswith("李明")
    assert "销售代表 · 华东" in card.plain()


async def test_each_role_sees_its_own_commands(office: Office) -> None:
    rep = await hire("李明", Role.REP)
    manager = await hire("张伟", Role.MANAGER)
    staff = await hire("店员", Role.STAFF, store="望京店")

    async def shown(who: object) -> str:
        card = (await office.answer(who, "帮助")).card  # type: ignore[arg-type]
        assert card is not None
        return card.plain()

    assert "新线索" in await shown(rep)
    assert "改派" not in await shown(rep)
    assert "改派" in await shown(manager)
    assert "我的班" in await shown(staff)
    assert "新线索" not in await shown(staff)


async def test_what_it_lists_can_be_said(office: Office) -> None:
    """The first word of every line is understood and allowed."""
    for role in Role:
        who = await hire(f"某{role}", role)
        for command in office.table.for_person(who):
            found = office.table.find(command.usage)
            assert found is not None
            assert found[0].allows(who)
