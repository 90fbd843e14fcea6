"""The revisions build just the schema that the mapped classes describe, there and back."""

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect

from bot.errors import DatabaseError
from bot.storage.migrations import upgrade_schema

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "digit-bot.sqlite"


@pytest.fixture
def config(path: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["url"] = f"sqlite+aiosqlite:///{path}"
    return config


def tables_in(path: Path) -> set[str]:
    engine = create_engine(f"sqlite:///{path}")
    names = set(inspect(engine).get_table_names())
    engine.dispose()
    return names


def test_upgrade_downgrade_upgrade_without_drift(config: Config, path: Path) -> None:
    command.upgrade(config, "head")
    command.check(config)
    assert {"reading", "digit_prediction", "correction", "model_version"} <= tables_in(path)
    command.downgrade(config, "base")
    assert tables_in(path) <= {"alembic_version", "sqlite_sequence"}
    command.upgrade(config, "head")


def test_second_upgrade_changes_nothing(path: Path) -> None:
    upgrade_schema(f"sqlite+aiosqlite:///{path}")
    before = path.read_bytes()
    upgrade_schema(f"sqlite+aiosqlite:///{path}")
    assert path.read_bytes() == before


def test_database_that_cannot_be_opened_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DatabaseError, match="Check DATABASE_URL"):
        upgrade_schema(f"sqlite+aiosqlite:///{tmp_path}/file/digit-bot.sqlite")


def test_file_that_is_no_database_is_a_clear_error(path: Path) -> None:
    path.write_text("This is no database at all." * 100)
    with pytest.raises(DatabaseError, match="Check DATABASE_URL"):
        upgrade_schema(f"sqlite+aiosqlite:///{path}")
