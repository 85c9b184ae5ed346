"""A few endpoints of WeCom's API: they note what came and answer as told."""

from __future__ import annotations

from collections import deque
from typing import Any

from aiohttp import web

Json = dict[str, Any]
RESET, HTML, DOWN = "reset", "html", "down"


class FakeWeCom:
    """`told` holds answers out of the ordinary, by path, each used once."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Json]] = []
        self.told: dict[str, deque[Json | str | bytes]] = {}
        self.tokens = 0

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/cgi-bin/{path:.+}", self._handle)
        return app

    def tell(self, path: str, *answers: Json | str | bytes) -> None:
        self.told.setdefault(path, deque()).extend(answers)

    def bodies(self, path: str) -> list[Json]:
        return [body for called, body in self.calls if called == path]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        self.calls.append((path, await _body(request)))
        waiting = self.told.get(path)
        answer = waiting.popleft() if waiting else self._usual(path)
        if answer == RESET:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if answer == HTML:
            return web.Response(text="<html>busy</html>", content_type="text/html")
        if answer == DOWN:
            return web.json_response({}, status=503, headers={"Retry-After": "7"})
        if isinstance(answer, bytes):
            named = {"Content-Disposition": 'attachment; filename="报价单.xlsx"'}
            return web.Response(body=answer, headers=named)
        return web.json_response(answer)

    def _usual(self, path: str) -> Json:
        ok: Json = {"errcode": 0, "errmsg": "ok"}
        number = len(self.calls)
        match path:
            case "gettoken":
                self.tokens += 1
                return {**ok, "access_token": f"TOKEN-{self.tokens}", "expires_in": 7200}
            case "media/upload" | "webhook/upload_media":
                return {**ok, "type": "image", "media_id": f"MEDIA-{number}"}
            case "message/send":
                return {**ok, "msgid": f"MSG-{number}", "response_code": f"CODE-{number}"}
            case _:
                return ok


async def _body(request: web.Request) -> Json:
    if request.content_type == "application/json":
        body: Json = await request.json()
        return {**body, **{f"_{name[-5:]}": text for name, text in request.query.items()}}
    if request.content_type == "multipart/form-data":
        raw = await request.read()
        return {"raw": raw, **request.query}
    return dict(request.query)
