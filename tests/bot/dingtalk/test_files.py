"""Files that came in, and the directory."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.adapter import Department, Member, Page, TransientError, UndeliverableError
from bot.dingtalk import files as files_module
from bot.dingtalk.adapter import DingTalkAdapter
from bot.dingtalk.quota import billed, billed_push

from . import desk
from .desk import payload, read
from .fake import DOWNLOAD, Fake

Extra = Callable[..., DingTalkAdapter]
SUBS, PEOPLE = "/topapi/v2/department/listsub", "/topapi/v2/user/list"
STORED = "/store/1.file"


def here(fake: Fake) -> tuple[int, object]:
    return 200, {"downloadUrl": f"{fake.base}{STORED}?sig=1"}


async def test_a_file_is_fetched(extra: Extra, fake: Fake) -> None:
    fake.script[DOWNLOAD] = [here(fake)]
    fake.script[STORED] = [(200, b"PK..")]
    event = read(desk.adapter(), desk.robot(payload("robot__file")))
    found = await extra().download(event.origin)
    assert (found.name, found.content) == ("报价.xlsx", b"PK..")
    assert fake.to(DOWNLOAD)[0].body == {"downloadCode": "dc04", "robotCode": "dingrobot01"}
    assert "x-acs-dingtalk-access-token" not in fake.to(STORED)[0].headers


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("robot__audio", "语音.amr"),
        ("robot__video", "视频.mp4"),
        ("robot__rich_text_pictures", "图片.jpg"),
    ],
)
async def test_what_has_no_name_gets_one(extra: Extra, fake: Fake, name: str, kept: str) -> None:
    fake.script[DOWNLOAD] = [here(fake)]
    fake.script[STORED] = [(200, b"...")]
    event = read(desk.adapter(), desk.robot(payload(name)))
    assert (await extra().download(event.origin)).name == kept


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/1.file",
        "https://dingtalk.com.evil.example/1",
        "https://oapi.dingtalk.com@evil.example/1",
        "file:///etc/passwd",
        "http://169.254.169.254/latest",
        "",
    ],
)
async def test_a_file_elsewhere_is_left_there(extra: Extra, fake: Fake, url: str) -> None:
    fake.script[DOWNLOAD] = [(200, {"downloadUrl": url})]
    with pytest.raises(UndeliverableError, match="不属于钉钉"):
        await extra().download({"download_code": "dc"})


@pytest.mark.parametrize(("status", "kind"), [(404, UndeliverableError), (503, TransientError)])
async def test_a_store_that_refuses(
    extra: Extra, fake: Fake, status: int, kind: type[Exception]
) -> None:
    fake.script[DOWNLOAD] = [here(fake)]
    fake.script[STORED] = [(status, b"")]
    with pytest.raises(kind):
        await extra().download({"download_code": "dc"})


async def test_a_redirect_is_not_followed(extra: Extra, fake: Fake) -> None:
    fake.script[DOWNLOAD] = [here(fake)]
    fake.script[STORED] = [(302, {"_headers": {"Location": f"{fake.base}/elsewhere"}})]
    with pytest.raises(UndeliverableError, match="取不到"):
        await extra().download({"download_code": "dc"})
    assert fake.to("/elsewhere") == []


async def test_a_file_without_end(
    extra: Extra, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_module, "LARGEST", 3)
    fake.script[DOWNLOAD] = [here(fake)]
    fake.script[STORED] = [(200, b"PK..")]
    with pytest.raises(UndeliverableError, match="20 MB"):
        await extra().download({"download_code": "dc"})


async def test_a_code_that_has_expired(extra: Extra, fake: Fake) -> None:
    fake.script[DOWNLOAD] = [(400, {"code": "invalidParameter.robotCode.downloadCode"})]
    with pytest.raises(UndeliverableError, match="过期"):
        await extra().download({"download_code": "dc"})
    with pytest.raises(UndeliverableError, match="没有可下载"):
        await extra().download({})


def subs(*found: tuple[int, str]) -> tuple[int, object]:
    items = [{"dept_id": number, "name": name, "parent_id": 1} for number, name in found]
    return 200, {"errcode": 0, "result": items}


def people(*users: str, following: int = 0) -> tuple[int, object]:
    items = [{"userid": u, "name": u.upper(), "dept_id_list": [1, 7]} for u in users]
    more = {"has_more": True, "next_cursor": following} if following else {"has_more": False}
    return 200, {"errcode": 0, "result": {"list": items, **more}}


async def pages(adapter: DingTalkAdapter) -> list[Page]:
    found = [await adapter.directory("")]
    while found[-1].cursor:
        found.append(await adapter.directory(found[-1].cursor))
    return found


async def test_the_whole_organisation(extra: Extra, fake: Fake) -> None:
    fake.script[SUBS] = [subs((7, "华东"), (8, "华南")), subs(), subs((9, "广州")), subs()]
    fake.script[PEOPLE] = [
        people("a", following=100),
        people("b"),
        people("c"),
        (200, {"errcode": 0, "result": {"list": [None, {"userid": "d", "active": False}]}}),
        people(),
    ]
    found = await pages(extra())
    assert [m.user for page in found for m in page.members] == ["a", "b", "c", "d"]
    assert found[0].members[0] == Member("a", "A", "", ("1", "7"), True)
    assert found[3].members[0].is_active is False
    assert [d for page in found for d in page.departments] == [
        Department("1", "全组织"),
        Department("7", "华东", "1"),
        Department("8", "华南", "1"),
        Department("9", "广州", "8"),
    ]
    asked = [(call.body["dept_id"], call.body["cursor"]) for call in fake.to(PEOPLE)]
    assert asked == [(1, 0), (1, 100), (7, 0), (8, 0), (9, 0)]
    assert all(call.query == {"access_token": "token-1"} for call in fake.to(PEOPLE))


async def test_a_department_that_is_closed_to_us(
    extra: Extra, fake: Fake, caplog: pytest.LogCaptureFixture
) -> None:
    denied = (200, {"errcode": 88, "sub_code": "60011"})
    fake.script[SUBS] = [subs((7, "华东"), (8, "华南")), denied, subs()]
    fake.script[PEOPLE] = [people("a"), people("c")]
    found = await pages(extra())
    assert [m.user for page in found for m in page.members] == ["a", "c"]
    assert "department left out" in caplog.text


async def test_an_organisation_that_is_closed_to_us(extra: Extra, fake: Fake) -> None:
    fake.script[SUBS] = [(200, {"errcode": 88, "sub_code": "60011"})]
    with pytest.raises(UndeliverableError, match="权限"):
        await extra().directory("")


@pytest.mark.parametrize("cursor", ["x", "[]", "[0]", '["1",1]', "7", '[0,"a"]'])
async def test_a_cursor_of_someone_else(extra: Extra, fake: Fake, cursor: str) -> None:
    with pytest.raises(UndeliverableError, match="位置无效"):
        await extra().directory(cursor)
    assert fake.calls == []


@pytest.mark.parametrize(
    ("path", "costs"),
    [
        ("/v1.0/oauth2/accessToken", False),
        ("/topapi/v2/user/list", False),
        ("/topapi/v2/department/listsub", False),
        ("/v1.0/contact/users/me", False),
        ("/robot/send", False),
        ("/robot/sendBySession", False),
        ("/v1.0/robot/oToMessages/batchSend", True),
        ("/v1.0/card/instances/createAndDeliver", True),
        ("/media/upload", True),
    ],
)
def test_which_calls_cost(path: str, costs: bool) -> None:
    assert billed(path) is costs


@pytest.mark.parametrize(
    ("what", "costs"),
    [("user_leave_org", False), ("org_dept_create", False), ("check_in", True), ("", True)],
)
def test_which_pushes_cost(what: str, costs: bool) -> None:
    assert billed_push(what) is costs
