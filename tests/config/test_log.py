"""Log lines: facts as fields, no telephone numbers, and the trace that ties them together."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import log
from config.log import JsonLines, trace


def line(event: str = "lead claimed", **facts: Any) -> dict[str, Any]:
    record = logging.getLogger("crm").makeRecord(
        "crm", logging.INFO, __file__, 1, event, (), None, extra=facts
    )
    text = JsonLines().format(record)
    assert "\n" not in text
    found: dict[str, Any] = json.loads(text)
    return found


def test_facts_are_fields() -> None:
    found = line(lead=17, key="k", empty="")
    assert (found["event"], found["level"], found["log"]) == ("lead claimed", "INFO", "crm")
    assert (found["lead"], found["key"]) == (17, "k")
    assert "empty" not in found
    assert found["at"].endswith("+00:00")


def test_chinese_stays_readable_and_odd_values_do_not_break_the_line() -> None:
    assert line(reason="多次重试")["reason"] == "多次重试"
    assert line(what={1, 2})["what"] in ("{1, 2}", "{2, 1}")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("电话 13800001234。", "电话 138****1234。"),
        ("+8613800001234", "+86138****1234"),
        ("008613800001234", "0086138****1234"),
        ("+86 138 0000 1234", "+86 138****1234"),
        ("138-0000-1234", "138****1234"),
        ("13800001234,13900005678", "138****1234,139****5678"),
        ("1700000000000", "1700000000000"),  # milliseconds
        ("12345678901", "12345678901"),  # no mobile number begins so
        ("7340138000012349999", "7340138000012349999"),  # a message id
    ],
)
def test_mobile_numbers_are_masked_wherever_they_stand(text: str, shown: str) -> None:
    assert line(body=text)["body"] == shown
    assert line(text)["event"] == shown
    assert line(body=[{"x": text}])["body"] == [{"x": shown}]


def test_a_trace_back_is_masked_too() -> None:
    try:
        raise ValueError("no such person: 13800001234")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", (), None)
        import sys

        record.exc_info = sys.exc_info()
    found = json.loads(JsonLines().format(record))
    assert "ValueError" in found["error"]
    assert "138****1234" in found["error"]
    assert "13800001234" not in found["error"]


@given(
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.text(st.characters(exclude_categories=["Nd"])),
)
def test_no_number_survives_among_any_words(number: str, words: str) -> None:
    assert number not in json.dumps(line(body=f"{words}{number}{words}"), ensure_ascii=False)


async def test_each_piece_of_work_has_its_own_trace() -> None:
    async def work(name: str) -> str:
        trace.set(name)
        await asyncio.sleep(0)
        return str(line()["trace"])

    found = await asyncio.gather(work("a"), work("b"))
    assert list(found) == ["a", "b"]
    assert "trace" not in line()


def test_it_writes_to_stderr_and_keeps_noisy_libraries_down(
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        log.start("INFO")
        logging.getLogger("bot").info("event kept", extra={"inbox": 1})
        logging.getLogger("tortoise").info("noise")
        logging.getLogger("bot").debug("too fine")
    finally:
        root.handlers[:], root.level = before
    [written] = capsys.readouterr().err.splitlines()
    assert json.loads(written)["inbox"] == 1
