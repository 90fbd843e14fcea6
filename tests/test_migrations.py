"""The revisions build just the schema that the mapped classes describe, there and back."""

import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect
from sqlalchemy.exc import OperationalError

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


def columns_in(path: Path, table: str) -> list[str]:
    engine = create_engine(f"sqlite:///{path}")
    names = [column["name"] for column in inspect(engine).get_columns(table)]
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


def test_upgrade_keeps_what_was_said_before(config: Config, path: Path) -> None:
    command.upgrade(config, "ecce936afb5c")
    with sqlite3.connect(path) as database:
        database.executescript(
            """
            INSERT INTO model_version
            VALUES (1, 'abc', 'best', 0.99, 0.99, '[]', 'active', '2026-01-01', NULL);
            INSERT INTO training_run (id, recipe, state, update_id, requested_by, chat_id,
                                      model_version_id, started_at)
            VALUES (1, 'quick', 'succeeded', 5, 6, 6, 1, '2026-01-01');
            INSERT INTO reading (id, update_id, chat_id, user_id, message_id, file_id,
                                 model_version_id, latency_ms, created_at)
            VALUES (1, 7, 8, 8, 9, 'file', 1, 1.0, '2026-01-01');
            INSERT INTO digit_prediction (id, reading_id, position, label, confidence,
                                          probabilities, image, box_x, box_y, box_width,
                                          box_height)
            VALUES (1, 1, 0, 7, 0.9, x'00', x'00', 0, 0, 1, 1);
            INSERT INTO correction VALUES (1, 1, 8, '2026-01-01', '2026-01-01');
            """
        )
    database.close()
    command.upgrade(config, "head")
    with sqlite3.connect(path) as database:
        rows = database.execute(
            "SELECT label, standing, predicted_label, model_version_id FROM correction"
        ).fetchall()
        assert rows == [(1, "accepted", 7, 1)]
        assert database.execute("SELECT update_id FROM training_run").fetchall() == [(5,)]
        with pytest.raises(sqlite3.IntegrityError):  # The partial index has survived.
            database.executescript(
                """
                INSERT INTO training_run (recipe, state, started_at) VALUES ('a', 'running', '');
                INSERT INTO training_run (recipe, state, started_at) VALUES ('b', 'running', '');
                """
            )
    database.close()
    command.downgrade(config, "ecce936afb5c")
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT COUNT(*) FROM correction").fetchall() == [(1,)]
        assert database.execute("SELECT COUNT(*) FROM training_run").fetchall() == [(1,)]
    database.close()


def test_upgrade_that_is_cut_short_leaves_the_schema_as_it_was(config: Config, path: Path) -> None:
    command.upgrade(config, "ecce936afb5c")
    before = columns_in(path, "correction")
    with sqlite3.connect(path) as database:
        # The last revision's changes of rows come after its changes of tables.
        database.execute("CREATE TABLE ix_correction_counted (id INTEGER)")
    database.close()
    with pytest.raises(OperationalError, match="ix_correction_counted"):
        command.upgrade(config, "head")
    assert columns_in(path, "correction") == before

    with sqlite3.connect(path) as database:
        database.execute("DROP TABLE ix_correction_counted")
    database.close()
    command.upgrade(config, "head")
    command.check(config)
