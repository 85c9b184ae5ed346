"""Settings of an installation: read from the environment or `.env`, or refused in Chinese."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import REQUIRED, Settings, SettingsError, configured, missing, read


def of(**env: str) -> Settings:
    return read({f"MOMENTUM_{name}": text for name, text in env.items()}, dotenv=None)


def refused(**env: str) -> str:
    with pytest.raises(SettingsError) as caught:
        of(**env)
    return str(caught.value)


def test_nothing_set_is_the_embedded_default() -> None:
    settings = read({"PATH": "/bin", "OTHER_PORT": "1"}, dotenv=None)
    assert settings == Settings()
    assert settings.base_url == "http://127.0.0.1:8080"
    assert settings.zone.key == "Asia/Shanghai"


def test_nested_names_reach_their_platform() -> None:
    settings = of(
        WECOM__CORP_ID="ww1",
        FEISHU__APP_SECRET="s",
        DINGTALK__API_BASE="http://127.0.0.1:9/",
        DATA_DIR="~/momentum",
        PORT=" 9000 ",
    )
    assert settings.wecom.corp_id == "ww1"
    assert settings.feishu.app_secret == "s"
    assert settings.dingtalk.api_base == "http://127.0.0.1:9"
    assert settings.data_dir == Path.home() / "momentum"
    assert settings.port == 9000


def test_the_public_address_wins_and_has_no_last_slash() -> None:
    assert of(PUBLIC_URL="https://crm.example.com/").base_url == "https://crm.example.com"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MOMENTUM_PORT=1\nMOMENTUM_HOST=10.0.0.1\n")
    settings = read({"MOMENTUM_PORT": "2"}, dotenv=tmp_path / ".env")
    assert (settings.port, settings.host) == (2, "10.0.0.1")


@pytest.mark.parametrize(
    "line",
    [
        "MOMENTUM_HOST=甲",
        "  MOMENTUM_HOST = 甲  ",
        'MOMENTUM_HOST="甲"',
        "MOMENTUM_HOST='甲'",
        "export MOMENTUM_HOST=甲",
        "# MOMENTUM_HOST=乙\nMOMENTUM_HOST=甲",
        "OTHER=1\n\nno equals sign\nMOMENTUM_HOST=甲\r",
        "\ufeffMOMENTUM_HOST=甲",  # as Windows' Notepad saves it
    ],
)
def test_the_file_may_be_written_in_the_usual_ways(tmp_path: Path, line: str) -> None:
    (tmp_path / ".env").write_text(line, encoding="utf-8")
    assert read({}, dotenv=tmp_path / ".env").host == "甲"


def test_a_file_in_another_encoding_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("MOMENTUM_HOST=甲".encode("gb18030"))
    with pytest.raises(SettingsError, match="UTF-8"):
        read({}, dotenv=tmp_path / ".env")


def test_no_file_is_no_fault(tmp_path: Path) -> None:
    assert read({}, dotenv=tmp_path / ".env") == Settings()


def test_an_unknown_name_is_named() -> None:
    said = refused(WECOM__CROP_ID="ww1", PROT="1")
    assert "不认识的设置" in said
    assert "MOMENTUM_PROT、MOMENTUM_WECOM__CROP_ID" in said


def test_names_for_the_tests_are_not_ours() -> None:
    assert of(TEST_DATABASE_URL="postgres://…") == Settings()


@pytest.mark.parametrize("text", ["", "abc", "-1", "1.5", "１２", "0x1F"])
def test_a_bad_number_is_named(text: str) -> None:
    said = refused(PORT=text)
    assert "MOMENTUM_PORT" in said
    assert f"「{text}」不是整数" in said


@pytest.mark.parametrize("text", ["", "Mars/Base", "../../etc/passwd", "/etc/localtime", "中国"])
def test_a_bad_zone_is_named(text: str) -> None:
    said = refused(TENANT_ZONE=text)
    assert "MOMENTUM_TENANT_ZONE" in said
    assert "Asia/Shanghai" in said


@pytest.mark.parametrize(
    "text",
    [
        "",
        "open.feishu.cn",
        "ftp://x",
        "https://",
        "https://x/open-apis",
        "http://[::1",
        "https://x?a",
    ],
)
def test_a_bad_address_is_named(text: str) -> None:
    assert "MOMENTUM_FEISHU__API_BASE：只填协议和主机" in refused(FEISHU__API_BASE=text)


@pytest.mark.parametrize("text", ["debug", "DEBUG", "warning"])
def test_a_log_level_may_be_written_in_small_letters(text: str) -> None:
    assert of(LOG_LEVEL=text).log_level == text.upper()


def test_a_bad_log_level_is_named() -> None:
    said = refused(LOG_LEVEL="LOUD")
    assert "MOMENTUM_LOG_LEVEL" in said
    assert "INFO" in said


@given(
    st.text(max_size=40), st.sampled_from(["PORT", "TENANT_ZONE", "WECOM__API_BASE", "LOG_LEVEL"])
)
def test_whatever_is_typed_is_read_or_refused_in_words(text: str, name: str) -> None:
    try:
        of(**{name: text})
        said = f"MOMENTUM_{name}"
    except SettingsError as fault:
        said = str(fault)
    assert f"MOMENTUM_{name}" in said


def test_no_secret_shows_in_a_repr() -> None:
    settings = of(
        DATABASE_URL="postgres://momentum:s3cret@db/momentum",
        REDIS_URL="redis://:s3cret@queue",
        WECOM__SECRET="s3cret",
        WECOM__TOKEN="s3cret",
        WECOM__AES_KEY="s3cret",
        FEISHU__APP_SECRET="s3cret",
        FEISHU__VERIFICATION_TOKEN="s3cret",
        FEISHU__ENCRYPT_KEY="s3cret",
        DINGTALK__APP_SECRET="s3cret",
        DINGTALK__TOKEN="s3cret",
        DINGTALK__AES_KEY="s3cret",
        DINGTALK__CARD_API_SECRET="s3cret",
    )
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in str(settings)


def test_a_platform_is_configured_by_any_required_value_and_missing_names_the_rest() -> None:
    settings = of(WECOM__CORP_ID="ww1", FEISHU__API_BASE="https://x")
    assert configured(settings) == ("wecom",)
    assert missing(settings, "wecom") == (
        *("MOMENTUM_WECOM__AGENT_ID", "MOMENTUM_WECOM__SECRET"),
        *("MOMENTUM_WECOM__TOKEN", "MOMENTUM_WECOM__AES_KEY"),
    )


def test_a_complete_platform_misses_nothing() -> None:
    settings = of(**{f"DINGTALK__{name.upper()}": "x" for name in REQUIRED["dingtalk"]})
    assert missing(settings, "dingtalk") == ()
