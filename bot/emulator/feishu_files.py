"""Files on Feishu: sent by the app, fetched from people's messages, and voices listened to."""

from __future__ import annotations

import base64
import binascii
import re
from collections import deque
from urllib.parse import quote

from aiohttp import web

from bot.emulator.calls import Answer, Call, Upload
from bot.emulator.feishu_chats import Chats
from bot.emulator.feishu_content import RefusalError
from bot.emulator.feishu_gate import Gate, done, json_body

FILE_TYPES = {"opus", "mp4", "pdf", "doc", "xls", "ppt", "stream"}
LARGEST_FILE = 30 << 20
LARGEST_RESOURCE = 100 << 20
PCM_BYTES_A_SECOND = 16_000 * 2
LONGEST_SPEECH = 60


class Files:
    """Uploads, resources of messages, and speech to text."""

    def __init__(self, chats: Chats, gate: Gate) -> None:
        self._chats = chats
        self._gate = gate
        self.sent: dict[str, str] = {}  # of the files that people sent, by key
        self.spoken: deque[str] = deque(maxlen=100)
        """What was said in the voices sent; the recogniser hears the oldest not yet heard."""

    def routes(self) -> list[web.RouteDef]:
        resource = "/open-apis/im/v1/messages/{message_id}/resources/{file_key}"
        speech = "/open-apis/speech_to_text/v1/speech/file_recognize"
        return [
            web.post("/open-apis/im/v1/files", self._gate.guarded("POST files", self._upload)),
            web.get(resource, self._gate.guarded("GET resources", self._resource)),
            web.post(speech, self._gate.guarded("POST file_recognize", self._recognize)),
        ]

    async def _upload(self, call: Call) -> Answer:
        form = call.body if isinstance(call.body, dict) else {}
        upload, name = form.get("file"), form.get("file_name")
        if form.get("file_type") not in FILE_TYPES or not isinstance(upload, Upload) or not name:
            raise RefusalError(234001, "Invalid request param.")
        if not upload.data:
            raise RefusalError(234010, "The file is empty.")
        if len(upload.data) > LARGEST_FILE:
            raise RefusalError(234006, "The file size exceed the max value.")
        return done({"file_key": self._chats.keep_file(str(name), upload.data)})

    async def _resource(self, call: Call) -> Answer:
        """A file of a message; cards and merged messages have none."""
        message = self._chats.messages.get(call.match["message_id"])
        key, kind = call.match["file_key"], call.query.get("type")
        if message is None or kind not in ("image", "file"):
            raise RefusalError(234001, "Invalid request param.")
        if not self._chats.members(message.chat):
            raise RefusalError(234004, "The app is not in the chat.")
        if message.kind == "interactive":
            raise RefusalError(234043, "Unsupported message type.")
        wanted = "image_key" if kind == "image" else "file_key"
        if message.recalled or message.body.get(wanted) != key:
            raise RefusalError(234003, "The resource is not in the message.")
        content_type, data = self._chats.desk.media[key]
        if len(data) > LARGEST_RESOURCE:
            raise RefusalError(234037, "The file is larger than 100 MB.")
        name = quote(self.sent.get(key) or self._chats.files.get(key, key))
        named = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
        return Answer(data, headers=named, content_type=content_type, user=message.sender)

    async def _recognize(self, call: Call) -> Answer:
        asked = json_body(call)
        speech, config = asked.get("speech"), asked.get("config")
        if not isinstance(speech, dict) or not isinstance(config, dict):
            raise RefusalError(1040101, "bad request: speech and config needed")
        if (config.get("format"), config.get("engine_type")) != ("pcm", "16k_auto"):
            raise RefusalError(1040101, "bad request: only pcm and 16k_auto")
        if not re.fullmatch(r"[0-9A-Za-z_]{16}", str(config.get("file_id", ""))):
            raise RefusalError(1040101, "bad request: file_id has 16 characters")
        try:
            pcm = base64.b64decode(speech.get("speech", ""), validate=True)
        except (binascii.Error, TypeError, ValueError) as fault:
            raise RefusalError(1040101, "bad request: speech is no base64") from fault
        if not 0 < len(pcm) <= PCM_BYTES_A_SECOND * LONGEST_SPEECH:
            raise RefusalError(1040101, "bad request: at most 60 s of speech")
        if not self.spoken:
            raise RefusalError(1040102, "recognition failed")
        return done({"recognition_text": self.spoken.popleft()})
