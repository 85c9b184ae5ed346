"""Settings of one installation: environment or `.env`, prefix MOMENTUM_, nested by __."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

PREFIX = "MOMENTUM_"
REDIS_SCHEMES = ("redis", "rediss", "unix")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class SettingsError(Exception):
    """A setting is wrong; the message is Chinese, names it and says what is allowed."""


@dataclass(frozen=True, slots=True)
class WeCom:
    """One WeCom self-built app; values from 应用管理 → 自建 → 应用详情 and 接收消息 → API 接收."""

    corp_id: str = ""
    agent_id: str = ""
    secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    aes_key: str = field(default="", repr=False)
    api_base: str = "https://qyapi.weixin.qq.com"
    replay_seconds: int = 600  # whether retries are signed anew is not documented
    bot_token: str = field(default="", repr=False)  # an AI bot (智能机器人) in URL mode
    bot_aes_key: str = field(default="", repr=False)
    bot_media_hosts: str = "ww-aibot-img-1258476243.cos.ap-guangzhou.myqcloud.com"
    robots: str = field(default="", repr=False)  # group robots: "name=key,name2=key2"


@dataclass(frozen=True, slots=True)
class Feishu:
    """One Feishu self-built app; values from 凭证与基础信息 and 事件与回调 → 加密策略."""

    app_id: str = ""
    app_secret: str = field(default="", repr=False)
    verification_token: str = field(default="", repr=False)
    encrypt_key: str = field(default="", repr=False)
    api_base: str = "https://open.feishu.cn"
    replay_seconds: int = 26_100  # events are resent for 7 h 15 min; callbacks use 600 s at most
    robots: str = field(default="", repr=False)  # group robots: name=hook_id[:secret],…


@dataclass(frozen=True, slots=True)
class DingTalk:
    """One DingTalk internal app with a robot; values from 应用开发 → 凭证 and 机器人."""

    corp_id: str = ""
    app_key: str = ""
    app_secret: str = field(default="", repr=False)
    robot_code: str = ""  # empty: the AppKey, as the vendor's own SDK does
    token: str = field(default="", repr=False)
    aes_key: str = field(default="", repr=False)
    owner_key: str = ""  # empty: the AppKey (console subscriptions)
    card_template_id: str = ""  # empty: markdown messages with dtmd links instead of cards
    card_api_secret: str = field(default="", repr=False)
    api_base: str = "https://api.dingtalk.com"
    oapi_base: str = "https://oapi.dingtalk.com"
    replay_seconds: int = 3_600  # the platform's own window for the robot signature
    robots: str = field(default="", repr=False)  # "name=access_token[:secret],…": group robots
    mode: str = "http"  # how callbacks come: "http", or "stream" over a long connection
    stream_idle_seconds: int = 60  # a connection that is silent for so long is made anew


@dataclass(frozen=True, slots=True)
class Settings:
    """All of them. Empty `database_url` / `redis_url` mean the embedded ones under `data_dir`."""

    database_url: str = field(default="", repr=False)  # both may hold a password
    redis_url: str = field(default="", repr=False)
    data_dir: Path = Path("var")
    host: str = "127.0.0.1"
    port: int = 8080
    tenant_zone: str = "Asia/Shanghai"
    public_url: str = ""  # how people reach us, for links in cards; empty: http://host:port
    log_level: str = "INFO"
    apps_file: str = ""  # further apps and organisations, see config/apps.py
    wecom: WeCom = WeCom()
    feishu: Feishu = Feishu()
    dingtalk: DingTalk = DingTalk()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.tenant_zone)

    @property
    def base_url(self) -> str:
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"


REQUIRED: dict[str, tuple[str, ...]] = {
    "wecom": ("corp_id", "agent_id", "secret", "token", "aes_key"),
    "feishu": ("app_id", "app_secret", "verification_token", "encrypt_key"),
    "dingtalk": ("corp_id", "app_key", "app_secret"),
}
"""What a platform cannot work without; the rest has a default or switches something on."""


def read(env: Mapping[str, str] | None = None, dotenv: Path | None = Path(".env")) -> Settings:
    """Build the settings; the environment wins over `.env`.

    Raises SettingsError for an unknown MOMENTUM_ name, a bad number, zone or address.
    """
    values = {**(_dotenv(dotenv) if dotenv else {}), **(os.environ if env is None else env)}
    ours = {name[len(PREFIX) :].lower(): text for name, text in values.items() if _ours(name)}
    settings: Settings = _build(Settings, "", ours)
    if ours:
        raise SettingsError(f"不认识的设置：{'、'.join(_name(key) for key in sorted(ours))}")
    if settings.log_level not in LOG_LEVELS:
        raise SettingsError(
            f"{_name('log_level')}：「{settings.log_level}」不可用，可填 {'、'.join(LOG_LEVELS)}"
        )
    _check(settings)
    try:
        ZoneInfo(settings.tenant_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
        raise SettingsError(
            f"{_name('tenant_zone')}：没有时区「{settings.tenant_zone}」，请填如 Asia/Shanghai"
        ) from fault
    return settings


def _check(settings: Settings) -> None:
    """What cannot work whatever it is used for."""
    if not 1 <= settings.port <= 65_535:
        raise SettingsError(f"{_name('port')}：「{settings.port}」不是端口，请填 1–65535")
    if settings.public_url and not settings.public_url.startswith(("http://", "https://")):
        raise SettingsError(
            f"{_name('public_url')}：「{settings.public_url}」不是网址，请填如 https://crm.example.com"
        )
    if settings.redis_url and urlsplit(settings.redis_url).scheme not in REDIS_SCHEMES:
        raise SettingsError(f"{_name('redis_url')}：只支持 {'、'.join(REDIS_SCHEMES)} 开头的地址")


def configured(settings: Settings) -> tuple[str, ...]:
    """The platforms with at least one required value; `missing` says what they still lack."""
    return tuple(
        name
        for name, needed in REQUIRED.items()
        if any(getattr(getattr(settings, name), key) for key in needed)
    )


def complete(settings: Settings, platform: str) -> bool:
    """Whether the platform can be used."""
    return not missing(settings, platform)


def missing(settings: Settings, platform: str) -> tuple[str, ...]:
    """Names of the environment variables that `platform` still needs."""
    part = getattr(settings, platform)
    return tuple(
        _name(f"{platform}__{key}") for key in REQUIRED[platform] if not getattr(part, key)
    )


def _ours(name: str) -> bool:
    return name.startswith(PREFIX) and not name.startswith(PREFIX + "TEST_")


def _name(key: str) -> str:
    return PREFIX + key.upper()


def _build(kind: Any, prefix: str, ours: dict[str, str]) -> Any:
    """Take what belongs to `kind` out of `ours`; what is left over is unknown."""
    hints, values = get_type_hints(kind), {}
    for item in fields(kind):
        key, hint = prefix + item.name, hints[item.name]
        if is_dataclass(hint):
            values[item.name] = _build(hint, key + "__", ours)
        elif key in ours:
            values[item.name] = _value(key, ours.pop(key).strip(), hint)
    return kind(**values)


def _value(key: str, text: str, hint: Any) -> Any:
    if hint is int:
        if not text.isascii() or not text.isdigit():
            raise SettingsError(f"{_name(key)}：「{text}」不是整数，请填 0 或更大的整数")
        return int(text)
    if hint is Path:
        return Path(text).expanduser()
    if key == "log_level":
        return text.upper()
    if key.endswith("_base"):
        if not _is_host(text):
            raise SettingsError(f"{_name(key)}：只填协议和主机，如 https://example.com")
        return text.rstrip("/")
    return text


def _is_host(text: str) -> bool:
    """Whether it is "https://host[:port]" and nothing more."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    more = parts.path.strip("/") or parts.query or parts.fragment
    return parts.scheme in ("http", "https") and bool(parts.netloc) and not more


def _dotenv(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        text = path.read_text(encoding="utf-8-sig")  # Windows' editors put a mark in front
    except UnicodeDecodeError as fault:
        raise SettingsError(f"{path} 不是 UTF-8 编码，请另存为 UTF-8") from fault
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            found[name.removeprefix("export ").strip()] = value.strip().strip("'\"")
    return found
