"""The documents name what there is: settings, commands, both languages alike, nothing of ours."""

from __future__ import annotations

import argparse
import re
import subprocess
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import pytest

import main
from config.apps import App, apps
from config.settings import PREFIX, Settings, read
from handlers import ALL

ROOT = Path(__file__).parent.parent
PAIRS = (
    ("README.md", "README.zh-CN.md"),
    ("docs/settings.md", "docs/settings.zh-CN.md"),
    ("docs/commands.md", "docs/commands.zh-CN.md"),
)
SETTINGS = ("docs/settings.md", "docs/settings.zh-CN.md")
COMMANDS = ("docs/commands.md", "docs/commands.zh-CN.md")
DOCS = sorted(
    {
        *(ROOT / name for pair in PAIRS for name in pair),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / name for name in ("CHANGELOG.md", ".env.example")),
    }
)
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
METRIC = re.compile(r"\bmomentum_[a-z_]+")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def settings(kind: Any = Settings, prefix: str = PREFIX) -> Iterator[str]:
    """The names of all environment variables that the reader knows."""
    for item in fields(kind):
        hint, name = get_type_hints(kind)[item.name], prefix + item.name.upper()
        if is_dataclass(hint):
            yield from settings(hint, name + "__")
        else:
            yield name


def leaves(parser: argparse.ArgumentParser, path: str = "") -> Iterator[str]:
    """The command line's commands in full: "outbox replay"."""
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        yield path.strip()
    for name, child in (pair for action in below for pair in action.choices.items()):
        yield from leaves(child, f"{path} {name}")


def options(name: str) -> argparse.ArgumentParser:
    """The parser of one command."""
    parser = main.parser()
    for word in name.split():
        (action,) = (
            item for item in parser._actions if isinstance(item, argparse._SubParsersAction)
        )
        parser = action.choices[word]
    return parser


@pytest.mark.parametrize("name", [*settings()])
def test_a_setting_is_explained_in_both_languages_and_in_the_example(name: str) -> None:
    assert re.search(rf"^#{name}=", text(".env.example"), re.MULTILINE)
    for page in SETTINGS:
        assert f"`{name}`" in text(page), page


@pytest.mark.parametrize("page", [".env.example", *SETTINGS, *(name for name, _ in PAIRS[:1])])
def test_no_setting_is_explained_that_there_is_not(page: str) -> None:
    named = set(re.findall(rf"{PREFIX}[A-Z_]+[A-Z]", text(page)))

    assert {name for name in named if not name.startswith(PREFIX + "TEST")} <= set(settings())


def test_the_example_is_read_with_every_line_switched_on(tmp_path: Path) -> None:
    lines = re.findall(rf"^#({PREFIX}\S+=.*)$", text(".env.example"), re.MULTILINE)
    (tmp_path / ".env").write_text("\n".join(lines), encoding="utf-8")
    found = read({}, tmp_path / ".env")

    assert found.dingtalk.replay_seconds == Settings().dingtalk.replay_seconds
    assert found.wecom.bot_media_hosts == Settings().wecom.bot_media_hosts


@pytest.mark.parametrize("page", SETTINGS)
def test_the_apps_file_in_the_documents_can_be_used(page: str, tmp_path: Path) -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", text(page), re.DOTALL | re.MULTILINE)
    path = tmp_path / "apps.yaml"
    path.write_text(example, encoding="utf-8")
    found: tuple[App, ...] = apps(Settings(apps_file=str(path)))

    assert [(app.platform, app.name, app.tenant) for app in found] == [
        ("wecom", "beijing", "main"),
        ("dingtalk", "partner", "partner"),
    ]
    assert found[1].settings.dingtalk.mode == "stream"


@pytest.mark.parametrize("page", SETTINGS)
def test_the_table_of_settings_tells_the_defaults(page: str) -> None:
    for line in text(page).splitlines():
        names = re.findall(rf"`{PREFIX}([A-Z_]+)`", line.partition(" | ")[0])
        told = line.split("|")[2] if line.startswith("|") else ""
        for name, shown in zip(names, re.findall(r"`([^`]+)`", told), strict=False):
            if shown != "http://HOST:PORT":
                found: Any = Settings()
                for word in name.lower().split("__"):
                    found = getattr(found, word)
                assert str(found) == shown, name


