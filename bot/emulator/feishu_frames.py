"""The frames of Feishu's long connection: a protobuf message of nine fields, by hand.

Field 1 SeqID, 2 LogID, 3 service, 4 method, 5 headers {1 key, 2 value}, 6 payload_encoding,
7 payload_type, 8 payload, 9 LogIDNew; the first four are always written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

CONTROL, DATA = 0, 1
_VARINT, _LEN = 0, 2
_SIXTY_FOUR = (1 << 64) - 1
_LONGEST_VARINT = 10


class FrameError(ValueError):
    """The bytes are no frame."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame; headers keep their order, because an acknowledgement echoes them."""

    seq: int = 0
    log: int = 0
    service: int = 0
    method: int = CONTROL
    headers: tuple[tuple[str, str], ...] = ()
    payload: bytes = b""
    payload_encoding: str = ""
    payload_type: str = ""
    log_new: str = ""

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    def encode(self) -> bytes:
        parts = [
            _number(1, self.seq),
            _number(2, self.log),
            _number(3, self.service),
            _number(4, self.method),
        ]
        for key, value in self.headers:
            parts.append(_bytes(5, _bytes(1, key.encode()) + _bytes(2, value.encode())))
        for number, text in ((6, self.payload_encoding), (7, self.payload_type)):
            parts += [_bytes(number, text.encode())] if text else []
        parts += [_bytes(8, self.payload)] if self.payload else []
        parts += [_bytes(9, self.log_new.encode())] if self.log_new else []
        return b"".join(parts)


def decode(raw: bytes) -> Frame:
    """Read a frame: fields in any order, unknown ones skipped. Raises FrameError."""
    numbers = dict.fromkeys((1, 2, 3, 4), 0)
    texts: dict[int, bytes] = {}
    headers = []
    for number, value in _fields(raw):
        if isinstance(value, int):
            numbers[number] = value
        elif number == 5:
            pair = {name: found for name, found in _fields(value) if isinstance(found, bytes)}
            headers.append((_text(pair.get(1, b"")), _text(pair.get(2, b""))))
        else:
            texts[number] = value
    return Frame(
        numbers[1],
        numbers[2],
        _signed(numbers[3]),
        _signed(numbers[4]),
        tuple(headers),
        texts.get(8, b""),
        _text(texts.get(6, b"")),
        _text(texts.get(7, b"")),
        _text(texts.get(9, b"")),
    )


def _fields(raw: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(raw):
        tag, at = _varint(raw, at)
        kind = tag & 7
        if kind == _VARINT:
            value, at = _varint(raw, at)
            yield tag >> 3, value
            continue
        size = {1: 8, 5: 4}.get(kind, 0)  # fixed-size fields: none of ours
        if kind == _LEN:
            size, at = _varint(raw, at)
        elif not size:
            raise FrameError(f"wire type {kind}")
        if at + size > len(raw):
            raise FrameError("cut off")
        if kind == _LEN:
            yield tag >> 3, raw[at : at + size]
        at += size


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(_LONGEST_VARINT):
        if at >= len(raw):
            raise FrameError("cut off")
        byte = raw[at]
        at += 1
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return value & _SIXTY_FOUR, at
    raise FrameError("endless number")


def _number(number: int, value: int) -> bytes:
    return _packed(number << 3 | _VARINT) + _packed(value & _SIXTY_FOUR)


def _bytes(number: int, value: bytes) -> bytes:
    return _packed(number << 3 | _LEN) + _packed(len(value)) + value


def _packed(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _signed(value: int) -> int:
    """An int32; a negative one is sent as ten bytes."""
    value &= 0xFFFFFFFF
    return value - (1 << 32) if value >> 31 else value


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as fault:
        raise FrameError("text is no UTF-8") from fault
