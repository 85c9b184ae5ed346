"""Closed-form level crossings of a single time class (modelling §3.3)."""

from __future__ import annotations

from math import exp, inf, log, sqrt

from crm.momentum.wave import Term


def crossing_hours(term: Term, level: float, *, rising: bool) -> float | None:
    """Hours from the reference time until one class crosses `level` > 0; negative = it already did.

    With u = a/b and x = u + d the condition (a + b·d)·e^(-d) = level reads x - ln x = 1 + δ,
    δ = ln(peak/level), which has one root on either side of the peak at x = 1.
    """
    tau, a, b = term
    if b == 0:
        return tau * log(a / level) if a > 0 and not rising else None
    if b < 0:
        return None if rising else tau * _sinking(a, b, level)
    u = a / b
    excess = log(b / level) + u - 1
    if excess < 0 or (excess == 0 and rising):
        return None
    x = early(excess) if rising else late(excess)
    return tau * _polished(a, b, level, x - u)


def late(excess: float) -> float:
    """The root x >= 1 of x - 1 - ln x = excess >= 0."""
    c = 1 + excess
    return _halley(excess, c + log(c) if c > 1.5 else _near(excess, 1.0))


def early(excess: float) -> float:
    """The root 0 < x <= 1 of x - 1 - ln x = excess >= 0."""
    if excess > 40:
        return exp(-1 - excess)  # the next term of the series is below half a unit
    return _halley(excess, exp(-1 - excess) if excess > 1 else _near(excess, -1.0))


def _near(excess: float, side: float) -> float:
    """Start value from the double root at x = 1, where both branches meet."""
    return 1 + side * sqrt(2 * excess) + 2 * excess / 3


def _halley(excess: float, x: float) -> float:
    """Solve x - 1 - ln x = excess from a start on the right side of x = 1."""
    for _ in range(20):
        y = x - 1
        if y == 0:
            return x
        miss = _less_log(x) - excess
        slope = y / x
        step = 2 * miss * slope / (2 * slope * slope - miss / (x * x))
        x -= step
        if abs(step) <= 2e-15 * x:
            break
    return x


def _less_log(x: float) -> float:
    """Return x - 1 - ln x without the cancellation near x = 1."""
    y = x - 1
    if abs(y) > 0.02:
        return y - log(x)
    return y * y * sum((-y) ** k / (k + 2) for k in range(11))


def _sinking(a: float, b: float, level: float) -> float:
    """The one crossing when b < 0: z = -(u + d) solves z + ln z = ln(level/-b) - u, by Newton."""
    u = a / b
    k = log(level / -b) - u
    if k < -40:
        z = exp(max(k, -745.0))
    else:
        z = k - log(k) if k > 1 else exp(min(k, 0.0)) / (1 + exp(min(k, 0.0)))
        for _ in range(50):
            step = (z + log(z) - k) * z / (z + 1)
            z -= step
            if abs(step) <= 4e-16 * z:
                break
    return _polished(a, b, level, -z - u)


def _polished(a: float, b: float, level: float, d: float) -> float:
    """Repair what x - u cancelled when |u| is large, by Newton on ln((a + b·d)/level) - d."""
    if abs(a / b) < 16:
        return d
    best, miss = d, inf
    for _ in range(8):
        height = a + b * d
        if height <= 0 or height == b:
            break
        off = log(height / level) - d
        if abs(off) >= miss:
            break
        best, miss = d, abs(off)
        d -= off / (b / height - 1)
    return best
