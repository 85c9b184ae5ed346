"""Getting into the console and out of it, and what keeps others outside."""

from __future__ import annotations

import asyncio
import json
from http.cookies import SimpleCookie

import pytest

from bot.pages import COOKIE
from cards.card import Card
from crm.person import Person, Role
from crm.refusal import NotAllowedError
from models import audit
from models.console import Session, SignInCode
from models.person import PersonRecord
from tests.desk import NOON, TENANT, Client, Desk, code_in, employ, opened, sign_in


async def acts(subject: str = "console") -> list[str]:
    return [row.action for row in await audit.trail(TENANT, subject)][::-1]


async def test_a_stranger_is_told_how_to_sign_in(stranger: Client) -> None:
    response = await stranger.get("/console/")
    page = await response.text()
    assert response.status == 200
    assert "发送「<strong>登录</strong>」" in page
    assert 'autocomplete="one-time-code"' in page


async def test_the_short_address_leads_there(stranger: Client) -> None:
    response = await stranger.get("/console", allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (302, "/console/")


async def test_the_link_in_the_card_fills_the_code_in_but_does_not_use_it(
    desk: Desk, admin: Person, stranger: Client
) -> None:
    code = await desk.code(admin)
    _, typed = await opened(stranger, f"/console/?code={code}")
    assert typed["code"] == code
    assert (await sign_in(stranger, code)).status == 303


async def test_a_code_typed_with_spaces_in_small_letters_opens_the_console(
    desk: Desk, admin: Person, stranger: Client
) -> None:
    code = await desk.code(admin)
    response = await sign_in(stranger, f" {code[:4].lower()} {code[4:].lower()}")
    assert (response.status, response.headers["Location"]) == (303, "/console/")
    page, _ = await opened(stranger)
    assert "赵敏" in page
    assert "版本记录" in page
    assert await acts() == ["console.code", "console.sign_in"]


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    desk: Desk, admin: Person, stranger: Client
) -> None:
    desk.base_url = "https://crm.example.com"  # TLS ends before us: the request itself is plain
    response = await sign_in(stranger, await desk.code(admin))
    cookie = SimpleCookie(response.headers["Set-Cookie"])[COOKIE]
    assert cookie["httponly"]
    assert cookie["secure"]
    assert (cookie["samesite"], cookie["path"]) == ("Strict", "/console")


async def test_neither_code_nor_session_can_be_read_from_the_tables(
    desk: Desk, admin: Person, stranger: Client
) -> None:
    code = await desk.code(admin)
    response = await sign_in(stranger, code)
    secret = response.cookies[COOKIE].value
    kept = [*await SignInCode.all().values(), *await Session.all().values()]
    assert code not in str(kept)
    assert secret not in str(kept)


async def test_a_code_works_once(desk: Desk, admin: Person, stranger: Client) -> None:
    code = await desk.code(admin)
    await sign_in(stranger, code)
    again = await sign_in(stranger, code)
    assert again.status == 403
    assert "已经用过" in await again.text()


async def test_a_code_sent_twice_at_once_opens_one_session(
    desk: Desk, admin: Person, stranger: Client
) -> None:
    code = await desk.code(admin)
    answers = await asyncio.gather(*(sign_in(stranger, code) for _ in range(3)))
    assert sorted(answer.status for answer in answers) == [303, 403, 403]
    assert await Session.all().count() == 1


async def test_a_code_grows_old(desk: Desk, admin: Person, stranger: Client) -> None:
    code = await desk.code(admin)
    desk.wait(minutes=10)
    late = await sign_in(stranger, code)
    assert late.status == 403
    assert "已过期" in await late.text()


async def test_a_new_code_voids_the_earlier_one(
    desk: Desk, admin: Person, stranger: Client
) -> None:
    first, second = await desk.code(admin), await desk.code(admin)
    assert "登录码不对" in await (await sign_in(stranger, first)).text()
    assert (await sign_in(stranger, second)).status == 303


@pytest.mark.parametrize("code", ["", "ABCDEFGH", "💥", "A" * 5000])
async def test_a_wrong_code_opens_nothing(stranger: Client, code: str) -> None:
    response = await sign_in(stranger, code)
    assert response.status == 403
    assert "登录码不对" in await response.text()
    assert COOKIE not in response.cookies


async def test_only_admins_get_a_code(desk: Desk) -> None:
    rep = await employ("李明", Role.REP)
    ctx = desk.context(rep)
    with pytest.raises(NotAllowedError, match="管理员"):
        await ctx.table.answer(ctx)
    assert await SignInCode.all().count() == 0


