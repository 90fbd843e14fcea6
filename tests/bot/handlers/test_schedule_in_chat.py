"""Admins see and change when the bot retrains by itself, and hear how it went."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from drawing import draw_digits
from fixed_clock import FixedClock
from scripted_trainer import FIGURES, ScriptedTrainer

from bot import jobs, texts
from bot.announcements import report_ended_runs
from bot.app import DigitBotProgram, Wire, build_program
from bot.context import Context
from bot.playground import ADMIN_ID, USER_ID, Playground
from bot.services.ports import TrainingProgress
from bot.settings import Settings


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"retrain_min_corrections": 1})


async def ask(playground: Playground, text: str, user_id: int = ADMIN_ID) -> str:
    return (await playground.answer(await playground.send_text(user_id, text)))["text"]


async def fire(program: DigitBotProgram) -> None:
    """Do what the job does every minute."""
    await jobs.retrain_if_due(Context(program.application))


async def test_schedule_is_shown_changed_and_switched(
    program: DigitBotProgram, playground: Playground
) -> None:
    assert await ask(playground, "/schedule", USER_ID) == texts.ADMINS_ONLY
    shown = await ask(playground, "/schedule")
    assert "At 03:00 every day (0 3 * * *, UTC)" in shown
    assert "Next: Mon 2026-03-02 03:00" in shown
    assert "New corrections: 0; with fewer than 1 I skip it." in shown
    assert "At 04:00 on Monday" in await ask(playground, "/schedule 0 4 * * 1")
    assert "Switched off" in await ask(playground, "/schedule off")
    assert "Next" not in await ask(playground, "/schedule")
    assert "Next: Mon 2026-03-02 04:00" in await ask(playground, "/schedule ON")


@pytest.mark.parametrize("words", ["tomorrow", "0 3 * *", "99 3 * * *", "<b> 3 * * *"])
async def test_what_is_no_schedule_gets_an_example(
    program: DigitBotProgram, playground: Playground, words: str
) -> None:
    assert "such as /schedule 0 3 * * *" in await ask(playground, f"/schedule {words}")
    assert "At 03:00 every day" in await ask(playground, "/schedule")


async def test_scheduled_run_learns_and_every_admin_gets_the_card(
    playground: Playground,
    program: DigitBotProgram,
    clock: FixedClock,
    trainer: ScriptedTrainer,
) -> None:
    trainer.may_end.set()
    trainer.after = replace(FIGURES, held_out_right=5)
    await ask(playground, "/schedule")
    answer = await playground.answer(await playground.send_photo(USER_ID, draw_digits([7])))
    said = await playground.send_text(USER_ID, "1", reply_to=answer["message_id"])
    await playground.answer(said)
    clock.now = datetime(2026, 3, 2, 3, 0, 2, tzinfo=UTC)
    await fire(program)
    await fire(program)

    def find_card() -> dict | None:
        cards = [m for m in playground.messages(ADMIN_ID) if "photo" in m]
        return cards[0] if cards else None

    card = await playground.wait_until(find_card)
    assert "Model 2 is better" in card["caption"]
    texts_seen = [m.get("text", "") for m in playground.messages(ADMIN_ID)]
    assert any("The training scheduled for 2026-03-02 03:00 UTC is done" in t for t in texts_seen)
    assert len(trainer.orders) == 1
    assert "Last: Mon 2026-03-02 03:00, succeeded" in await ask(playground, "/schedule")


async def test_skipped_time_bothers_nobody_and_is_shown(
    playground: Playground, program: DigitBotProgram, clock: FixedClock, trainer: ScriptedTrainer
) -> None:
    await ask(playground, "/schedule")
    before = len(playground.messages(ADMIN_ID))
    clock.now = datetime(2026, 3, 2, 3, 0, 2, tzinfo=UTC)
    await fire(program)
    assert trainer.orders == []
    assert len(playground.messages(ADMIN_ID)) == before
    assert "skipped (0 new corrections, fewer than 1)" in await ask(playground, "/schedule")


async def test_job_looks_every_minute(program: DigitBotProgram) -> None:
    assert program.application.job_queue is not None
    (job,) = program.application.job_queue.jobs()
    assert job.next_t is not None
    assert job.next_t.second == 0
    assert job.next_t - datetime.now(UTC) <= timedelta(minutes=1)


async def test_admin_who_has_never_written_does_not_keep_the_others_from_hearing(
    settings: Settings, wire: Wire, playground: Playground, clock: FixedClock
) -> None:
    trainer = ScriptedTrainer()
    trainer.may_end.set()
    admins = frozenset({1, ADMIN_ID, ADMIN_ID + 10_000})
    wire = replace(wire, admin_ids=admins)
    program = build_program(settings, wire, trainer=trainer, clock=clock)
    async with program.running(), program.polling():
        await ask(playground, "/schedule")
        run_id = await program.services.training.start(
            program.services.actor(ADMIN_ID), "refresh", chat_id=None, update_id=99
        )
        assert run_id is not None
        await program.services.training.run(run_id, "refresh", ignore)
        await report_ended_runs(program.application.bot, program.services)
        assert sum("photo" in m for m in playground.messages(ADMIN_ID)) == 1
        assert await program.services.training.list_unreported() == []


async def ignore(progress: TrainingProgress) -> None:
    pass
