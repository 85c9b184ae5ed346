from __future__ import annotations

from datetime import timedelta

import pytest

from bot.adapter import UndeliverableError
from crm.attachment import KINDS, MOST_BYTES
from crm.refusal import RefusedError
from jobs.outbox import load as loaded
from models import attachment
from tests.fakes import NOON, TENANT

pytestmark = pytest.mark.usefixtures("database")
CONTENT = b"%PDF-1.7\x00\xff\n"


async def test_a_file_comes_back_byte_for_byte() -> None:
    key = await attachment.keep(TENANT, "报价单.pdf", CONTENT, now=NOON)
    assert await attachment.load(key) == CONTENT


async def test_the_same_file_is_kept_once_and_another_beside_it() -> None:
    keys = [
        await attachment.keep(TENANT, name, content, now=NOON)
        for name, content in (("a.pdf", CONTENT), ("a.pdf", CONTENT), ("b.pdf", CONTENT))
    ]
    assert keys[0] == keys[1] != keys[2]
    assert await attachment.AttachmentRow.all().count() == 2


async def test_tenants_do_not_share_keys() -> None:
    keys = {await attachment.keep(one, "a.pdf", CONTENT, now=NOON) for one in ("main", "other")}
    assert len(keys) == 2


async def test_a_file_that_is_gone_is_a_dead_letter_with_advice() -> None:
    with pytest.raises(UndeliverableError) as caught:
        await loaded("nowhere")
    assert "重新生成" in caught.value.advice


async def test_old_files_are_swept() -> None:
    old = await attachment.keep(TENANT, "a.pdf", CONTENT, now=NOON)
    new = await attachment.keep(TENANT, "b.pdf", CONTENT, now=NOON + timedelta(days=2))
    assert await attachment.sweep(TENANT, before=NOON + timedelta(days=1)) == 1
    assert (await attachment.load(old), await attachment.load(new)) == (None, CONTENT)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.exe", CONTENT),
        ("a", CONTENT),
        ("../a.pdf", CONTENT),
        ("a\n.pdf", CONTENT),
        (f"{'长' * 100}.pdf", CONTENT),
        ("a.pdf", b"12345"),
        ("a.pdf", b"1" * (MOST_BYTES + 1)),
    ],
)
async def test_what_no_platform_takes_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(RefusedError):
        await attachment.keep(TENANT, name, content, now=NOON)


async def test_the_bounds_are_allowed() -> None:
    assert await attachment.keep(TENANT, "a.CSV", b"123456", now=NOON)
    assert "csv" in KINDS
