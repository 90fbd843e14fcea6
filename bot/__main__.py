"""`digit-bot`: command line, settings, logging; then build and run. No logic of its own."""

import argparse
import asyncio
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from telegram.error import InvalidToken, TelegramError

from bot.app import Wire, build_program
from bot.errors import BotError, DatabaseError, SettingsError
from bot.example_files import read_examples, write_examples
from bot.log import configure_logging
from bot.services.learning import LearningService
from bot.settings import Settings
from bot.storage.database import create_engine, create_session_factory
from bot.storage.migrations import upgrade_schema

_PLAYGROUND_TOKEN = "1000000:playground"  # noqa: S105 - opens nothing but the playground


def main() -> None:
    """Run the command line; what people can mend ends it with one sentence and exit code 1."""
    options = _parse_options()
    try:
        settings = _read_settings()
        configure_logging(settings.log_level)
        if options.command in _EXAMPLE_COMMANDS:
            asyncio.run(_with_examples(settings, options.path, _EXAMPLE_COMMANDS[options.command]))
            return
        with _only_one(settings.data_dir.expanduser()):
            upgrade_schema(settings.get_database_url())
            if options.command == "run":
                asyncio.run(_run(settings))
    except BotError as error:
        sys.exit(f"digit-bot: {error}")


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="digit-bot", description="A Telegram bot that reads handwritten digits."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser(
        "run", help="start the bot; without a TELEGRAM_BOT_TOKEN, on the playground's page"
    )
    commands.add_parser("migrate", help="bring the database's schema up to date")
    export = commands.add_parser(
        "export", help="write what people said of readings: a folder of pictures, or a .npz file"
    )
    export.add_argument("path", type=Path, help="the folder, or the file if it ends in .npz")
    bring_in = commands.add_parser(
        "import", help="learn from labelled 28x28 images: a folder with labels.csv, or a .npz file"
    )
    bring_in.add_argument("path", type=Path, help="the folder or file")
    return parser.parse_args()


def _read_settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc'])).upper()}: {fault['msg']}"
            for fault in error.errors(include_input=False)
        ]
        raise SettingsError(
            "a setting is wrong (see .env.example). " + "; ".join(faults)
        ) from error


@contextmanager
def _only_one(data_dir: Path) -> Iterator[None]:
    """Keep a second process away: the two would take each other's updates and training runs."""
    lock = FileLock(data_dir / "digit-bot.lock")
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise SettingsError(f"another digit-bot is running in {data_dir.absolute()}.") from error
    except OSError as error:
        raise SettingsError(f"DATA_DIR cannot be written: {error}.") from error
    try:
        yield
    finally:
        lock.release()


async def _with_examples(
    settings: Settings, path: Path, command: Callable[[LearningService, Path], Awaitable[str]]
) -> None:
    """Export or import examples; the bot may be running meanwhile."""
    engine = create_engine(settings.get_database_url())
    learning = LearningService(
        create_session_factory(engine),
        lambda: datetime.now(UTC),
        settings.max_corrections_per_person,
    )
    try:
        print(await command(learning, path))
    except SQLAlchemyError as error:
        raise DatabaseError(
            f"the database cannot be used; `digit-bot migrate` makes or updates it: {error}"
        ) from error
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error}.") from error
    finally:
        await engine.dispose()


async def _export(learning: LearningService, path: Path) -> str:
    examples = await learning.list_examples()
    await asyncio.to_thread(write_examples, path, examples)
    return f"{len(examples)} examples in {path}"


async def _import(learning: LearningService, path: Path) -> str:
    done = await learning.bring_in(await asyncio.to_thread(read_examples, path))
    return (
        f"{done.added} new examples, {done.relabelled} with another label than before, "
        f"{done.known} known already. The next training learns from them."
    )


_EXAMPLE_COMMANDS = {"export": _export, "import": _import}


async def _run(settings: Settings) -> None:
    """Run until the process is told to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        wire = await stack.enter_async_context(_open_wire(settings))
        program = build_program(settings, wire)
        try:
            await stack.enter_async_context(program.running())
            await stack.enter_async_context(program.polling())
        except InvalidToken as error:
            raise SettingsError("Telegram does not know this TELEGRAM_BOT_TOKEN.") from error
        except TelegramError as error:
            raise SettingsError(f"{wire.api_url} cannot be reached: {error}.") from error
        where = wire.page_url or f"on Telegram as {program.application.bot.name}"
        print(f"The bot is ready: {where}", flush=True)
        await stop.wait()


@asynccontextmanager
async def _open_wire(settings: Settings) -> AsyncIterator[Wire]:
    """Reach Telegram, or without a token start the playground in its place."""
    token = settings.telegram_bot_token
    if token is not None:
        yield Wire(token.get_secret_value(), settings.telegram_api_url, settings.admin_ids)
        return
    # Here, since a bot on Telegram needs no web server.
    from bot.playground import ADMIN_ID
    from bot.playground.serving import serve_playground

    playground = serve_playground(_PLAYGROUND_TOKEN, settings.data_dir, settings.playground_port)
    async with AsyncExitStack() as stack:
        try:
            url = await stack.enter_async_context(playground)
        except OSError as error:
            raise SettingsError(
                f"the playground cannot listen on port {settings.playground_port}: "
                f"{error.strerror}. Set PLAYGROUND_PORT to another one."
            ) from error
        except sqlite3.Error as error:
            raise SettingsError(
                f"the playground's chats in {settings.data_dir} cannot be read: {error}. "
                "Delete playground.sqlite there to begin anew."
            ) from error
        yield Wire(
            _PLAYGROUND_TOKEN,
            url,
            settings.admin_ids | {ADMIN_ID},
            page_url=url,
            # A proxy in the environment is for the outside world, not for this machine.
            httpx_arguments={"trust_env": False},
        )


if __name__ == "__main__":
    main()
