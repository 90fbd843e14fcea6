"""Admins choose the model, and the next photo is read by it."""

import pytest
from drawing import draw_digits
from fixed_clock import FixedClock
from scripted_trainer import ScriptedTrainer
from sqlalchemy import select
from stored_readings import add_version

from bot import texts
from bot.app import DigitBotProgram
from bot.errors import NoEarlierModelError
from bot.playground import ADMIN_ID, USER_ID, Playground
from bot.services.model_versions import ModelVersionService
from bot.settings import Settings
from bot.storage.database import SessionFactory
from bot.storage.models import ModelState, ModelVersion, Reading

pytestmark = pytest.mark.usefixtures("program")


async def ask(playground: Playground, text: str, user_id: int = ADMIN_ID) -> str:
    return (await playground.answer(await playground.send_text(user_id, text)))["text"]


async def states_in(session_factory: SessionFactory) -> list[ModelState]:
    async with session_factory() as session:
        query = select(ModelVersion.state).order_by(ModelVersion.id)
        return list(await session.scalars(query))


@pytest.fixture
async def candidate(
    program: DigitBotProgram, playground: Playground, trainer: ScriptedTrainer
) -> None:
    """A second model version, made by a training run."""
    trainer.may_end.set()
    command = await playground.send_text(ADMIN_ID, "/train")
    await playground.answer(command, lambda message: "photo" in message)


@pytest.mark.parametrize("command", ["/models", "/promote 1", "/rollback"])
async def test_models_are_for_admins(playground: Playground, command: str) -> None:
    assert await ask(playground, command, USER_ID) == texts.ADMINS_ONLY


@pytest.mark.usefixtures("candidate")
async def test_models_lists_versions_with_their_figures(playground: Playground) -> None:
    newest, oldest = (await ask(playground, "/models")).splitlines()[1:]
    assert "2 refresh" in newest
    assert "MNIST test 97.80%, validation 99.68%, rejected" in newest
    assert oldest.endswith("active")


@pytest.mark.usefixtures("candidate")
async def test_promoted_model_reads_the_next_photo_and_rollback_undoes_it(
    playground: Playground, program: DigitBotProgram, session_factory: SessionFactory
) -> None:
    assert "Model 2 (recipe “refresh”) answers from now on" in await ask(playground, "/promote 2")
    await playground.answer(await playground.send_photo(USER_ID, draw_digits([7])))
    assert await states_in(session_factory) == [ModelState.RETIRED, ModelState.ACTIVE]

    assert "Model 1 (recipe “best”) answers from now on" in await ask(playground, "/rollback")
    await playground.answer(await playground.send_photo(USER_ID, draw_digits([7])))
    assert await states_in(session_factory) == [ModelState.ACTIVE, ModelState.REJECTED]

    async with session_factory() as session:
        query = select(Reading.model_version_id).order_by(Reading.id)
        assert list(await session.scalars(query)) == [2, 1]
    assert await ask(playground, "/rollback") == texts.NO_EARLIER_MODEL


@pytest.mark.parametrize("argument", ["", "x", "99", "-1", "9" * 30])
async def test_promote_needs_the_number_of_a_model(playground: Playground, argument: str) -> None:
    assert await ask(playground, f"/promote {argument}") == texts.PROMOTE_WHAT


@pytest.mark.usefixtures("candidate")
async def test_model_whose_file_is_damaged_is_refused(
    playground: Playground, settings: Settings, session_factory: SessionFactory
) -> None:
    async with session_factory() as session:
        sha256 = await session.scalar(select(ModelVersion.sha256).where(ModelVersion.id == 2))
    (settings.data_dir / "models" / f"{sha256}.safetensors").write_bytes(b"other weights")
    assert "does not match its hash" in await ask(playground, "/promote 2")
    assert await states_in(session_factory) == [ModelState.ACTIVE, ModelState.REJECTED]
    photo = await playground.send_photo(USER_ID, draw_digits([7]))
    assert "is a 7" in (await playground.answer(photo))["text"]


async def test_list_of_many_models_fits_a_message_and_names_the_active_one(
    playground: Playground, session_factory: SessionFactory, clock: FixedClock
) -> None:
    async with session_factory.begin() as session:
        for version_id in range(2, 102):
            await add_version(session, version_id, clock.now, ModelState.REJECTED)
    lines = (await ask(playground, "/models")).splitlines()
    assert len(lines) == 1 + 20 + 1 + 1
    assert lines[-1] == "… and 80 older"
    assert lines[-2].endswith("active")


@pytest.mark.usefixtures("candidate")
async def test_rollback_that_is_processed_again_does_no_more(
    program: DigitBotProgram, session_factory: SessionFactory
) -> None:
    models, admin = program.services.models, program.services.actor(ADMIN_ID)
    await models.promote(admin, 2)
    for _ in range(3):
        assert (await models.roll_back(admin, update_id=77)).id == 1
    assert await states_in(session_factory) == [ModelState.ACTIVE, ModelState.REJECTED]
    with pytest.raises(NoEarlierModelError):
        await models.roll_back(admin, update_id=78)


@pytest.mark.usefixtures("candidate")
async def test_promotion_that_cannot_be_written_leaves_the_old_model_reading(
    playground: Playground, program: DigitBotProgram
) -> None:
    models = program.services.models
    with pytest.raises(OSError, match="disk"):
        await promote_on_a_full_disk(models)
    photo = await playground.send_photo(USER_ID, draw_digits([7]))
    assert "is a 7" in (await playground.answer(photo))["text"]


async def promote_on_a_full_disk(models: ModelVersionService) -> None:
    async with models.begin() as session:
        version = await session.get_one(ModelVersion, 2)
        await models.activate(session, version)
        raise OSError("the disk is full")
