"""Counters of this process in the Prometheus text format."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """What happened here since the start; label values are our own words, never input."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}
        self._callbacks = Counter(
            "momentum_callbacks",
            "Callbacks by platform, kind and what became of them",
            ("platform", "kind", "result"),
            registry=self._registry,
        )
        self._acks = Histogram(
            "momentum_ack_seconds",
            "From the callback's arrival to its answer",
            ("platform",),
            buckets=_BUCKETS,
            registry=self._registry,
        )

    def count(self, name: str, by: float = 1, **labels: str) -> None:
        """Add to a counter; one name always comes with the same label names."""
        if name not in self._counters:
            bare = name.removesuffix("_total")
            self._counters[name] = Counter(bare, bare, tuple(labels), registry=self._registry)
        counter = self._counters[name]
        (counter.labels(**labels) if labels else counter).inc(by)

    @contextmanager
    def callback(self, platform: str) -> Iterator[dict[str, str]]:
        """Time one callback; the caller fills in its kind and result."""
        seen = {"kind": "-", "result": "failed"}
        started = time.perf_counter()
        try:
            yield seen
        finally:
            self._callbacks.labels(platform, seen["kind"], seen["result"]).inc()
            self._acks.labels(platform).observe(time.perf_counter() - started)

    def text(self, gauges: Mapping[str, float]) -> str:
        """Everything, with `gauges` read just now from the tables."""
        for name, value in gauges.items():
            if name not in self._gauges:
                self._gauges[name] = Gauge(name, name, registry=self._registry)
            self._gauges[name].set(value)
        return generate_latest(self._registry).decode()
