"""One WebSocket to DingTalk: reads frames, answers each on the socket it came from."""

from __future__ import annotations

import asyncio
import json
import logging

import aiohttp

from bot.dingtalk.frames import Frames
from bot.dingtalk.reading import inner, parsed_text, words
from bot.event import Json

log = logging.getLogger(__name__)

MOST_AT_ONCE = 100  # frames being worked; more wait in the socket
STEADY_SECONDS = 10.0
FINISH_SECONDS = 3.0  # for answers under way when we stop


class Link:
    """A connection's life. `going` is set when a new one should be dialled."""

    def __init__(
        self, socket: aiohttp.ClientWebSocketResponse, frames: Frames, *, idle_seconds: float
    ) -> None:
        self.going = asyncio.Event()
        self._since = asyncio.get_running_loop().time()
        self._has_carried = False
        self._socket = socket
        self._frames = frames
        self._idle_seconds = idle_seconds
        self._room = asyncio.Semaphore(MOST_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    def was_good(self) -> bool:
        """Whether it carried something and lasted: a server that hangs up at once is no good."""
        lasted = asyncio.get_running_loop().time() - self._since
        return self._has_carried and lasted >= STEADY_SECONDS

    async def read(self) -> None:
        """Read until the connection ends or is silent for too long."""
        try:
            while message := await self._next():
                await self._take(message)
        except (aiohttp.ClientError, ConnectionError) as fault:
            log.warning("stream broke", extra={"fault": type(fault).__name__})
        except Exception:
            log.exception("stream reader failed")
        finally:
            self.going.set()
            await self._finish()

    async def _next(self) -> aiohttp.WSMessage | None:
        """The next frame; after half the time of silence we ask whether anybody is there.

        A socket may be dead while its TCP connection lives, so a pong counts and nothing less.
        """
        for is_last in (False, True):
            try:
                message = await self._socket.receive(self._idle_seconds / 2)
            except TimeoutError:
                if is_last:
                    log.warning("stream silent, dialling anew")
                    return None
                await self._socket.ping()
                continue
            ended = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED)
            return None if message.type in (*ended, aiohttp.WSMsgType.ERROR) else message
        return None

    async def _take(self, message: aiohttp.WSMessage) -> None:
        if message.type is aiohttp.WSMsgType.PING:
            await self._socket.pong(message.data)
            return
        if message.type is not aiohttp.WSMsgType.TEXT:
            return
        frame = parsed_text(message.data)
        if words(frame.get("type")) == "SYSTEM" and _topic(frame) == "disconnect":
            log.info("stream is ending, dialling anew")
            self.going.set()
            return
        self._has_carried = True
        await self._room.acquire()
        task = asyncio.create_task(self._answer(frame))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, frame: Json) -> None:
        try:
            answer = await self._frames.answer(frame)
            if answer:
                await self._socket.send_str(json.dumps(answer, ensure_ascii=False))
        except (aiohttp.ClientError, ConnectionError):
            log.warning("answer came too late for its socket")
        finally:
            self._room.release()

    async def _finish(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=FINISH_SECONDS)
        for task in tuple(self._tasks):
            task.cancel()
        await self._socket.close()


def _topic(frame: Json) -> str:
    return words((inner(frame, "headers") or inner(frame, "header")).get("topic"))
