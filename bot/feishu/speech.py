"""Voice messages as words: Opus to PCM by ffmpeg, PCM to text by Feishu (60 s, paid editions)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import shutil
from collections.abc import Mapping
from contextlib import suppress

from bot.adapter import TransientError, UndeliverableError
from bot.feishu.client import Client
from bot.feishu.download import download
from bot.feishu.shape import words

RATE = 16_000
MAX_SECONDS = 60
CONVERT_SECONDS = 30.0
# bits and channels of the PCM are inferred: the platform documents only "pcm" and 16 kHz
ARGUMENTS = (
    *("-nostdin", "-hide_banner", "-loglevel", "error", "-i", "pipe:0"),
    *("-f", "s16le", "-acodec", "pcm_s16le", "-ar", str(RATE), "-ac", "1", "pipe:1"),
)
TYPE_INSTEAD = "请发送者改用文字，或发送 60 秒以内的语音"


async def recognise(client: Client, origin: Mapping[str, str]) -> str:
    """The words of a voice message by its event's origin; "" when nothing was said.

    Takes seconds, so it is for a job. Raises TransientError or UndeliverableError.
    """
    if origin.get("duration", "0").isdigit():
        _check_length(int(origin.get("duration", "0")) / 1000)
    sound = await to_pcm((await download(client, origin)).content)
    _check_length(len(sound) / (RATE * 2))
    message = origin.get("message", "")
    body = {
        "speech": {"speech": base64.b64encode(sound).decode()},
        "config": {
            "file_id": hashlib.sha256(message.encode()).hexdigest()[:16],
            "format": "pcm",
            "engine_type": "16k_auto",
        },
    }
    path = "/speech_to_text/v1/speech/file_recognize"
    reply = await client.api("POST", path, lambda: {"json": body})
    return words(reply.body, "data", "recognition_text").strip()


async def to_pcm(sound: bytes) -> bytes:
    """Any sound as 16 kHz 16-bit mono PCM, by ffmpeg in a process of its own."""
    program = shutil.which("ffmpeg")
    if program is None:
        raise UndeliverableError(
            "ffmpeg",
            "服务器没有安装 ffmpeg，无法识别语音",
            "请在服务器安装 ffmpeg（apt-get install ffmpeg）后重启；在此之前请改用文字",
        )
    process = await asyncio.create_subprocess_exec(
        program,
        *ARGUMENTS,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        pcm, _ = await asyncio.wait_for(process.communicate(sound), CONVERT_SECONDS)
    except TimeoutError as fault:
        raise TransientError("ffmpeg took too long") from fault
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode or not pcm:
        raise UndeliverableError("audio", "语音无法转换", TYPE_INSTEAD)
    return pcm


def _check_length(seconds: float) -> None:
    if seconds > MAX_SECONDS:
        raise UndeliverableError("length", f"语音超过 {MAX_SECONDS} 秒", TYPE_INSTEAD)
