"""The console, its admin, and that admin's browser."""

from __future__ import annotations

import pytest
from aiohttp import CookieJar
from pytest_aiohttp.plugin import AiohttpClient

from crm.person import Person
from tests.desk import Client, Desk, employ, sign_in


@pytest.fixture
def desk(database: str) -> Desk:
    return Desk()


@pytest.fixture
async def admin(database: str) -> Person:
    return await employ()


@pytest.fixture
async def stranger(desk: Desk, aiohttp_client: AiohttpClient) -> Client:
    """A browser that has not signed in."""
    return await aiohttp_client(desk.application(), cookie_jar=CookieJar(unsafe=True))


@pytest.fixture
async def client(desk: Desk, admin: Person, stranger: Client) -> Client:
    """A browser in which the admin has signed in."""
    assert (await sign_in(stranger, await desk.code(admin))).status == 303
    return stranger
