"""Frames against the published vectors, and against the vendor's own protobuf."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.feishu.frame import DATA, Frame, FrameError, decode, encode, ping
from bot.feishu.pieces import Pieces

PING = "0800100018f681801020002a0c0a0474797065120470696e67"
EVENT = (
    "08071009180120012a0d0a047479706512056576656e742a110a0a6d6573736167655f696412036d2d312a080a0373"
    "756d1201312a080a037365711201302a0f0a0874726163655f69641203742d3142107b22736368656d61223a22322e"
    "30227d"
)
ANSWER = (
    "08071009180120012a0d0a047479706512056576656e742a110a0a6d6573736167655f696412036d2d312a080a0373"
    "756d1201312a080a037365711201302a0f0a0874726163655f69641203742d312a0b0a0662697a5f7274120135420c"
    "7b22636f6465223a3230307d"
)
FIRST = (
    "08011001180120012a0d0a047479706512056576656e742a110a0a6d6573736167655f696412036d2d392a080a0373"
    "756d1201322a080a037365711201302a0d0a0874726163655f6964120174420f7b2264617461223a2268656c6c6f2c"
)
SECOND = (
    "08021002180120012a0d0a047479706512056576656e742a110a0a6d6573736167655f696412036d2d392a080a0373"
    "756d1201322a080a037365711201312a0d0a0874726163655f69641201744207776f726c64227d"
)


@cache
def theirs() -> Any:
    with warnings.catch_warnings():
        # its vendored websockets and protobuf use what newer releases deprecate
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", UserWarning)
        from lark_oapi.ws.pb import pbbp2_pb2
    return pbbp2_pb2


def test_a_ping_is_the_published_one() -> None:
    assert encode(ping(33554678)).hex() == PING
    assert decode(bytes.fromhex(PING)) == ping(33554678)


def test_an_event_and_its_answer_are_the_published_ones() -> None:
    frame = decode(bytes.fromhex(EVENT))
    assert (frame.sequence, frame.log, frame.service, frame.method) == (7, 9, 1, DATA)
    assert frame.header("message_id") == "m-1"
    assert frame.payload == b'{"schema":"2.0"}'
    assert encode(frame).hex() == EVENT
    assert encode(frame.acknowledged(b'{"code":200}', 5)).hex() == ANSWER


@pytest.mark.parametrize("order", [(FIRST, SECOND), (SECOND, FIRST), (FIRST, FIRST, SECOND)])
def test_pieces_are_joined_in_any_order(order: tuple[str, ...]) -> None:
    pieces = Pieces()
    *early, last = [pieces.whole(decode(bytes.fromhex(raw))) for raw in order]
    assert not any(early)
    assert last == b'{"data":"hello,world"}'


def test_pieces_that_stay_alone_are_forgotten() -> None:
    now = [0.0]
    pieces = Pieces(lambda: now[0])
    assert pieces.whole(decode(bytes.fromhex(FIRST))) is None
    now[0] = 6.0
    assert pieces.whole(decode(bytes.fromhex(SECOND))) is None


def test_a_piece_of_nonsense_is_no_message() -> None:
    for total, number in (("2", "7"), ("9999", "0"), ("999999999", "0")):
        frame = Frame(headers=(("sum", total), ("seq", number)))
        assert Pieces().whole(frame) in (None, b"")


headers = st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9)), max_size=4).map(tuple)
frames = st.builds(
    Frame,
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**64 - 1),
    st.integers(-(2**31), 2**31 - 1),
    st.integers(-(2**31), 2**31 - 1),
    headers,
    st.text(max_size=9),
    st.text(max_size=9),
    st.binary(max_size=300),
    st.text(max_size=9),
)


@settings(deadline=None, max_examples=60)
@given(frames)
def test_we_and_the_vendor_read_each_other(frame: Frame) -> None:
    message = theirs().Frame()
    message.ParseFromString(encode(frame))
    assert (message.SeqID, message.LogID) == (frame.sequence, frame.log)
    assert (message.service, message.method) == (frame.service, frame.method)
    assert tuple((one.key, one.value) for one in message.headers) == frame.headers
    assert (message.payload, message.LogIDNew) == (frame.payload, frame.log_new)
    assert decode(message.SerializeToString()) == frame


def test_unknown_fields_are_skipped_and_order_does_not_matter() -> None:
    unknown = bytes.fromhex("7801" + "8201026869" + "8d0101020304" + "91010102030405060708")
    assert decode(unknown + bytes.fromhex(EVENT)[4:] + bytes.fromhex(EVENT)[:4]).sequence == 7


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_frame_or_a_frame_error(raw: bytes) -> None:
    try:
        decode(raw)
    except FrameError:
        return


@pytest.mark.parametrize("raw", ["08", "42ff01", "0b", "08" + "ff" * 11, "3201ff"])
def test_torn_bytes_are_refused(raw: str) -> None:
    with pytest.raises(FrameError):
        decode(bytes.fromhex(raw))
