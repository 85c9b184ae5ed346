"""Frames of the long connection: nine fields of protobuf (proto2), read and written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

CONTROL, DATA = 0, 1
MAX_VARINT = 10  # bytes
INT32 = 1 << 32
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class FrameError(ValueError):
    """The bytes are no frame."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame; `headers` keep their order, for what is echoed must be the same."""

    sequence: int = 0
    log: int = 0
    service: int = 0
    method: int = CONTROL
    headers: tuple[tuple[str, str], ...] = ()
    encoding: str = ""
    type: str = ""
    payload: bytes = b""
    log_new: str = ""

    def header(self, name: str) -> str:
        """The value of a header, or ""."""
        return next((value for key, value in self.headers if key == name), "")

    def acknowledged(self, payload: bytes, milliseconds: int) -> Frame:
        """The answer to this frame: the same with how long it took and a payload of its own."""
        headers = (*self.headers, ("biz_rt", str(milliseconds)))
        return replace(self, headers=headers, payload=payload)


def ping(service: int) -> Frame:
    """What keeps the connection alive."""
    return Frame(service=service, headers=(("type", "ping"),))


def encode(frame: Frame) -> bytes:
    """The frame's bytes; the first four fields are required and always written."""
    out = bytearray()
    numbers = (frame.sequence, frame.log, frame.service, frame.method)
    for number, count in enumerate(numbers, 1):
        out += _varint(number << 3 | VARINT) + _varint(count)
    for key, value in frame.headers:
        out += _field(5, _field(1, key.encode()) + _field(2, value.encode()))
    for number, text in ((6, frame.encoding), (7, frame.type)):
        out += _field(number, text.encode()) if text else b""
    out += _field(8, frame.payload) if frame.payload else b""
    out += _field(9, frame.log_new.encode()) if frame.log_new else b""
    return bytes(out)


def decode(raw: bytes) -> Frame:
    """Read a frame, its fields in any order, unknown ones skipped. Raises FrameError."""
    values: dict[int, int] = {}
    parts: dict[int, bytes] = {}
    headers: list[tuple[str, str]] = []
    for number, value in _fields(raw):
        if number == 5 and isinstance(value, bytes):
            headers.append(_header(value))
        elif isinstance(value, int):
            values[number] = value
        else:
            parts[number] = value
    return Frame(
        values.get(1, 0),
        values.get(2, 0),
        _int32(values.get(3, 0)),
        _int32(values.get(4, 0)),
        tuple(headers),
        _text(parts.get(6, b"")),
        _text(parts.get(7, b"")),
        parts.get(8, b""),
        _text(parts.get(9, b"")),
    )


def _header(raw: bytes) -> tuple[str, str]:
    found = {number: value for number, value in _fields(raw) if isinstance(value, bytes)}
    return _text(found.get(1, b"")), _text(found.get(2, b""))


def _fields(raw: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(raw):
        tag, at = _read(raw, at)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            value, at = _read(raw, at)
            yield number, value
            continue
        if kind == BYTES:
            size, at = _read(raw, at)
        elif kind in (FIXED32, FIXED64):
            size = 4 if kind == FIXED32 else 8
        else:
            raise FrameError("wire type")
        if at + size > len(raw):
            raise FrameError("cut off")
        if kind == BYTES:
            yield number, raw[at : at + size]
        at += size


def _read(raw: bytes, at: int) -> tuple[int, int]:
    """A varint and where it ends."""
    value = 0
    for shift in range(MAX_VARINT):
        if at >= len(raw):
            raise FrameError("cut off")
        value |= (raw[at] & 0x7F) << 7 * shift
        at += 1
        if raw[at - 1] < 0x80:
            return value & (1 << 64) - 1, at
    raise FrameError("varint")


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1  # a negative int32 travels as ten bytes
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _field(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | BYTES) + _varint(len(value)) + value


def _int32(value: int) -> int:
    value %= INT32
    return value - INT32 if value >= INT32 // 2 else value


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as fault:
        raise FrameError("text") from fault
