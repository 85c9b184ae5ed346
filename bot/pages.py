"""Pages for signed-in admins: templates, security headers, the session's cookie, form tokens."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qsl

import jinja2
from aiohttp import web

from crm.console import Visitor

COOKIE = "momentum_session"
SECURITY = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
MOST_FIELDS = 200

FindVisitor = Callable[[str], Awaitable[Visitor | None]]


class Pages:
    """A folder of templates, and whom they are for.

    `message.html` shows a refusal, `sign_in.html` whoever is not signed in.
    """

    def __init__(self, folder: Path, find_visitor: FindVisitor) -> None:
        self._folder = folder
        self._find_visitor = find_visitor
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(folder),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(self, template: str, *, status: int = 200, **values: Any) -> web.Response:
        text = self._templates.get_template(template).render(**values)
        return web.Response(text=text, status=status, content_type="text/html", headers=SECURITY)

    def sign_in(self, *, code: str = "", fault: str = "", status: int = 200) -> web.Response:
        return self.page("sign_in.html", status=status, code=code, fault=fault)

    def file(self, name: str) -> web.RouteDef:
        """A static file beside the templates, under the pages' own address."""

        async def send(_: web.Request) -> web.StreamResponse:
            headers = {**SECURITY, "Cache-Control": "no-cache"}
            return web.FileResponse(self._folder / name, headers=headers)

        return web.get(f"/{self._folder.name}/{name}", send)

    async def visitor(self, request: web.Request) -> Visitor | None:
        return await self._find_visitor(request.cookies.get(COOKIE, ""))

    async def admin(self, request: web.Request) -> Visitor:
        """The signed-in admin; anybody else is shown the sign-in."""
        visitor = await self.visitor(request)
        if visitor is None:
            body = self.sign_in(fault="登录已失效，请重新登录。").text
            raise web.HTTPForbidden(text=body, content_type="text/html", headers=SECURITY)
        return visitor

    async def form(self, request: web.Request) -> tuple[Visitor, dict[str, str]]:
        """The signed-in admin and a form that this very session was given."""
        fields = await self.fields(request)
        visitor = await self.admin(request)
        if not secrets.compare_digest(fields.get("_csrf", "").encode(), visitor.csrf.encode()):
            self.refuse(web.HTTPForbidden, "这个页面已过期，请返回刷新后再试。")
        return visitor, fields

    async def fields(self, request: web.Request) -> dict[str, str]:
        """What a form sent; one on another site's page is refused."""
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            self.refuse(web.HTTPForbidden, "只接受本站页面发出的请求。")
        if request.content_type != "application/x-www-form-urlencoded":
            self.refuse(web.HTTPUnsupportedMediaType, "请用本站页面上的表单提交。")
        body = (await request.read()).decode("utf-8", "replace")
        try:
            return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS))
        except ValueError:
            self.refuse(web.HTTPBadRequest, "表单内容太多。")

    def refuse(self, kind: type[web.HTTPException], words: str) -> NoReturn:
        """Say no on a page of its own."""
        body = self.page("message.html", words=words).text
        raise kind(text=body, content_type="text/html", headers=SECURITY)
