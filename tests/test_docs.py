"""What people are told is what there is."""

import re
from pathlib import Path

import pytest

from bot import texts
from bot.settings import Settings

ROOT = Path(__file__).resolve().parents[1]


def settings_in_example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_env_example_lists_every_setting_and_no_other() -> None:
    assert set(settings_in_example()) == {name.upper() for name in Settings.model_fields}


def test_env_example_shows_the_defaults() -> None:
    assert Settings(_env_file=ROOT / ".env.example") == Settings(_env_file=None)


@pytest.mark.parametrize("command", [command.name for command in texts.COMMANDS])
def test_readme_lists_every_command(command: str) -> None:
    assert f"`/{command}`" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", ["run", "test", "lint", "train", "bench", "migrate"])
def test_readme_names_every_target(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    assert f"make {target}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_lists_every_setting() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in settings_in_example() if f"`{name}`" not in readme] == []
