"""Old files are forgotten, once a day."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobs.attachment import KEPT, sweep
from models import attachment
from models.attachment import AttachmentRow
from tests import fakes
from tests.fakes import NOON, TENANT, Clock

pytestmark = pytest.mark.usefixtures("database")


async def test_old_files_are_forgotten_once_a_day() -> None:
    clock = Clock()
    drain = sweep(fakes.house(clock), fakes.silence)
    await attachment.keep(TENANT, "a.csv", b"a,b\n1,2\n", now=NOON - KEPT - timedelta(hours=1))
    await attachment.keep(TENANT, "b.csv", b"a,b\n3,4\n", now=NOON - KEPT + timedelta(hours=1))
    assert (await drain(), await AttachmentRow.all().count()) == (1, 1)
    clock.wait(hours=2)
    assert await drain() == 0
    clock.wait(hours=24)
    assert (await drain(), await AttachmentRow.all().count()) == (1, 0)
