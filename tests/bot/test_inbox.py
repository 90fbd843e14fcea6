"""Nothing that Telegram has handed over is lost: crashes, repeats, poison, a locked database."""

import asyncio
from datetime import timedelta

import pytest
from drawing import draw_digits
from fixed_clock import FixedClock
from scripted_trainer import ScriptedTrainer
from sqlalchemy import select, text
from telegram import Update
from telegram.error import Forbidden, NetworkError
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot import texts
from bot.app import DigitBotProgram, Wire, build_program
from bot.context import Context
from bot.inbox import Inbox
from bot.playground import ADMIN_ID, USER_ID, Playground
from bot.settings import Settings
from bot.storage.database import SessionFactory
from bot.storage.models import InboxUpdate, TrainingRun, TrainingState


def update_with(update_id: int, message_text: str = "hello") -> Update:
    chat = {"id": USER_ID, "type": "private"}
    message = {"message_id": update_id, "date": 0, "chat": chat, "text": message_text}
    update = Update.de_json({"update_id": update_id, "message": message}, None)
    assert update is not None
    return update


async def rows(session_factory: SessionFactory) -> list[InboxUpdate]:
    async with session_factory() as session:
        query = select(InboxUpdate).order_by(InboxUpdate.update_id)
        return list(await session.scalars(query))


@pytest.fixture
def inbox(session_factory: SessionFactory, clock: FixedClock) -> Inbox:
    return Inbox(session_factory, clock)


async def test_update_is_written_before_put_returns(
    inbox: Inbox, session_factory: SessionFactory
) -> None:
    await inbox.put(update_with(1))
    [row] = await rows(session_factory)
    assert (row.update_id, row.done_at, row.error) == (1, None, None)
    assert row.payload is not None
    assert row.payload["message"]["text"] == "hello"


async def test_repeated_update_is_queued_once(inbox: Inbox) -> None:
    await inbox.put(update_with(1))
    await inbox.put(update_with(1))
    assert inbox.qsize() == 1


async def test_undone_updates_are_restored_in_order(
    inbox: Inbox, session_factory: SessionFactory, clock: FixedClock, program: DigitBotProgram
) -> None:
    for update_id in (3, 1, 2):
        await inbox.put(update_with(update_id))
    await inbox.mark_done(2)

    after_the_crash = Inbox(session_factory, clock)
    assert await after_the_crash.restore(program.application.bot) == 2
    restored = [await after_the_crash.get(), await after_the_crash.get()]
    assert [update.update_id for update in restored if isinstance(update, Update)] == [1, 3]


async def test_done_update_loses_its_content_and_later_its_row(
    inbox: Inbox, session_factory: SessionFactory, clock: FixedClock
) -> None:
    await inbox.put(update_with(1))
    await inbox.mark_done(1)
    [row] = await rows(session_factory)
    assert (row.payload, row.done_at) == (None, clock.now)

    clock.advance(timedelta(days=3))
    await inbox.put(update_with(2))
    await inbox.mark_done(2)
    assert [row.update_id for row in await rows(session_factory)] == [2]


async def test_database_that_refuses_makes_the_polling_loop_ask_again(
    inbox: Inbox, session_factory: SessionFactory
) -> None:
    async with session_factory.begin() as session:
        await session.execute(text("ALTER TABLE inbox_update RENAME TO elsewhere"))
    with pytest.raises(NetworkError, match="inbox"):
        await inbox.put(update_with(1))
    assert inbox.empty()


async def test_what_was_sent_while_the_bot_was_down_is_answered_at_its_start(
    settings: Settings, wire: Wire, playground: Playground, clock: FixedClock
) -> None:
    photo = await playground.send_photo(USER_ID, draw_digits([7]))
    program = build_program(settings, wire, trainer=ScriptedTrainer(), clock=clock)
    async with program.running(), program.polling():
        assert "This is a 7." in (await playground.answer(photo))["text"]


