from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.settings import Settings


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_nothing_needs_to_be_set() -> None:
    settings = Settings(_env_file=None)
    assert settings.telegram_bot_token is None
    assert settings.get_database_url() == "sqlite+aiosqlite:///data/digit-bot.sqlite"


@pytest.mark.parametrize(("value", "expected"), [("", set()), ("1", {1}), (" 1, 22 ,", {1, 22})])
def test_admin_ids_are_separated_by_commas(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: set[int]
) -> None:
    monkeypatch.setenv("ADMIN_IDS", value)
    assert Settings(_env_file=None).admin_ids == expected


def test_empty_values_in_the_file_count_as_unset(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("TELEGRAM_BOT_TOKEN=\nADMIN_IDS=\nPLAYGROUND_PORT=\n")
    assert Settings(_env_file=file) == Settings(_env_file=None)


def test_token_is_never_printed() -> None:
    settings = Settings(_env_file=None, telegram_bot_token="1:secret")
    assert "secret" not in repr(settings)


def test_wrong_value_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_IDS", "alice")
    with pytest.raises(ValidationError):
        Settings(_env_file=None)
