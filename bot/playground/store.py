"""Everything that outlives the process, in one SQLite file: messages, updates, files, settings.

The calls are synchronous on purpose. One person chats here, a statement takes well under a
millisecond, and without an `await` each one is atomic in the event loop: no locks, no races.
"""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.playground.people import Json

_SCHEMA = """
BEGIN;
CREATE TABLE message (
    message_id INTEGER PRIMARY KEY AUTOINCREMENT, chat_id INTEGER NOT NULL,
    body TEXT NOT NULL, reply_to INTEGER
);
CREATE INDEX message_of_chat ON message (chat_id, message_id);
CREATE TABLE pending_update (
    update_id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, body TEXT NOT NULL,
    added_at REAL NOT NULL
);
CREATE TABLE file (
    file_id TEXT PRIMARY KEY, unique_id TEXT NOT NULL, path TEXT NOT NULL UNIQUE,
    mime_type TEXT NOT NULL, content BLOB NOT NULL, media TEXT NOT NULL
);
CREATE TABLE callback_query (id TEXT PRIMARY KEY, pressed_at REAL NOT NULL);
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);

-- Ids start at the number of seconds since 2025. A bot keeps them as keys in a database of its
-- own: when this file is deleted and the bot's is not, they still do not repeat.
INSERT INTO sqlite_sequence
SELECT column1, strftime('%s', 'now') - 1735689600 FROM (VALUES ('message'), ('pending_update'));
PRAGMA user_version = 1;
COMMIT;
"""


@dataclass(frozen=True)
class StoredFile:
    """A file that someone sent; `media` is the Bot API object (or sizes) it is a part of."""

    file_id: str
    unique_id: str
    path: str
    mime_type: str
    content: bytes
    media: Any