async def test_update_that_a_crash_left_undone_is_processed_at_the_next_start(
    settings: Settings,
    wire: Wire,
    playground: Playground,
    session_factory: SessionFactory,
    clock: FixedClock,
) -> None:
    # Written down and acknowledged, and then the process was killed.
    photo = await playground.send_photo(USER_ID, draw_digits([7]))
    update = Update.de_json({"update_id": 5, "message": photo}, None)
    await Inbox(session_factory, clock).put(update)

    program = build_program(settings, wire, trainer=ScriptedTrainer(), clock=clock)
    async with program.running():  # It does not even poll.
        assert "This is a 7." in (await playground.answer(photo))["text"]
        await program.inbox.join()
    [row] = await rows(session_factory)
    assert row.done_at is not None


async def test_training_that_a_crash_interrupted_is_reported_once_and_not_begun_again(
    settings: Settings,
    wire: Wire,
    playground: Playground,
    session_factory: SessionFactory,
    trainer: ScriptedTrainer,
    clock: FixedClock,
) -> None:
    # Killed after the run was claimed, and before its update was marked as done.
    command = await playground.send_text(ADMIN_ID, "/train")
    update = Update.de_json({"update_id": 5, "message": command}, None)
    await Inbox(session_factory, clock).put(update)
    before = build_program(settings, wire, trainer=trainer, clock=clock)
    admin = before.services.actor(ADMIN_ID)
    run_id = await before.services.training.start(admin, "classic", chat_id=ADMIN_ID, update_id=5)
    await before.engine.dispose()

    for _ in range(2):
        program = build_program(settings, wire, trainer=trainer, clock=clock)
        async with program.running():
            await program.inbox.join()
    command, report = playground.messages(ADMIN_ID)
    assert f"Training run {run_id} was interrupted" in report["text"]


async def test_training_that_a_stop_interrupts_is_said_so(
    settings: Settings,
    wire: Wire,
    playground: Playground,
    session_factory: SessionFactory,
    trainer: ScriptedTrainer,
    clock: FixedClock,
) -> None:
    program = build_program(settings, wire, trainer=trainer, clock=clock)
    async with program.running(), program.polling():
        command = await playground.send_text(ADMIN_ID, "/train")
        await playground.answer(command)
    assert "was interrupted" in playground.messages(ADMIN_ID)[-1]["text"]
    async with session_factory() as session:
        run = (await session.scalars(select(TrainingRun))).one()
    assert run.state is TrainingState.INTERRUPTED


class Unreliable:
    """A handler that fails some times before it works."""

    def __init__(self, failures: int, error: Exception | None = None) -> None:
        self.failures = failures
        self.error = error or RuntimeError("not yet")
        self.calls = 0

    async def __call__(self, update: Update, context: Context) -> None:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error
        assert update.effective_message is not None
        await update.effective_message.reply_text("done")


async def test_update_whose_handler_fails_is_tried_again(
    program: DigitBotProgram, playground: Playground, session_factory: SessionFactory
) -> None:
    handler = Unreliable(failures=2)
    program.application.add_handler(CommandHandler("try", handler), group=-1)
    # The fallback of the normal group answers too: only the first answer matters here.
    command = await playground.send_text(USER_ID, "/try")
    await playground.answer(command, lambda message: message["text"] == "done")
    await program.inbox.join()
    [row] = await rows(session_factory)
    assert (handler.calls, row.attempts, row.error) == (3, 3, None)


async def test_update_that_fails_every_time_is_parked_and_the_person_told(
    program: DigitBotProgram, playground: Playground, session_factory: SessionFactory
) -> None:
    handler = Unreliable(failures=100)
    program.application.add_handler(CommandHandler("try", handler), group=-1)
    command = await playground.send_text(USER_ID, "/try")
    await playground.answer(command, lambda m: m["text"] == texts.SOMETHING_WENT_WRONG)
    await program.inbox.join()
    [row] = await rows(session_factory)
    assert (handler.calls, row.error) == (3, "RuntimeError('not yet')")
    assert row.payload is not None  # An admin can see what it was.
    # The chat goes on.
    start = await playground.send_text(USER_ID, "/start")
    assert "I read handwritten digits" in (await playground.answer(start))["text"]