@pytest.mark.parametrize("page", SETTINGS)
def test_every_metric_is_explained(page: str) -> None:
    rooms = ("bot/metrics.py", "main.py", *(str(p) for p in (ROOT / "jobs").glob("*.py")))
    counted = {name for room in rooms for name in re.findall(r'"(momentum_[a-z_]+)"', text(room))}

    assert counted
    assert {name.removesuffix("_total") for name in METRIC.findall(text(page))} == {
        name.removesuffix("_total") for name in counted
    }


def test_every_command_of_the_chat_is_explained_with_all_its_words() -> None:
    for page in COMMANDS:
        told = text(page)
        for command in (item for part in ALL for item in part.all):
            assert f"`{command.words[0]}" in told, (page, command.words[0])
            if not command.hidden:
                assert all(f"`{word}" in told for word in command.words), (page, command.words)
                assert all(usage in told for usage in re.split(r"，或 ?", command.usage)), page


@pytest.mark.parametrize("page", COMMANDS)
def test_no_command_of_the_chat_is_explained_that_there_is_not(page: str) -> None:
    chat = text(page).split("\n## ")[2]
    first = re.findall(r"^\| `([^` ]+)", chat, re.MULTILINE)

    assert first
    assert set(first) <= {word for part in ALL for item in part.all for word in item.words}


@pytest.mark.parametrize("page", COMMANDS)
def test_every_command_of_the_server_is_explained_with_its_options(page: str) -> None:
    told = text(page).split("\n## ")[1]
    rows = [line.replace("\\|", "|") for line in told.splitlines() if line.startswith("| `")]
    for name in leaves(main.parser()):
        row = next((row for row in rows if row.startswith(f"| `{name}")), "")
        assert row, (page, name)
        for action in options(name)._actions if name != "bench" else ():
            if action.option_strings and action.dest != "help":
                assert action.option_strings[-1] in row, (name, action.option_strings)
            if action.choices:
                assert "|".join(map(str, action.choices)) in row, (name, action.choices)
    (measured,) = (item for item in options("bench")._actions if item.dest == "name")
    assert all(f"| `bench {name}`" in told for name in measured.choices or ())


@pytest.mark.parametrize(("english", "chinese"), PAIRS)
def test_both_languages_have_the_same_parts_and_commands(english: str, chinese: str) -> None:
    pages = [text(english), text(chinese)]
    outside = [FENCE.sub("", page) for page in pages]
    levels = [re.findall(r"^(#+) ", page, re.MULTILINE) for page in outside]
    fenced = [
        re.sub(r" *#.*$", "", "\n".join(FENCE.findall(page)), flags=re.MULTILINE) for page in pages
    ]
    rows = [sum(line.startswith("|") for line in page.splitlines()) for page in outside]
    said = [re.findall(r"`(?:\.venv/bin/python )?main\.py [^`]*`", page) for page in outside]
    links = [
        re.findall(r"\]\(([^)]+)\)", re.sub(r"\.zh-CN(?=\.(md|svg))", "", page)) for page in outside
    ]

    assert levels[0] == levels[1]
    assert fenced[0] == fenced[1]
    assert rows[0] == rows[1]
    assert sorted(said[0]) == sorted(said[1])
    assert set(links[0]) == set(links[1])


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_links_lead_to_files_that_are_there(path: Path) -> None:
    said = re.sub(r"`[^`]*`", "", path.read_text(encoding="utf-8"))
    for link in re.findall(r"\]\(([^)#]+)\)", said):
        assert link.startswith("https://") or (path.parent / link).exists(), link


def test_documents_name_no_machine_and_no_private_registry() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "*.md", ".env.example", "Makefile", "pyproject.toml", "*.txt"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    tracked = [ROOT / name for name in listed.stdout.splitlines()] or DOCS
    for path in (item for item in tracked if item.exists()):
        said = path.read_text(encoding="utf-8")
        assert not re.search(r"(?<![\w.])/(work|home|root|tmp|Users)/", said), path.name
        assert not re.search(r"(index-url|find-links|trusted-host)[ =]+\S*https?:", said), path.name


@pytest.mark.parametrize(
    "path", sorted((ROOT / "docs/decisions").glob("*.md")), ids=lambda p: p.stem
)
def test_a_decision_is_short_and_has_its_three_parts(path: Path) -> None:
    said = path.read_text(encoding="utf-8")

    assert said.startswith(f"# {int(path.name[:4])}. ")
    assert re.findall(r"^\*\*(\w+)\.\*\*", said, re.MULTILINE) == ["Context", "Choice", "Price"]
    assert len(said.splitlines()) <= 12
