"""Which addresses are DingTalk's: callbacks name some, and nothing may send us elsewhere."""

from __future__ import annotations

from urllib.parse import urlsplit

from config.settings import DingTalk

STORES = ("dingtalk.com", "aliyuncs.com", "aliyun.com")
"""Where DingTalk keeps files; their addresses are temporary and may be plain http."""


def is_dingtalk(settings: DingTalk, url: str) -> bool:
    """Whether we may post to `url`: the robot's body is not signed, so it could name any host."""
    scheme, host = site(url)
    if (scheme, host) in _own(settings):
        return True
    return scheme == "https" and _within(host, ("dingtalk.com",))


def is_store(settings: DingTalk, url: str) -> bool:
    """Whether a file may be fetched from `url`."""
    scheme, host = site(url)
    if (scheme, host) in _own(settings):
        return True
    return scheme in ("http", "https") and _within(host, STORES)


def site(url: str) -> tuple[str, str]:
    """Scheme and host with port; empty for what is no address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return parts.scheme, parts.netloc.lower()


def _own(settings: DingTalk) -> tuple[tuple[str, str], ...]:
    return site(settings.api_base), site(settings.oapi_base)


def _within(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
