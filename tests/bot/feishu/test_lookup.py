"""Directory, downloads and speech: what the adapter asks the platform for."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.adapter import Department, Member, Page, TransientError, UndeliverableError
from bot.feishu import download as downloads
from bot.feishu.adapter import FeishuAdapter
from tests.bot.feishu.platform import Platform, opened

MEMBERS = "GET /contact/v3/users/find_by_department"
FORBIDDEN = {"code": 40004, "msg": "no dept authority error"}
RESOURCE = "GET /im/v1/messages/om_7/resources/file_1"
JPEG = b"\xff\xd8\xff\xe0"
VOICE = {"message": "om_7", "file_key": "file_1", "content": "audio", "duration": "2300"}


@pytest.fixture
async def platform() -> Platform:
    return Platform()


@pytest.fixture
async def feishu(platform: Platform) -> AsyncIterator[FeishuAdapter]:
    async with opened(platform) as (adapter, _, _):
        yield adapter


def items(*found: Any, token: str = "") -> dict[str, Any]:
    data = {"items": list(found), "has_more": bool(token), "page_token": token}
    return {"code": 0, "data": data}


def department(ident: str, name: str, parent: str) -> dict[str, str]:
    return {"open_department_id": ident, "name": name, "parent_department_id": parent}


async def whole(feishu: FeishuAdapter) -> list[Page]:
    pages = [await feishu.directory("")]
    while pages[-1].cursor:
        pages.append(await feishu.directory(pages[-1].cursor))
    return pages


async def test_the_directory_is_walked_page_by_page(
    feishu: FeishuAdapter, platform: Platform
) -> None:
    lina = {
        "open_id": "ou_lina",
        "name": "李娜",
        "mobile": "+8613800000000",
        "department_ids": ["od_1"],
        "status": {"is_resigned": False},
    }
    platform.answer(
        MEMBERS,
        items({"open_id": "ou_boss", "name": "老板"}),
        items(lina, token="next"),
        items({"open_id": "ou_left", "status": {"is_frozen": True}}),
        items(),
    )
    platform.answer(
        "GET /contact/v3/departments/0/children",
        items(department("od_1", "销售", "0"), token="more"),
        items(department("od_2", "华东", "od_1")),
    )
    pages = await whole(feishu)
    assert [member for page in pages for member in page.members] == [
        Member("ou_boss", "老板"),
        Member("ou_lina", "李娜", "13800000000", ("od_1",)),
        Member("ou_left", "", is_active=False),
    ]
    assert [one for page in pages for one in page.departments] == [
        Department("od_1", "销售"),
        Department("od_2", "华东", "od_1"),
    ]
    asked = [dict(call.query) for call in platform.seen(MEMBERS)]
    assert [query["department_id"] for query in asked] == ["0", "od_1", "od_1", "od_2"]
    assert [query.get("page_token", "") for query in asked] == ["", "", "next", ""]


async def test_an_app_of_a_smaller_range_reads_its_range(
    feishu: FeishuAdapter, platform: Platform
) -> None:
    platform.answer(MEMBERS, FORBIDDEN, items({"open_id": "ou_a", "name": "甲"}))
    scopes = {"department_ids": ["od_9"], "user_ids": ["ou_b"], "has_more": False}
    platform.answer("GET /contact/v3/scopes", {"code": 0, "data": scopes})
    platform.answer(
        "GET /contact/v3/departments/batch", items(department("od_9", "门店", "od_hidden"))
    )
    platform.answer("GET /contact/v3/departments/od_9/children", items())
    platform.answer("GET /contact/v3/users/batch", items({"open_id": "ou_b"}))
    pages = await whole(feishu)
    assert [one for page in pages for one in page.departments] == [
        Department("od_9", "门店", "od_hidden")
    ]
    assert [m.user for page in pages for m in page.members] == ["ou_a", "ou_b"]
    assert platform.seen("GET /contact/v3/users/batch")[0].query == [("user_ids", "ou_b")]


async def test_no_contact_scope_at_all_says_what_to_do(
    feishu: FeishuAdapter, platform: Platform
) -> None:
    platform.answer(MEMBERS, {"code": 99991672})
    platform.answer("GET /contact/v3/scopes", {"code": 99991672})
    with pytest.raises(UndeliverableError) as fault:
        await feishu.directory("")
    assert "权限" in fault.value.reason
    with pytest.raises(UndeliverableError) as bad:
        await feishu.directory("bm8=")
    assert bad.value.code == "cursor"


# ---- downloads


def file(content: bytes, kind: str = "application/octet-stream", **headers: str) -> web.Response:
    return web.Response(body=content, content_type=kind, headers=headers)


async def test_a_file_comes_with_the_name_its_sender_gave(
    feishu: FeishuAdapter, platform: Platform
) -> None:
    platform.answer(RESOURCE, file(b"pk", "application/zip"))
    got = await feishu.download({**VOICE, "content": "file", "file_name": "报价单.xlsx"})
    assert (got.name, got.content) == ("报价单.xlsx", b"pk")
    assert platform.calls[-1].query == [("type", "file")]


@pytest.mark.parametrize(
    ("origin", "content", "name", "kind"),
    [
        (
            {"image_key": "file_1,img_2", "content": "image"},
            b"\xff\xd8\xff..",
            "image.jpg",
            "image",
        ),
        ({"image_key": "file_1"}, b"\x89PNG", "image.png", "image"),
        ({"file_key": "file_1", "image_key": "i", "content": "media"}, b"mp4", "media.mp4", "file"),
        (VOICE, b"OggS", "audio.opus", "file"),
    ],
)
async def test_what_has_no_name_gets_one(
    feishu: FeishuAdapter,
    platform: Platform,
    origin: dict[str, str],
    content: bytes,
    name: str,
    kind: str,
) -> None:
    platform.answer(RESOURCE, file(content))
    assert (await feishu.download({"message": "om_7", **origin})).name == name
    assert platform.calls[-1].query == [("type", kind)]


async def test_a_name_from_the_wire_is_no_path(feishu: FeishuAdapter, platform: Platform) -> None:
    disposition = 'attachment; filename="..\\\\..\\\\a.txt"'
    platform.answer(RESOURCE, file(b"x", **{"Content-Disposition": disposition}))
    assert "/" not in (name := (await feishu.download(VOICE)).name)
    assert "\\" not in name


async def test_a_download_is_refused_in_chinese_or_too_large(
    feishu: FeishuAdapter, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.answer(RESOURCE, {"code": 234038})
    with pytest.raises(UndeliverableError) as secret:
        await feishu.download(VOICE)
    assert "保密" in secret.value.reason
    monkeypatch.setattr(downloads, "MAX_BYTES", 3)
    platform.answer(RESOURCE, file(b"four"))
    with pytest.raises(UndeliverableError) as large:
        await feishu.download(VOICE)
    assert large.value.code == "size"
    with pytest.raises(UndeliverableError):
        await feishu.download({"message": "om_7"})
    monkeypatch.undo()
    platform.answer(RESOURCE, file(b"<html>", "application/json"))
    with pytest.raises(TransientError):
        await feishu.download(VOICE)


async def test_a_stale_token_is_renewed_for_a_download(
    feishu: FeishuAdapter, platform: Platform
) -> None:
    platform.answer(RESOURCE, {"code": 99991663}, file(b"x"))
    assert (await feishu.download(VOICE)).content == b"x"


# ---- speech


def install(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.fixture
def ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program in ffmpeg's place that turns any sound into "pcm:" and the sound."""
    install(tmp_path, "printf pcm:\nexec /bin/cat", monkeypatch)


