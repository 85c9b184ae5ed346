"""What is fetched from WeCom: people, files, and what customers wrote."""

from __future__ import annotations

import pytest

from bot.adapter import Department, Member, Page, TransientError, UndeliverableError
from bot.wecom.adapter import WeComAdapter
from bot.wecom.service import Pulled
from tests.bot.wecom.server import DOWN, RESET, FakeWeCom, Json

LIST, SIMPLE, USERS = "department/list", "department/simplelist", "user/simplelist"
IDS, PROFILE, MEDIA = "user/list_id", "user/get", "media/get"
DEPARTMENTS: Json = {
    "errcode": 0,
    "department": [
        {"id": 1, "name": "华东医疗", "parentid": 0, "order": 1},
        {"id": 7, "name": "销售部", "parentid": 1, "order": 2},
    ],
}
FORBIDDEN: Json = {"errcode": 48002, "errmsg": "api forbidden"}


def users(*names: str, department: int = 1) -> Json:
    found = [{"userid": name, "name": name.title(), "department": [department]} for name in names]
    return {"errcode": 0, "userlist": found}


async def walk(online: WeComAdapter) -> list[Page]:
    pages = [await online.directory("")]
    while pages[-1].cursor and len(pages) < 20:
        pages.append(await online.directory(pages[-1].cursor))
    return pages


async def test_the_directory_is_walked_department_by_department(
    online: WeComAdapter, platform: FakeWeCom
) -> None:
    platform.tell(LIST, *[DEPARTMENTS] * 3)
    platform.tell(USERS, users("LiNa", "wang"), users("wang", department=7))
    first, one, seven = await walk(online)
    assert first.departments == (
        Department("1", "华东医疗"),
        Department("7", "销售部", parent="1"),
    )
    assert one.members[0] == Member("lina", "Lina", departments=("1",))
    assert [member.user for member in seven.members] == ["wang"]
    asked = [body["department_id"] for body in platform.bodies(USERS)]
    assert asked == ["1", "7"]


async def test_an_app_that_may_read_ids_alone_reads_ids(
    online: WeComAdapter, platform: FakeWeCom
) -> None:
    platform.tell(LIST, FORBIDDEN, FORBIDDEN)
    ids: Json = {"errcode": 0, "department_id": [{"id": 1, "parentid": 0, "order": 1}]}
    platform.tell(SIMPLE, ids, ids)
    platform.tell(USERS, {"errcode": 60011, "errmsg": "no privilege"})
    rows = [{"userid": "lina", "department": 1}, {"userid": "lina", "department": 7}]
    platform.tell(
        IDS,
        {"errcode": 0, "next_cursor": "C2", "dept_user": rows},
        {"errcode": 0, "dept_user": [{"userid": "wang", "department": 1}]},
    )
    profile = {"errcode": 0, "userid": "lina", "name": "李娜", "mobile": "13800000000"}
    platform.tell(PROFILE, {**profile, "status": 5, "department": [1, 7]}, FORBIDDEN)
    departments, first, second = await walk(online)
    assert departments.departments == (Department("1", ""),)
    assert first.members == (Member("lina", "李娜", "13800000000", ("1", "7"), is_active=False),)
    assert second.members == (Member("wang", "", departments=("1",)),)
    assert [body.get("cursor") for body in platform.bodies(IDS)] == [None, "C2"]


async def test_a_profile_out_of_reach_hides_no_other(
    online: WeComAdapter, platform: FakeWeCom
) -> None:
    rows = [{"userid": "boss", "department": 1}, {"userid": "lina", "department": 1}]
    platform.tell(IDS, {"errcode": 0, "dept_user": rows})
    platform.tell(PROFILE, {"errcode": 60011}, {"errcode": 0, "name": "李娜"})
    page = await online.directory("i")
    assert [member.name for member in page.members] == ["", "李娜"]


async def test_a_fault_of_the_setup_ends_the_walk(
    online: WeComAdapter, platform: FakeWeCom
) -> None:
    platform.tell(LIST, {"errcode": 60020, "errmsg": "from ip: 203.0.113.7"})
    with pytest.raises(UndeliverableError) as failed:
        await online.directory("")
    assert "203.0.113.7" in failed.value.advice


