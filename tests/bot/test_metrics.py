"""Counters in the Prometheus text format, as its own parser reads them."""

from __future__ import annotations

import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.metrics import Metrics

Key = tuple[str, frozenset[tuple[str, str]]]


def read(metrics: Metrics, **gauges: float) -> dict[Key, float]:
    families = text_string_to_metric_families(metrics.text(gauges))
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def key(name: str, **labels: str) -> Key:
    return name, frozenset(labels.items())


def test_a_count_goes_up_by_one_under_its_labels() -> None:
    metrics = Metrics()
    for result in ("sent", "sent", "dead"):
        metrics.count("momentum_deliveries_total", platform="feishu", result=result)
    found = read(metrics)
    assert found[key("momentum_deliveries_total", platform="feishu", result="sent")] == 2
    assert found[key("momentum_deliveries_total", platform="feishu", result="dead")] == 1


def test_a_callback_is_counted_and_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = Metrics()
    ticks = iter([10.0, 10.02])
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))
    with metrics.callback("wecom") as seen:
        seen.update(kind="message", result="kept")
    monkeypatch.undo()
    found = read(metrics)
    labels = {"platform": "wecom", "kind": "message", "result": "kept"}
    assert found[key("momentum_callbacks_total", **labels)] == 1
    buckets = {
        dict(labels)["le"]: value
        for (name, labels), value in found.items()
        if name == "momentum_ack_seconds_bucket"
    }
    assert (buckets["0.01"], buckets["0.025"], buckets["5.0" if "5.0" in buckets else "5"]) == (
        *(0, 1, 1),
    )
    assert buckets["+Inf"] == found[key("momentum_ack_seconds_count", platform="wecom")] == 1
    assert found[key("momentum_ack_seconds_sum", platform="wecom")] == pytest.approx(0.02)


def test_a_callback_that_raises_is_counted_as_failed() -> None:
    metrics = Metrics()

    def fail() -> None:
        with metrics.callback("wecom"):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    labels = {"platform": "wecom", "kind": "-", "result": "failed"}
    assert read(metrics)[key("momentum_callbacks_total", **labels)] == 1


def test_gauges_are_as_they_are_just_now() -> None:
    metrics = Metrics()
    assert read(metrics, momentum_inbox_waiting=3)[key("momentum_inbox_waiting")] == 3
    assert read(metrics, momentum_inbox_waiting=0)[key("momentum_inbox_waiting")] == 0
