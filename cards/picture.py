"""Drawings as PNG, with a font of our own: no dependence on what the machine has installed."""

from __future__ import annotations

from cards.drawing import Drawing


def png(drawing: Drawing) -> bytes:
    """Draw as PNG bytes."""
    raise NotImplementedError
