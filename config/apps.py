"""Which apps this installation serves: the one of the settings, and others from a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import yaml

from config.settings import REQUIRED, Settings, SettingsError, complete

MAIN = "main"
_KEYS = frozenset({"platform", "app", "tenant", "settings"})


@dataclass(frozen=True, slots=True)
class App:
    """One app of one organisation on one platform.

    `name` is the {app} of its callback addresses. `settings` hold this app's values in the place of
    its platform's; what other platforms have there is of no concern to it.
    """

    platform: str
    name: str
    tenant: str
    settings: Settings


def apps(settings: Settings) -> tuple[App, ...]:
    """Every app whose settings are complete: those of the environment first, then the file's.

    Raises SettingsError for a file that cannot be read, an unknown or missing name, an app twice.
    """
    found = [App(name, MAIN, MAIN, settings) for name in REQUIRED if complete(settings, name)]
    if settings.apps_file:
        found += _listed(settings, Path(settings.apps_file))
    places = [(app.platform, app.name) for app in found]
    for place in places:
        if places.count(place) > 1:
            raise SettingsError(f"应用文件：{place[0]} 的 app「{place[1]}」出现了两次")
    return tuple(found)


def _listed(settings: Settings, path: Path) -> list[App]:
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        raise SettingsError(
            f"MOMENTUM_APPS_FILE：读不了 {path}（{type(fault).__name__}），应为 UTF-8 的 YAML 列表"
        ) from fault
    if not isinstance(entries, list):
        raise SettingsError("应用文件：最外层应是列表，每项有 platform、app、tenant、settings")
    return [_app(settings, number, entry) for number, entry in enumerate(entries, start=1)]


def _app(settings: Settings, number: int, entry: Any) -> App:
    where = f"应用文件第 {number} 项"
    if not isinstance(entry, Mapping) or set(entry) != _KEYS:
        raise SettingsError(f"{where}：应有且只有 {'、'.join(sorted(_KEYS))}")
    platform, name, tenant = (str(entry[key]) for key in ("platform", "app", "tenant"))
    if platform not in REQUIRED:
        raise SettingsError(f"{where} platform：「{platform}」不可用，可填 {'、'.join(REQUIRED)}")
    for label, word in (("app", name), ("tenant", tenant)):
        if not (word.isascii() and word.replace("-", "").replace("_", "").isalnum()):
            raise SettingsError(f"{where} {label}：「{word}」只能用字母、数字、- 和 _")
    part = getattr(Settings(), platform)
    values = entry["settings"] if isinstance(entry["settings"], Mapping) else {}
    known = {item.name for item in fields(part)}
    if unknown := sorted(set(map(str, values)) - known):
        raise SettingsError(f"{where} settings：不认识 {'、'.join(unknown)}")
    kept = {str(key): _typed(value, getattr(part, str(key))) for key, value in values.items()}
    own = replace(settings, **{platform: replace(part, **kept)})
    if lacking := [key for key in REQUIRED[platform] if not getattr(getattr(own, platform), key)]:
        raise SettingsError(f"{where} settings：还缺 {'、'.join(lacking)}")
    return App(platform, name, tenant, own)


def _typed(value: Any, default: Any) -> Any:
    """YAML reads 1000002 as a number; ids and secrets are text."""
    return int(value) if isinstance(default, int) else str(value)
