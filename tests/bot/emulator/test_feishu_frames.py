"""The published frames of the long connection, read and written bit for bit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.emulator.feishu_frames import CONTROL, DATA, Frame, FrameError, decode


def data(seq: int, key: str, total: int, number: int, trace: str, payload: bytes) -> Frame:
    headers = (
        *(("type", "event"), ("message_id", key), ("sum", str(total)), ("seq", str(number))),
        ("trace_id", trace),
    )
    return Frame(seq, 9 if seq == 7 else 0, 1, DATA, headers, payload)


PUSHED = data(7, "m-1", 1, 0, "t-1", b'{"schema":"2.0"}')
HEAD = "2a0d0a047479706512056576656e742a110a0a6d6573736167655f696412036d2d"
ONE = (
    "08071009180120012a0d0a047479706512056576656e742a110a0a6d6573736167655f696412036d2d31"
    "2a080a0373756d1201312a080a037365711201302a0f0a0874726163655f69641203742d31"
)
VECTORS = {
    17: (
        Frame(0, 0, 33554678, CONTROL, (("type", "ping"),)),
        "0800100018f681801020002a0c0a0474797065120470696e67",
    ),
    18: (PUSHED, ONE + "42107b22736368656d61223a22322e30227d"),
    19: (
        Frame(7, 9, 1, DATA, (*PUSHED.headers, ("biz_rt", "5")), b'{"code":200}'),
        ONE + "2a0b0a0662697a5f7274120135420c7b22636f6465223a3230307d",
    ),
    20: (
        data(1, "m-9", 2, 0, "t", b'{"data":"hello,'),
        (
            f"0801100018012001{HEAD}392a080a0373756d1201322a080a037365711201302a0d0a0874726163655f69"
            "64120174420f7b2264617461223a2268656c6c6f2c"
        ),
    ),
    21: (
        data(2, "m-9", 2, 1, "t", b'world"}'),
        (
            f"0802100018012001{HEAD}392a080a0373756d1201322a080a037365711201312a0d0a0874726163655f69"
            "641201744207776f726c64227d"
        ),
    ),
}


@pytest.mark.parametrize("number", VECTORS)
def test_the_reference_frames(number: int) -> None:
    frame, written = VECTORS[number]
    assert frame.encode().hex() == written
    assert decode(bytes.fromhex(written)) == frame


def test_two_parts_make_one_message() -> None:
    parts = [decode(bytes.fromhex(VECTORS[number][1])) for number in (21, 20)]
    parts.sort(key=lambda part: int(part.header("seq")))
    assert b"".join(part.payload for part in parts) == b'{"data":"hello,world"}'


async def test_the_vendors_reader_agrees() -> None:  # the SDK takes the running loop when imported
    from lark_oapi.ws.pb.pbbp2_pb2 import Frame as Theirs

    for frame, written in VECTORS.values():
        theirs = Theirs()
        theirs.ParseFromString(bytes.fromhex(written))
        assert (theirs.service, theirs.method, theirs.payload) == (
            frame.service,
            frame.method,
            frame.payload,
        )
        assert tuple((one.key, one.value) for one in theirs.headers) == frame.headers


def test_any_order_unknown_fields_and_negative_numbers() -> None:
    frame = Frame(1, 2, -5, DATA, (("type", "event"),), b"x", "gzip", "json", "log")
    fields = [Frame(seq=1).encode(), frame.encode()]
    unknown = bytes.fromhex("50019a0603616263" + "590000000000000000" + "5d00000000")
    assert decode(unknown + b"".join(fields)) == frame


@given(st.binary(max_size=60))
def test_bytes_that_are_no_frame_raise_nothing_else(raw: bytes) -> None:
    try:
        frame = decode(raw)
    except FrameError:
        return
    assert isinstance(frame, Frame)


@pytest.mark.parametrize("raw", ["08", "0aff01", "0b", "ffffffffffffffffffffff", "3201ff"])
def test_broken_bytes_are_refused(raw: str) -> None:
    with pytest.raises(FrameError):
        decode(bytes.fromhex(raw))
