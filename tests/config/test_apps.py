from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from config.apps import apps
from config.settings import Settings, SettingsError, read

ENV = {
    "MOMENTUM_FEISHU__APP_ID": "cli_main",
    "MOMENTUM_FEISHU__APP_SECRET": "s",
    "MOMENTUM_FEISHU__VERIFICATION_TOKEN": "v",
    "MOMENTUM_FEISHU__ENCRYPT_KEY": "k",
}
OTHER = {
    "platform": "wecom",
    "app": "hangzhou",
    "tenant": "hangzhou",
    "settings": {
        "corp_id": "ww1",
        "agent_id": 1000002,
        "secret": "s",
        "token": "t",
        "aes_key": "a" * 43,
    },
}


def settings(tmp_path: Path, *entries: object) -> Settings:
    path = tmp_path / "apps.yaml"
    path.write_text(yaml.safe_dump(list(entries), allow_unicode=True), encoding="utf-8")
    return read({**ENV, "MOMENTUM_APPS_FILE": str(path)}, None)


def test_the_settings_app_comes_first_and_the_file_adds_others(tmp_path: Path) -> None:
    first, second = apps(settings(tmp_path, OTHER))
    assert (first.platform, first.name, first.tenant) == ("feishu", "main", "main")
    assert (second.platform, second.name, second.tenant) == ("wecom", "hangzhou", "hangzhou")
    assert second.settings.wecom.agent_id == "1000002"


def test_two_apps_of_one_platform_keep_their_secrets_apart(tmp_path: Path) -> None:
    third = {**OTHER, "app": "suzhou", "settings": {**OTHER["settings"], "secret": "other"}}  # type: ignore[dict-item]
    found = {app.name: app.settings.wecom.secret for app in apps(settings(tmp_path, OTHER, third))}
    assert (found["hangzhou"], found["suzhou"]) == ("s", "other")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"platform": "slack"}, "platform：「slack」不可用，可填 wecom、feishu、dingtalk"),
        ({"app": "杭州"}, "app：「杭州」只能用字母"),
        ({"tenant": ""}, "tenant：「」只能用字母"),
        ({"settings": {"corp_id": "x"}}, "还缺 agent_id、secret、token、aes_key"),
        ({"settings": {"corpid": "x"}}, "不认识 corpid"),
        ({"more": 1}, "应有且只有 app、platform、settings、tenant"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, change: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError, match=r"应用文件第 1 项") as fault:
        apps(settings(tmp_path, {**OTHER, **change}))
    assert words in str(fault.value)


def test_an_app_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="出现了两次"):
        apps(settings(tmp_path, OTHER, OTHER))


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingsError, match="MOMENTUM_APPS_FILE"):
        apps(read({**ENV, "MOMENTUM_APPS_FILE": "/nowhere/apps.yaml"}, None))
