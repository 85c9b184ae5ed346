"""Drawings as PNG, with a font of our own: no dependence on what the machine has installed."""

from __future__ import annotations

from cards.drawing import Bars, Curve, Drawing, Grid
from cards.picture import bars, curve, grid


def png(drawing: Drawing) -> bytes:
    """Draw as PNG bytes, about 900 px wide, palette of 48 colours."""
    match drawing:
        case Curve():
            canvas = curve.drawn(drawing)
        case Grid():
            canvas = grid.drawn(drawing)
        case Bars():
            canvas = bars.drawn(drawing)
    return canvas.png()
