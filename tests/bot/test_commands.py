"""Words to handlers: what may be said, by whom, and how loosely."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import handlers
from bot.commands import Args, Commands, Context, Reply, Table, tidy
from crm.person import Person, Role
from crm.refusal import NotAllowedError, RefusedError
from tests.fakes import NOON, TENANT, event
from tests.office import Office

commands = Commands("test")


@commands.on("动能", "momentum", usage="动能 <公司>", help="看动能")
async def show(ctx: Context, args: Args) -> Reply:
    return f"动能:{args.text}"


@commands.on("动能团队", usage="动能团队", help="看团队", roles=(Role.MANAGER,))
async def team(ctx: Context, args: Args) -> Reply:
    return "团队"


@commands.on("help", "帮助", usage="帮助", help="帮助")
async def assist(ctx: Context, args: Args) -> Reply:
    return "帮助"


@commands.on("暗号", usage="暗号", help="按钮", hidden=True)
async def hidden(ctx: Context, args: Args) -> Reply:
    return "暗号"


TABLE = Table((commands,))


def somebody(*roles: Role) -> Person:
    return Person(
        id=1,
        tenant=TENANT,
        name="赵敏",
        roles=frozenset(roles),
        team="",
        store="",
        manager="",
        skills=(),
        accounts={"feishu": "zhao"},
    )


async def said(text: str, *roles: Role) -> Reply:
    office = Office(parts=(commands,))
    return await TABLE.answer(office.context(somebody(*roles), event(text)))


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("动能 华东医疗", "动能:华东医疗"),
        ("动能华东医疗", "动能:华东医疗"),
        ("动能：华东医疗", "动能:华东医疗"),
        ("动能, 华东医疗", "动能:华东医疗"),
        ("  动能\u3000华东医疗\n", "动能:华东医疗"),
        ("\u200b动能\ufeff 华东医疗", "动能:华东医疗"),
        ("MOMENTUM acme", "动能:acme"),
        ("ｍｏｍｅｎｔｕｍ acme", "动能:acme"),
        ("momentum华东", "动能:华东"),
        ("动能", "动能:"),
        ("帮助", "帮助"),
    ],
)
async def test_people_need_not_type_like_machines(text: str, reply: str) -> None:
    assert await said(text) == reply


@pytest.mark.parametrize("text", ["helpful", "help2", "", "   ", "能动", "我要动能"])
async def test_what_is_no_command_is_not_taken_for_one(text: str) -> None:
    with pytest.raises(RefusedError, match="没听懂"):
        await said(text)


async def test_the_longest_word_wins() -> None:
    assert await said("动能团队", Role.MANAGER) == "团队"


async def test_a_role_that_is_missing_is_named() -> None:
    with pytest.raises(NotAllowedError, match="需要销售经理的权限"):
        await said("动能团队", Role.REP)


async def test_the_words_of_buttons_work_typed_too() -> None:
    assert await said("暗号") == "暗号"


def test_help_shows_what_this_person_may_and_buttons_never() -> None:
    assert [item.words[0] for item in TABLE.for_person(somebody(Role.REP))] == ["动能", "help"]
    assert len(TABLE.for_person(somebody(Role.MANAGER))) == 3


def test_two_owners_of_one_word_are_a_start_up_error() -> None:
    other = Commands("other")
    other.on("HELP", usage="x", help="x")(assist)
    with pytest.raises(ValueError, match="HELP"):
        Table((commands, other))


@given(st.text(max_size=60))
def test_any_text_is_a_command_or_none(text: str) -> None:
    table = Table(handlers.ALL)
    found = table.find(text)
    if found:
        command, rest = found
        said = tidy(text).lower()
        assert any(said.startswith(word.lower()) for word in command.words)
        assert len(rest) < len(tidy(text)) or not rest


@given(st.text())
def test_tidying_twice_is_tidying_once(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)


def args(text: str) -> Args:
    return Args(text, {}, "改派 <线索号> <姓名>")


def test_a_button_carries_the_version_it_saw() -> None:
    pressed = args("17 v3")
    assert (pressed.number(0, "线索号"), pressed.version, pressed.words) == (17, 3, ("17",))
    guided = args("17 v3 王强")
    assert (guided.version, guided.words) == (3, ("17", "王强"))


@pytest.mark.parametrize("text", ["17 客户选了 v2 方案", "17 客户选了竞品 v2", "17 V2", "v2", "17"])
def test_what_only_looks_like_a_version_is_none(text: str) -> None:
    typed = args(text)
    assert typed.version is None
    assert typed.words == tuple(text.split())


def test_the_text_is_all_as_typed() -> None:
    assert args("  17 v3  王强 ").text == "17 v3  王强"


@pytest.mark.parametrize("text", ["", "王强", "-1", "1.5", "１７", "9" * 10, "#"])
def test_no_number_is_refused_with_the_usage(text: str) -> None:
    with pytest.raises(RefusedError, match="请写明线索号（数字）。用法：改派 <线索号> <姓名>"):
        args(text).number(0, "线索号")


def test_a_number_may_have_a_hash() -> None:
    assert args("#17").number(0, "线索号") == 17


def test_required_text_is_asked_for() -> None:
    with pytest.raises(RefusedError, match="请写明公司"):
        args("  ").required("公司")
    assert args(" 甲 ").required("公司") == "甲"


def test_local_time_is_the_tenants() -> None:
    ctx = Office(parts=(commands,)).context(somebody(), event())
    assert ctx.now == NOON
    assert f"{ctx.local_now:%H:%M}" == "12:00"
