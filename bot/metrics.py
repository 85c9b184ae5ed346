"""Counters of this process in the Prometheus text format."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

Labels = tuple[tuple[str, str], ...]


class Metrics:
    """What happened here since the start; label values are our own words, never input."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, Labels]] = Counter()
        self._buckets: Counter[tuple[str, float]] = Counter()
        self._seconds: Counter[str] = Counter()
        self._acks: Counter[str] = Counter()

    def count(self, name: str, **labels: str) -> None:
        self._counts[name, tuple(sorted(labels.items()))] += 1

    @contextmanager
    def callback(self, platform: str) -> Iterator[dict[str, str]]:
        """Time one callback; the caller fills in its kind and result."""
        seen = {"kind": "-", "result": "failed"}
        started = time.perf_counter()
        try:
            yield seen
        finally:
            took = time.perf_counter() - started
            self.count("momentum_callbacks_total", platform=platform, **seen)
            self._acks[platform] += 1
            self._seconds[platform] += took  # type: ignore[assignment]  # seconds, not a count
            for bucket in _BUCKETS:
                self._buckets[platform, bucket] += took <= bucket

    def text(self, gauges: Mapping[str, float]) -> str:
        """Everything, with `gauges` read just now from the tables."""
        lines = [
            f"{name}{_braces(labels)} {value}"
            for (name, labels), value in sorted(self._counts.items())
        ]
        for platform, total in sorted(self._acks.items()):
            for bucket in _BUCKETS:
                labels = (("platform", platform), ("le", f"{bucket:g}"))
                value = self._buckets[platform, bucket]
                lines.append(f"momentum_ack_seconds_bucket{_braces(labels)} {value}")
            endless = (("platform", platform), ("le", "+Inf"))
            lines.append(f"momentum_ack_seconds_bucket{_braces(endless)} {total}")
            own = _braces((("platform", platform),))
            lines.append(f"momentum_ack_seconds_sum{own} {self._seconds[platform]:.6f}")
            lines.append(f"momentum_ack_seconds_count{own} {total}")
        lines += [f"{name} {value:g}" for name, value in gauges.items()]
        return "\n".join(lines) + "\n"


def _braces(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels) + "}" if labels else ""