async def test_a_file_is_fetched_with_its_name(online: WeComAdapter, platform: FakeWeCom) -> None:
    platform.tell(MEDIA, b"PK\x03\x04")
    found = await online.download({"media_id": "MEDIA-3"})
    assert (found.name, found.content) == ("报价单.xlsx", b"PK\x03\x04")
    (query,) = platform.bodies(MEDIA)
    assert query == {"access_token": "TOKEN-1", "media_id": "MEDIA-3"}


async def test_a_refused_token_is_renewed_for_a_file_too(
    online: WeComAdapter, platform: FakeWeCom
) -> None:
    platform.tell(MEDIA, {"errcode": 42001, "errmsg": "expired"}, b"PK")
    assert (await online.download({"media_id": "M"})).content == b"PK"
    assert platform.tokens == 2


async def test_a_file_that_looks_like_json_is_a_file(
    online: WeComAdapter, platform: FakeWeCom
) -> None:
    platform.tell(MEDIA, b'{"errcode": 40007}')
    assert (await online.download({"media_id": "M"})).content == b'{"errcode": 40007}'


@pytest.mark.parametrize(
    ("answer", "code"),
    [({"errcode": 40007, "errmsg": "gone"}, "40007"), (bytes((20 << 20) + 1), "file")],
)
async def test_a_file_that_is_gone_or_too_large_says_so(
    online: WeComAdapter, platform: FakeWeCom, answer: Json | bytes, code: str
) -> None:
    platform.tell(MEDIA, answer)
    with pytest.raises(UndeliverableError) as failed:
        await online.download({"media_id": "M"})
    assert failed.value.code == code
    assert failed.value.advice


@pytest.mark.parametrize("answer", [RESET, DOWN])
async def test_a_lost_file_is_to_be_fetched_again(
    online: WeComAdapter, platform: FakeWeCom, answer: str
) -> None:
    platform.tell(MEDIA, answer, answer)
    with pytest.raises(TransientError):
        await online.download({"media_id": "M"})


async def test_an_event_without_a_file_has_none(online: WeComAdapter) -> None:
    with pytest.raises(UndeliverableError, match="取不到"):
        await online.download({"user": "lina"})


def written(number: int, **more: object) -> Json:
    return {
        "msgid": f"KF-{number}",
        "open_kfid": "wkAAAA",
        "external_userid": "wmAAAA",
        "send_time": 1767225600,
        "origin": 3,
        "msgtype": "text",
        "text": {"content": f"第 {number} 句"},
        **more,
    }


async def pulled(online: WeComAdapter, cursor: str) -> list[Pulled]:
    origin = {"open_kfid": "wkAAAA", "token": "KFTOKEN"}
    return [page async for page in online.customers(origin, cursor)]


async def test_customers_words_are_pulled_until_there_are_no_more(
    online: WeComAdapter, platform: FakeWeCom
) -> None:
    image = {"msgtype": "image", "image": {"media_id": "MEDIA-9"}}
    platform.tell(
        "kf/sync_msg",
        {"errcode": 0, "next_cursor": "C1", "has_more": 1, "msg_list": [written(1)]},
        {"errcode": 0, "next_cursor": "C2", "has_more": 1, "msg_list": []},
        {
            "errcode": 0,
            "next_cursor": "C3",
            "has_more": 0,
            "msg_list": [written(2, origin=4), written(3, origin=5), written(4, **image)],
        },
    )
    first, empty, last = await pulled(online, "C0")
    assert [body["cursor"] for body in platform.bodies("kf/sync_msg")] == ["C0", "C1", "C2"]
    (words,) = first.messages
    assert (words.key, words.customer, words.text) == ("KF-1", "wmAAAA", "第 1 句")
    assert (empty.messages, empty.cursor) == ((), "C2")
    (picture,) = last.messages
    assert (picture.text, picture.media_id, last.cursor) == ("[图片]", "MEDIA-9", "C3")


async def test_a_cursor_that_stands_still_ends_the_pull(
    online: WeComAdapter, platform: FakeWeCom
) -> None:
    platform.tell("kf/sync_msg", {"errcode": 0, "next_cursor": "C0", "has_more": 1})
    assert len(await pulled(online, "C0")) == 1