class Store:
    """The playground's memory. Ids grow and are never used again, also after a restart."""

    def __init__(self, path: Path | None) -> None:
        """Open the file, or memory if there is no path, and create the tables once."""
        # The loop may run in another thread than the one that called this, never in two.
        self._connection = sqlite3.connect(
            path or ":memory:", isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        if self._connection.execute("PRAGMA user_version").fetchone() == (0,):
            self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    # Messages

    def add_message(self, chat_id: int, body: Json, reply_to: int | None) -> Json:
        """Keep a new message and return it with its id, and with the message it replies to."""
        cursor = self._connection.execute(
            "INSERT INTO message (chat_id, body, reply_to) VALUES (?, ?, ?)",
            (chat_id, json.dumps(body), reply_to),
        )
        message = self.message(chat_id, int(cursor.lastrowid or 0))
        assert message is not None, "it was just written"  # noqa: S101 narrows the type
        return message

    def change_message(self, chat_id: int, message_id: int, body: Json) -> None:
        """Put a new body in the place of a message's old one."""
        body = {k: v for k, v in body.items() if k not in ("message_id", "reply_to_message")}
        self._connection.execute(
            "UPDATE message SET body = ? WHERE chat_id = ? AND message_id = ?",
            (json.dumps(body), chat_id, message_id),
        )

    def delete_message(self, chat_id: int, message_id: int) -> None:
        """Forget a message."""
        self._connection.execute(
            "DELETE FROM message WHERE chat_id = ? AND message_id = ?", (chat_id, message_id)
        )

    def message(self, chat_id: int, message_id: int) -> Json | None:
        """Return one message, or None when it was deleted or never was."""
        found = self._messages("m.chat_id = ? AND m.message_id = ?", (chat_id, message_id))
        return found[0] if found else None

    def messages(self, chat_id: int) -> list[Json]:
        """Return all messages of a chat, oldest first."""
        return self._messages("m.chat_id = ? ORDER BY m.message_id", (chat_id,))

    def messages_before(self, chat_id: int, before: int | None, limit: int) -> list[Json]:
        """Return the last messages of a chat, or the last ones before an id, oldest first."""
        found = self._messages(
            "m.chat_id = ? AND m.message_id < ? ORDER BY m.message_id DESC LIMIT ?",
            (chat_id, 2**62 if before is None else before, limit),
        )
        return found[::-1]

    def _messages(self, condition: str, values: tuple[int, ...]) -> list[Json]:
        rows = self._connection.execute(
            "SELECT m.message_id, m.body, r.message_id, r.body FROM message m"  # noqa: S608 our text
            " LEFT JOIN message r ON r.message_id = m.reply_to AND r.chat_id = m.chat_id"
            f" WHERE {condition}",
            values,
        )
        return [
            {"message_id": message_id, **json.loads(body)}
            # One level deep: "will not contain further reply_to_message fields".
            # https://core.telegram.org/bots/api#message
            | ({} if not reply else {"reply_to_message": {"message_id": to, **json.loads(reply)}})
            for message_id, body, to, reply in rows
        ]

    # Updates

    def add_update(self, kind: str, body: Json, added_at: float) -> None:
        """Queue an update for the bot."""
        self._connection.execute(
            "INSERT INTO pending_update (kind, body, added_at) VALUES (?, ?, ?)",
            (kind, json.dumps(body), added_at),
        )

    def updates(self, limit: int) -> list[Json]:
        """Return the oldest pending updates, in order."""
        rows = self._connection.execute(
            "SELECT update_id, kind, body FROM pending_update ORDER BY update_id LIMIT ?", (limit,)
        )
        return [{"update_id": number, kind: json.loads(body)} for number, kind, body in rows]

    def count_updates(self) -> int:
        """Count the pending updates."""
        (count,) = self._connection.execute("SELECT count(*) FROM pending_update").fetchone()
        return int(count)

    def forget_updates_below(self, update_id: int) -> None:
        """Drop the pending updates with a smaller id."""
        self._connection.execute("DELETE FROM pending_update WHERE update_id < ?", (update_id,))

    def keep_last_updates(self, count: int) -> None:
        """Drop all but the newest pending updates."""
        self._connection.execute(
            "DELETE FROM pending_update WHERE update_id NOT IN"
            " (SELECT update_id FROM pending_update ORDER BY update_id DESC LIMIT ?)",
            (count,),
        )

    def forget_updates_from_before(self, kind: str, moment: float) -> None:
        """Drop the pending updates of one kind that were added before a moment."""
        self._connection.execute(
            "DELETE FROM pending_update WHERE kind = ? AND added_at < ?", (kind, moment)
        )

    # Callback queries

    def add_query(self, query_id: str, pressed_at: float) -> None:
        """Remember when a button was pressed."""
        self._connection.execute(
            "INSERT INTO callback_query VALUES (?, ?)", (query_id, pressed_at)
        )

    def pressed_at(self, query_id: str) -> float | None:
        """Return when the button of a query was pressed, or None for an unknown query."""
        row = self._connection.execute(
            "SELECT pressed_at FROM callback_query WHERE id = ?", (query_id,)
        ).fetchone()
        return None if row is None else float(row[0])

    # Files

    def add_files(self, files: Iterable[StoredFile]) -> None:
        """Keep files."""
        self._connection.executemany(
            "INSERT INTO file VALUES (?, ?, ?, ?, ?, ?)",
            [
                (f.file_id, f.unique_id, f.path, f.mime_type, f.content, json.dumps(f.media))
                for f in files
            ],
        )

    def file(self, file_id: str) -> StoredFile | None:
        """Return a file by its id."""
        return self._file("file_id", file_id)

    def file_at(self, path: str) -> StoredFile | None:
        """Return a file by the path that getFile gives."""
        return self._file("path", path)

    def _file(self, column: str, value: str) -> StoredFile | None:
        row = self._connection.execute(
            f"SELECT * FROM file WHERE {column} = ?",  # noqa: S608 our text
            (value,),
        ).fetchone()
        if row is None:
            return None
        file_id, unique_id, path, mime_type, content, media = row
        return StoredFile(file_id, unique_id, path, mime_type, content, json.loads(media))

    # Settings

    def setting(self, name: str) -> Any:
        """Return a setting, or None when it was never made."""
        row = self._connection.execute(
            "SELECT value FROM setting WHERE name = ?", (name,)
        ).fetchone()
        return None if row is None else json.loads(row[0])

    def set_setting(self, name: str, value: object) -> None:
        """Make or change a setting."""
        self._connection.execute(
            "INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            (name, json.dumps(value)),
        )
