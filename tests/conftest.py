"""What all tests share: real data where the machine has it, a real database, a real wire."""

import os
import shutil
from collections.abc import AsyncIterator, Generator
from pathlib import Path

import httpx
import pytest
from fixed_clock import FixedClock
from playground_wire import TOKEN, find_faults
from scripted_trainer import ScriptedTrainer
from starlette.applications import Starlette

from bot.app import DigitBotProgram, Wire, build_program
from bot.playground import ADMIN_ID, Playground, create_playground
from bot.playground.playground import ApiCall
from bot.settings import Settings
from bot.storage.database import SessionFactory, create_engine, create_session_factory
from bot.storage.migrations import upgrade_schema

ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="a skipped test counts as failed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail what is skipped where nothing may be: a machine that lacks something must say so."""
    report = yield
    if report.skipped and item.config.getoption("--no-skips"):
        report.outcome = "failed"
        report.longrepr = f"--no-skips was given, and this was skipped: {report.longrepr}"
    return report


def _folder_from(variable: str, default: Path, hint: str) -> Path:
    folder = Path(os.environ.get(variable, default)).expanduser()
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there. {hint} Set {variable} to its folder.")
    return folder


@pytest.fixture(scope="session")
def mnist_data_dir() -> Path:
    """The folder with MNIST in torchvision's layout."""
    hint = "`mnist train` downloads MNIST there."
    folder = _folder_from("MNIST_DATA_DIR", Path("~/.pytorch/MNIST_data"), hint)
    # A download that failed leaves folders without files.
    if not any((folder / "MNIST" / "raw").glob("train-images-idx3-ubyte*")):
        pytest.skip(f"{folder} holds no MNIST. {hint}")
    return folder


@pytest.fixture(scope="session")
def photos_dir() -> Path:
    """The folder with real camera photos and their labels."""
    return _folder_from(
        "PHOTOS_DIR", ROOT.parent / "shared" / "photos", "It is not part of this repository."
    )


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file made by the real migrations, once; each test gets a copy."""
    path = tmp_path_factory.mktemp("migrated") / "empty.sqlite"
    upgrade_schema(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture
def settings(tmp_path: Path, migrated_database: Path) -> Settings:
    """Settings whose database is in place, in a folder of the test's own."""
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    shutil.copy(migrated_database, data_dir / "digit-bot.sqlite")
    return Settings(_env_file=None, data_dir=data_dir)


@pytest.fixture
async def session_factory(settings: Settings) -> AsyncIterator[SessionFactory]:
    """Sessions on the database of `settings`."""
    engine = create_engine(settings.get_database_url())
    yield create_session_factory(engine)
    await engine.dispose()


@pytest.fixture
async def app() -> AsyncIterator[Starlette]:
    """Build a playground in memory; at the end, all of its wire must fit the official schema."""
    app = create_playground(TOKEN)
    calls: list[ApiCall] = []
    app.state.playground.on_call.append(calls.append)
    yield app
    await app.state.playground.close()
    assert [fault for call in calls for fault in find_faults(call)] == []


@pytest.fixture
def playground(app: Starlette) -> Playground:
    """The handle to act in the playground."""
    return app.state.playground


@pytest.fixture
def trainer() -> ScriptedTrainer:
    return ScriptedTrainer()


@pytest.fixture
def wire(app: Starlette) -> Wire:
    """Reach the playground in this process, without a socket."""
    return Wire(
        token=TOKEN,
        api_url="http://playground",
        admin_ids=frozenset({ADMIN_ID}),
        httpx_arguments={"transport": httpx.ASGITransport(app)},
    )


@pytest.fixture
async def program(
    settings: Settings, wire: Wire, trainer: ScriptedTrainer, clock: FixedClock
) -> AsyncIterator[DigitBotProgram]:
    """The whole bot, running: real handlers, database and model, polling the playground."""
    program = build_program(
        settings, wire, trainer=trainer, clock=clock, retry_pauses_s=(0.0, 0.0)
    )
    async with program.running(), program.polling():
        yield program
