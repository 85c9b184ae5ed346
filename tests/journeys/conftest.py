"""The town for tests that play whole journeys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.journeys.town import Town, opened


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    """Everybody is at their phones on a Wednesday evening; there is no lead yet.

    The strict platforms must have refused nothing, unless the test told them to.
    """
    async with opened(tmp_path) as place:
        yield place
        if not place.troubled:
            assert [asdict(one) for one in place.refusals()] == []