async def test_update_that_kills_the_process_is_parked_in_the_end(
    settings: Settings,
    wire: Wire,
    playground: Playground,
    session_factory: SessionFactory,
    clock: FixedClock,
) -> None:
    command = await playground.send_text(USER_ID, "/start")
    inbox = Inbox(session_factory, clock)
    await inbox.put(Update.de_json({"update_id": 5, "message": command}, None))
    for _ in range(3):  # Each attempt is counted, and then the process is gone.
        await inbox.count_attempt(5)

    program = build_program(settings, wire, trainer=ScriptedTrainer(), clock=clock)
    async with program.running():
        assert (await playground.answer(command))["text"] == texts.SOMETHING_WENT_WRONG
        await program.inbox.join()
    [row] = await rows(session_factory)
    assert "ended the process" in str(row.error)


async def test_outage_is_waited_out_however_long_it_takes(
    program: DigitBotProgram, playground: Playground, session_factory: SessionFactory
) -> None:
    handler = Unreliable(failures=10, error=NetworkError("no route to Telegram"))
    program.application.add_handler(CommandHandler("try", handler), group=-1)
    command = await playground.send_text(USER_ID, "/try")
    await playground.answer(command, lambda message: message["text"] == "done")
    await program.inbox.join()
    [row] = await rows(session_factory)
    assert (handler.calls, row.attempts, row.error) == (11, 1, None)


async def test_person_who_blocked_the_bot_is_left_alone(
    program: DigitBotProgram, playground: Playground, session_factory: SessionFactory
) -> None:
    handler = Unreliable(failures=1, error=Forbidden("bot was blocked by the user"))
    program.application.add_handler(CommandHandler("try", handler), group=-1)
    command = await playground.send_text(USER_ID, "/try")
    await playground.answer(command)  # The fallback's.
    await program.inbox.join()
    [row] = await rows(session_factory)
    assert (handler.calls, row.error) == (1, None)


async def test_stopping_does_not_wait_for_further_attempts(
    settings: Settings,
    wire: Wire,
    playground: Playground,
    session_factory: SessionFactory,
    clock: FixedClock,
) -> None:
    program = build_program(
        settings, wire, trainer=ScriptedTrainer(), clock=clock, retry_pauses_s=(3600.0,)
    )
    async with program.running(), program.polling():
        handler = Unreliable(failures=1)
        program.application.add_handler(CommandHandler("try", handler), group=-1)
        command = await playground.send_text(USER_ID, "/try")
        await playground.answer(command)  # The fallback's; the handler before it has failed.
    [row] = await rows(session_factory)
    assert (row.done_at, row.error) == (None, None)


async def test_updates_of_one_chat_are_processed_in_order_and_chats_in_parallel(
    program: DigitBotProgram, playground: Playground
) -> None:
    log: list[str] = []
    may_go_on = asyncio.Event()

    async def note(update: Update, context: Context) -> None:
        assert update.effective_message is not None
        word = (context.args or [""])[0]
        log.append(f"{word} begins")
        if word == "slow":
            await may_go_on.wait()
        log.append(f"{word} ends")
        await update.effective_message.reply_text(word)

    program.application.add_handler(CommandHandler("note", note), group=-1)
    await playground.send_text(USER_ID, "/note slow")
    after = await playground.send_text(USER_ID, "/note after")
    other = await playground.send_text(ADMIN_ID, "/note other")
    try:
        await playground.answer(other, lambda message: message["text"] == "other")
        assert "slow ends" not in log
        assert "after begins" not in log
    finally:
        may_go_on.set()  # Or the bot could not stop.
    await playground.answer(after, lambda message: message["text"] == "after")
    of_one_chat = [line for line in log if not line.startswith("other")]
    assert of_one_chat == ["slow begins", "slow ends", "after begins", "after ends"]