@pytest.fixture
def broken_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "exit 1", monkeypatch)


@pytest.mark.usefixtures("ffmpeg")
async def test_a_voice_message_becomes_words(feishu: FeishuAdapter, platform: Platform) -> None:
    platform.answer(RESOURCE, file(b"OggS"))
    path = "POST /speech_to_text/v1/speech/file_recognize"
    platform.answer(path, {"code": 0, "data": {"recognition_text": "领取十七 "}})
    assert await feishu.recognise(VOICE) == "领取十七"
    body = platform.seen(path)[0].body
    assert base64.b64decode(body["speech"]["speech"]) == b"pcm:OggS"
    assert body["config"]["format"] == "pcm"
    assert body["config"]["engine_type"] == "16k_auto"
    assert len(body["config"]["file_id"]) == 16
    assert body["config"]["file_id"].isalnum()


async def test_without_ffmpeg_the_admin_is_told(
    feishu: FeishuAdapter, platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    platform.answer(RESOURCE, file(b"OggS"))
    with pytest.raises(UndeliverableError) as fault:
        await feishu.recognise(VOICE)
    assert "安装 ffmpeg" in fault.value.advice


@pytest.mark.usefixtures("broken_ffmpeg")
async def test_what_cannot_be_understood_says_why(
    feishu: FeishuAdapter, platform: Platform
) -> None:
    with pytest.raises(UndeliverableError) as long:
        await feishu.recognise({**VOICE, "duration": "60001"})
    assert "60 秒" in long.value.reason
    platform.answer(RESOURCE, file(b"text"))
    with pytest.raises(UndeliverableError) as broken:
        await feishu.recognise(VOICE)
    assert broken.value.code == "audio"