async def test_in_a_group_the_code_goes_to_the_admin_alone(desk: Desk, admin: Person) -> None:
    ctx = desk.context(admin, chat="group-1")
    reply = await ctx.table.answer(ctx)
    assert reply == "登录码已单独发给您，群里的人看不到。"
    [told] = ctx.outgoing
    assert told.to == admin
    assert len(code_in(told.card)) == 8


async def test_who_lost_the_role_meanwhile_stays_outside(
    desk: Desk, admin: Person, stranger: Client
) -> None:
    code = await desk.code(admin)
    await PersonRecord.filter(id=admin.id).update(roles="rep")
    response = await sign_in(stranger, code)
    assert response.status == 403
    assert "没有管理员权限" in await response.text()
    assert await Session.all().count() == 0


@pytest.mark.parametrize("change", [{"roles": "rep"}, {"left_at": NOON}])
async def test_a_session_ends_with_the_role_or_the_job(
    client: Client, admin: Person, change: dict[str, object]
) -> None:
    await PersonRecord.filter(id=admin.id).update(**change)
    page, _ = await opened(client)
    assert "登录管理后台" in page


async def test_a_session_ends_in_time(desk: Desk, client: Client) -> None:
    desk.wait(hours=12)
    response = await client.get("/console/policies/momentum")
    assert response.status == 403
    assert "登录已失效" in await response.text()


async def test_ended_sessions_are_cleared_away(desk: Desk, client: Client, admin: Person) -> None:
    desk.wait(hours=12)
    await sign_in(client, await desk.code(admin))
    assert await Session.all().count() == 1


async def test_signing_out_ends_the_session_itself(client: Client) -> None:
    _, typed = await opened(client)
    secret = client.session.cookie_jar.filter_cookies(client.make_url("/console/"))[COOKIE].value
    response = await client.post("/console/sign-out", data=typed, allow_redirects=False)
    assert response.status == 303
    stolen = await client.get("/console/", headers={"Cookie": f"{COOKIE}={secret}"})
    assert "登录管理后台" in await stolen.text()


async def test_guessing_is_slowed_down_whatever_address_it_claims(
    desk: Desk, admin: Person, stranger: Client
) -> None:
    for number in range(10):
        await sign_in(stranger, "ABCDEFGH", X_Forwarded_For=f"203.0.113.{number}")
    response = await sign_in(stranger, "HGFEDCBA", X_Forwarded_For="203.0.113.99")
    page = await response.text()
    assert response.status == 429
    assert "尝试太频繁" in page
    assert "HGFEDCBA" in page  # what was typed is still there


async def test_a_guesser_at_the_same_address_shuts_no_admin_out(
    desk: Desk, admin: Person, stranger: Client
) -> None:
    for _ in range(30):
        await sign_in(stranger, "ABCDEFGH")
    assert (await sign_in(stranger, await desk.code(admin))).status == 303


async def test_another_sites_page_cannot_sign_anybody_in(
    desk: Desk, admin: Person, stranger: Client
) -> None:
    code = await desk.code(admin)
    response = await sign_in(stranger, code, Sec_Fetch_Site="cross-site")
    assert response.status == 403
    assert COOKIE not in response.cookies


async def test_a_form_that_is_no_form_is_refused(stranger: Client) -> None:
    as_json = await stranger.post("/console/sign-in", json={"code": "ABCDEFGH"})
    assert as_json.status == 415
    crowded = await stranger.post("/console/sign-in", data={str(n): "" for n in range(300)})
    assert crowded.status == 400


@pytest.mark.parametrize(
    "path", ["/console/", "/console/policies/momentum", "/console/console.css"]
)
async def test_every_answer_is_fenced_in(stranger: Client, path: str) -> None:
    response = await stranger.get(path)
    assert response.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_what_a_link_brings_is_text_not_markup(stranger: Client) -> None:
    page, _ = await opened(stranger, "/console/?code=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script" not in page


async def test_a_persons_name_is_text_not_markup(desk: Desk, stranger: Client) -> None:
    odd = await employ("<img src=x onerror=alert(1)>")
    await sign_in(stranger, await desk.code(odd))
    page, _ = await opened(stranger)
    assert "&lt;img src=x" in page
    assert "<img src=x" not in page


async def test_the_card_says_how_long_the_code_lives(desk: Desk, admin: Person) -> None:
    ctx = desk.context(admin)
    card = await ctx.table.answer(ctx)
    assert isinstance(card, Card)
    assert "10 分钟" in card.plain()
    assert "请勿转发" in card.plain()
    row = await SignInCode.get(person_id=admin.id)
    assert (row.expires_at - desk.at).total_seconds() == 600


async def test_the_audit_row_does_not_hold_the_code(desk: Desk, admin: Person) -> None:
    code = await desk.code(admin)
    [row] = await audit.trail(TENANT, "console")
    assert (row.actor, json.loads(row.detail)) == (str(admin.id), {})
    assert code not in row.subject
