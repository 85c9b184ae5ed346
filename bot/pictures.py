"""Drawings as PNG bytes, off the event loop, each drawn once."""

from __future__ import annotations

import asyncio
from functools import lru_cache

from cards.drawing import Drawing


async def png(drawing: Drawing) -> bytes:
    """Draw in a thread; the same values are not drawn twice in a row."""
    return await asyncio.to_thread(_drawn, drawing)


@lru_cache(maxsize=64)
def _drawn(drawing: Drawing) -> bytes:
    # pillow and its font load only in processes that make pictures
    from cards.picture import png as draw

    return draw(drawing)