async def test_flood_of_one_person_does_not_hold_up_another(
    program: DigitBotProgram, playground: Playground
) -> None:
    may_go_on = asyncio.Event()

    async def wait(update: Update, context: Context) -> None:
        await may_go_on.wait()

    program.application.add_handler(CommandHandler("wait", wait), group=-1)
    for _ in range(200):
        await playground.send_text(USER_ID, "/wait")
    start = await playground.send_text(ADMIN_ID, "/start")
    try:
        assert "I read handwritten digits" in (await playground.answer(start))["text"]
    finally:
        may_go_on.set()  # Or the bot could not stop.


async def test_stopping_leaves_the_backlog_to_the_next_start(
    settings: Settings,
    wire: Wire,
    playground: Playground,
    session_factory: SessionFactory,
    clock: FixedClock,
) -> None:
    may_go_on = asyncio.Event()
    begun = 0

    async def wait(update: Update, context: Context) -> None:
        nonlocal begun
        begun += 1
        await may_go_on.wait()

    program = build_program(settings, wire, trainer=ScriptedTrainer(), clock=clock)
    program.application.add_handler(CommandHandler("wait", wait), group=-1)
    async with program.running(), program.polling():
        for _ in range(20):
            await playground.send_text(USER_ID, "/wait")
        await playground.wait_until(lambda: begun or None)
        program.processor.stop()
        may_go_on.set()
    assert begun == 1
    assert [row.done_at is not None for row in await rows(session_factory)].count(True) == 1


@pytest.mark.parametrize("column", ["attempts", "done_at"])
async def test_database_that_refuses_a_mark_is_waited_for(
    program: DigitBotProgram, playground: Playground, session_factory: SessionFactory, column: str
) -> None:
    """A locked database or a full disk: nothing is done twice, nothing is left undone."""
    async with session_factory.begin() as session:
        await session.execute(
            text(
                f"CREATE TRIGGER refuse BEFORE UPDATE OF {column} ON inbox_update "
                "BEGIN SELECT RAISE(ABORT, 'database is locked'); END"
            )
        )
    start = await playground.send_text(USER_ID, "/start")
    if column == "done_at":
        await playground.answer(start)
    else:
        await playground.wait_until(lambda: program.inbox.empty() or None)
    async with session_factory.begin() as session:
        await session.execute(text("DROP TRIGGER refuse"))
    await playground.answer(start)
    await program.inbox.join()
    assert len(playground.messages(USER_ID)) == 2
    [row] = await rows(session_factory)
    assert (row.attempts, row.done_at is not None, row.error) == (1, True, None)


async def test_parked_button_press_is_answered(
    program: DigitBotProgram, playground: Playground
) -> None:
    async def fail(update: Update, context: Context) -> None:
        raise RuntimeError("always")

    program.application.add_handler(CallbackQueryHandler(fail), group=-1)
    program.application.handlers[0].clear()
    start = playground.send(USER_ID, {"text": "hello"})
    query = await playground.press(USER_ID, start["message_id"], "right:1")
    said = await playground.answer_to_press(query)
    assert (said["text"], said["show_alert"]) == (texts.SOMETHING_WENT_WRONG, True)


async def test_malformed_update_is_parked_and_the_others_are_answered(
    program: DigitBotProgram, playground: Playground, session_factory: SessionFactory
) -> None:
    playground.on_call.clear()  # What follows does not fit the schema, and is meant not to.
    before = await playground.send_text(USER_ID, "/start")
    playground.updates.add("message", {"message_id": "not a number", "photo": "not a list"})
    after = await playground.send_text(ADMIN_ID, "/start")
    await playground.answer(before)
    await playground.answer(after)
    await program.inbox.join()
    good, malformed, also_good = await rows(session_factory)
    assert good.done_at is not None
    assert also_good.done_at is not None
    assert "cannot be parsed" in str(malformed.error)
    assert malformed.payload is not None
    assert malformed.payload["malformed"]["message"]["photo"] == "not a list"
