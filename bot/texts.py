"""Every sentence that a person can read in the chat, in Telegram's HTML, and the commands."""

import math
from dataclasses import dataclass
from html import escape

from bot.services.accuracy import AccuracyReport, LiveAccuracy, Period
from bot.services.gate import TOLERATED_LOSS
from bot.services.model_versions import ModelState, VersionList, VersionView
from bot.services.notices import NoticeView
from bot.services.ports import ModelFigures, TrainingProgress
from bot.services.privacy import Forgotten, History
from bot.services.readings import NOT_A_DIGIT, DigitView, ReadingView
from bot.services.review import DoubtfulCorrection
from bot.services.schedule import ScheduleView
from bot.services.stats import Stats
from bot.services.training import EndedRun, TrainedModel, TrainingState, Verdict

_SURE = 0.9
"""From this confidence on, the other candidates are not worth naming."""

_BAR_WIDTH = 12  # characters

_STAGES = {
    "vetting": "Looking for corrections that contradict the others",
    "evaluating": "Measuring it against the active model",
}
"""What a stage of training is called, where its own name says too little."""

_PERIODS = {Period.WEEK: "7 days", Period.MONTH: "30 days", Period.ALL: "All time"}

_STATE_SIGNS = {
    ModelState.ACTIVE: "▶️",
    ModelState.CANDIDATE: "🆕",
    ModelState.RETIRED: "⏹",
    ModelState.REJECTED: "❌",
}


@dataclass(frozen=True)
class CommandText:
    """One command: its name without the slash, what it does, and who may use it where."""

    name: str
    description: str
    admins_only: bool = False
    in_groups: bool = False  # In private chats all of them work.


COMMANDS = (
    CommandText("start", "What this bot does", in_groups=True),
    CommandText("help", "All commands", in_groups=True),
    CommandText("read", "Read the photo that you reply to", in_groups=True),
    CommandText("accuracy", "How good the readings are", in_groups=True),
    CommandText("history", "Your last readings"),
    CommandText("privacy", "What is kept of you, and why"),
    CommandText("forget_me", "Delete what is kept of you"),
    CommandText("notices", "Hear when I have learned from you: on or off"),
    CommandText("train", "Learn from corrections; /train full, /train quick", admins_only=True),
    CommandText("cancel", "Cancel the training run", admins_only=True),
    CommandText("schedule", "When I retrain by myself", admins_only=True),
    CommandText("review", "Corrections that a model doubts", admins_only=True),
    CommandText("stats", "How the bot is doing", admins_only=True),
    CommandText("models", "All models, with their figures", admins_only=True),
    CommandText("promote", "Let a model answer photos: /promote 2", admins_only=True),
    CommandText("rollback", "Let the model before answer again", admins_only=True),
)

WHAT_TO_SEND = (
    "Please send me a photo of a handwritten digit, or an image of one as a file "
    "(JPEG, PNG, WebP, BMP, GIF or HEIC)."
)
READ_WHAT = "Please reply with /read to a photo, or to an image sent as a file, and I read it."
REPLY_TO_WHAT = (
    "To correct me, reply to my answer with the right digit, or press “Wrong” under it. "
    "For a new reading, send a photo."
)
START = (
    "<b>Hello! I read handwritten digits.</b>\n\n"
    "✏️ Write a digit on paper, large and dark, and send me a photo of it.\n"
    "🔎 I answer with the digit and how sure I am.\n"
    "👍 Tell me whether I was right. Your corrections are what I learn from next.\n\n"
    "Try it now, or see /help."
)
FILE_TOO_LARGE = (
    "This file is larger than 20 MB, and Telegram gives me none that large. "
    "Please send it as a photo, or make it smaller."
)
FILE_NOT_GIVEN = (
    "Telegram does not give me this file: it is larger than 20 MB, or not there any more. "
    "Please send it again as a photo."
)
NOT_AN_IMAGE_FILE = (
    "I cannot read this kind of file, so please send me a photo of a handwritten digit, or an "
    "image of one (JPEG, PNG, WebP, BMP, GIF or HEIC)."
)
UNKNOWN_COMMAND = "I do not know this command. /help lists those that I know."
ADMINS_ONLY = "Only admins can do this."
SOMETHING_WENT_WRONG = (
    "Sorry, something went wrong on my side, and it has been written down. "
    "Please send it once more a little later."
)
SEEN = "Above, what I took for a digit. Below, what my model saw of it, and how likely each is."
SEEN_WITHOUT_PHOTO = "Telegram has your photo no more. This is what my model saw of it."
PRIVACY = (
    "<b>What I keep of you</b>\n\n"
    "• Of each photo: the 28×28 images of its digits, what I read, when and how fast, your user "
    "id, and the ids by which Telegram knows the photo and the messages. The photo itself I do "
    "not keep.\n"
    "• What you say my readings should have been.\n"
    "• In groups only what somebody asks me to read; the reading is theirs, not the sender's.\n"
    "• Messages only until they are answered. One that fails is kept with its error, so that "
    "an admin can mend it.\n\n"
    "<b>Why</b>: to learn from my mistakes, and to tell how good I am.\n"
    "<b>How long</b>: until you delete it with /forget_me.\n\n"
    "When a new model has learned from you I tell you, unless you say /notices off. "
    "/history shows your last readings."
)
FORGET_SURE = (
    "This deletes all your readings and corrections, and it cannot be undone. What models have "
    "learned from them stays in their weights, from which nobody can tell that it was you."
)
KEPT = "Everything stays as it was."
NO_HISTORY = "I have read nothing of yours yet. Send me a photo of a handwritten digit."
PROMOTE_WHAT = "Please name a model by its number, such as /promote 2. /models lists them."
NO_EARLIER_MODEL = "There is no earlier model to go back to. /models lists all models."
NOT_YOURS = "Only the person who asked for this reading can use its buttons and correct it."
UNKNOWN_BUTTON = "This button does nothing any more. Send the photo or the command again."
BUTTON_TOO_OLD = "This reading is not there any more. Send the photo again for a new one."
THANKS = "Thank you, noted."
TRAINING_ALREADY_RUNNING = (
    "A training run is going on already. Wait until it has ended, or /cancel it."
)
TRAIN_WHAT = (
    "I know these: /train (a few minutes, from corrections), /train quick (a small model in "
    "seconds) and /train full (anew and long)."
)
CANCELLING = "Cancelling …"
NOTHING_TO_CANCEL = "No training run is going on."
NOTHING_TO_REVIEW = "No correction waits for a decision."
CHANGED = "This correction was changed or deleted meanwhile."
NOTICES_WHAT = (
    "When a new model has learned from your corrections, I tell you. "
    "/notices off ends that, and /notices on brings it back."
)
NOTICES_ON = "I tell you when a new model has learned from your corrections."
NOTICES_OFF = "I say no more when a model has learned from you. /notices on brings it back."


def help_text(*, is_admin: bool) -> str:
    """List the commands that a person may use."""
    lines = [f"/{command.name} – {command.description}" for command in commands_for(is_admin)]
    return (
        f"{WHAT_TO_SEND}\n\n"
        "Under each answer you can say whether it is right. "
        "You can also reply to an answer with the right digit. In a group, reply to a photo with "
        "/read, or mention me in its caption.\n\n" + "\n".join(lines)
    )


def start_in_group(username: str) -> str:
    """Say what the bot does in a group, and how to ask it."""
    return f"<b>Hello! I read handwritten digits.</b>\n\n{_how_in_group(username)}"


def help_in_group(username: str) -> str:
    """Say how to ask in a group, and list the commands there."""
    lines = [f"/{command.name} – {command.description}" for command in commands_in_groups()]
    return "\n".join(
        [
            _how_in_group(username),
            "",
            *lines,
            "",
            f"My other commands work in private: @{username}.",
        ]
    )


def write_privately(username: str) -> str:
    """Say where a command works that a group has no use for."""
    return f"For this, please write to me in private: @{username}."


def _how_in_group(username: str) -> str:
    return (
        "Reply to a photo with /read, or send one with "
        f"@{username} in its caption, and I answer with its digits. I read no other photos here."
    )


def commands_in_groups() -> list[CommandText]:
    """Return the commands that work in a group."""
    return [command for command in COMMANDS if command.in_groups]


def commands_for(is_admin: bool) -> list[CommandText]:
    """Return the commands that a person may use."""
    return [command for command in COMMANDS if is_admin or not command.admins_only]


def reading_text(reading: ReadingView) -> str:
    """Say what was read, how surely, and what a person has said of it."""
    if reading.rejection:
        return escape(reading.rejection)
    if len(reading.digits) == 1:
        lines = [_one_digit(reading.digits[0])]
    else:
        lines = [_number(reading.digits)]
    if any(digit.corrected_label is not None for digit in reading.digits):
        lines.append(_judgement(reading.digits))
    return "\n".join(lines)


def label_text(label: int) -> str:
    """Return how a label is written to a person."""
    return "not a digit" if label == NOT_A_DIGIT else str(label)


def wrong_digit_count(expected: int) -> str:
    """Say how many digits a typed correction needs."""
    if expected == 0:
        return "I read no digit in that photo, so there is nothing to correct."
    if expected == 1:
        return "I read one digit there, so please reply with one digit from 0 to 9."
    return f"I read {expected} digits there, so please reply with {expected} digits."


def accuracy_text(report: AccuracyReport) -> str:
    """Say how good the active model is by the book, and the bot by what people say."""
    lines = [
        f"<b>Model {report.version_id}</b> answers (recipe “{escape(report.recipe)}”)",
        f"MNIST test: <b>{report.test_accuracy:.2%}</b> of {report.tested:,} images right",
        "",
        "<b>Real photos</b>: right of judged (95% interval)",
        *(f"{_PERIODS[period]}: {_live_line(live)}" for period, live in report.live.items()),
    ]
    shown = report.live[report.period]
    if shown.predicted:
        lines += ["", *_shown_lines(_PERIODS[report.period], shown)]
    return "\n".join(lines)


def _live_line(live: LiveAccuracy) -> str:
    if not live.judged:
        return "nobody has judged an answer"
    low, high = live.interval
    return (
        f"<b>{live.accuracy:.1%}</b> ({low:.1%} to {high:.1%}), {live.right:,} of {live.judged:,}"
    )


def _shown_lines(period: str, live: LiveAccuracy) -> list[str]:
    corrected, unanswered = live.judged - live.right, live.predicted - live.judged
    lines = [
        f"<b>{period}</b>: {live.predicted:,} {_plural(live.predicted, 'digit')} read",
        f"{live.right:,} confirmed, {corrected:,} corrected, {unanswered:,} unanswered",
    ]
    if live.most_confused is not None:
        said, read, count = live.most_confused
        times = "once" if count == 1 else f"{count:,} times"
        what = "something else" if said == NOT_A_DIGIT else _a(said)
        lines.append(f"Most confused: {what}, read as {_a(read)}, {times}")
    return lines


def history_text(history: History) -> str:
    """List a person's last readings, newest first."""
    lines = [f"<b>Your last readings</b> ({len(history.readings)} of {history.count:,})"]
    for past in history.readings:
        digits = past.reading.digits
        read = _shorten(_in_rows(digits, [str(digit.label) for digit in digits])) or "nothing"
        said = _said_briefly(digits)
        lines.append(f"{past.created_at:%Y-%m-%d %H:%M}  <b>{read}</b>{said}")
    return "\n".join(lines)


def _said_briefly(digits: tuple[DigitView, ...]) -> str:
    if all(digit.corrected_label is None for digit in digits):
        return ""
    labels = _labels_as_said(digits)
    if labels == [digit.label for digit in digits]:
        return " ✓"
    written = ["✗" if label == NOT_A_DIGIT else str(label) for label in labels]
    return " → " + _shorten(_in_rows(digits, written))


def _shorten(number: str) -> str:
    """Keep a long number from filling the caption, which has 1,024 characters for all."""
    return number if len(number) <= 20 else number[:19] + "…"


def stats_text(stats: Stats) -> str:
    """Say how the bot is doing."""
    lines = [
        f"<b>The last {stats.days} days</b>",
        f"{stats.readings:,} {_plural(stats.readings, 'reading')}, "
        f"{stats.readings_per_day:.1f} a day, by {stats.people:,} "
        f"{'person' if stats.people == 1 else 'people'}",
        "",
        "<b>Now</b>",
    ]
    if stats.latency is not None:
        lines.append(
            f"A photo is read in {stats.latency.median_ms:.0f} ms (median of the last "
            f"{stats.latency.count:,}), 95% in {stats.latency.p95_ms:.0f} ms"
        )
    lines += [
        f"Updates: {stats.pending:,} at work, {stats.parked:,} given up",
        f"Disk: {stats.disk_free_bytes / 1e9:.1f} GB free",
        f"Model: {stats.model_version_id}",
    ]
    return "\n".join(lines)


def forgotten(done: Forgotten) -> str:
    """Say what was deleted."""
    return (
        f"🗑 Deleted: {done.readings:,} {_plural(done.readings, 'reading')} and "
        f"{done.corrections:,} {_plural(done.corrections, 'correction')}."
    )


def models_text(listed: VersionList) -> str:
    """List model versions with their figures, newest first."""
    lines = ["<b>Models</b>, the newest first (times in UTC)"]
    for version in listed.versions:
        lines.append(
            f"{_STATE_SIGNS[version.state]} <b>{version.id}</b> {escape(version.recipe)}, "
            f"{version.created_at:%Y-%m-%d %H:%M}: MNIST test {version.test_accuracy:.2%}, "
            f"validation {version.validation_accuracy:.2%}, {version.state}"
        )
    if listed.count > len(listed.versions):
        lines.append(f"… and {listed.count - len(listed.versions):,} older")
    return "\n".join(lines)


def now_answers(version: VersionView) -> str:
    """Say which model answers photos from now on."""
    return (
        f"▶️ <b>Model {version.id}</b> (recipe “{escape(version.recipe)}”) answers from now on. "
        f"MNIST test: {version.test_accuracy:.2%}."
    )


def model_unusable(reason: str) -> str:
    """Say why a model cannot answer."""
    return f"{escape(reason)}\nThe active model is unchanged."


def training_progress(run_id: int, recipe: str, progress: TrainingProgress) -> str:
    """Show how far a training run is."""
    lines = [f"🏋️ <b>Training run {run_id}</b> (recipe “{escape(recipe)}”)"]
    if progress.epochs:
        filled = round(_BAR_WIDTH * progress.epoch / progress.epochs)
        bar = "▰" * filled + "▱" * (_BAR_WIDTH - filled)
        lines.append(f"{bar} epoch {progress.epoch} of {progress.epochs}")
    lines.append(_stage_line(progress))
    if progress.loss is not None:
        lines.append(f"Loss: {progress.loss:.4f}")
    if progress.validation_accuracy is not None:
        lines.append(f"Validation accuracy: {progress.validation_accuracy:.2%}")
    return "\n".join(lines)


def _stage_line(progress: TrainingProgress) -> str:
    stage = _STAGES.get(progress.stage, progress.stage.capitalize())
    if progress.stage != "training" or not progress.epoch:
        return f"{escape(stage)} …"
    left_s = progress.elapsed_s / progress.epoch * (progress.epochs - progress.epoch)
    return f"{escape(stage)}, about {_duration(left_s)} left"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


def training_ended(run: EndedRun) -> str:
    """Say how a training run ended; `training_card` has the figures of a new model."""
    name = f"Training run {run.run_id}"
    if run.scheduled_for is not None:
        name = f"The training scheduled for {run.scheduled_for:%Y-%m-%d %H:%M} UTC"
    if run.model is not None:
        return f"✅ <b>{name} is done.</b> It made model {run.model.version_id}."
    if run.state is TrainingState.CANCELLED:
        return f"🛑 <b>{name} was cancelled.</b>\nThe active model is unchanged."
    if run.state is TrainingState.INTERRUPTED:
        return (
            f"⚠️ <b>{name} was interrupted</b>, because I was stopped while it "
            "was going on. The active model is unchanged. /train starts a new run."
        )
    return f"❌ <b>{name} failed.</b>\n{escape(run.error or '')}\nThe active model is unchanged."


def training_card(model: TrainedModel) -> str:
    """Compare a new model with the one before it, and say what became of it."""
    before, after = model.before, model.after
    rows = [
        ("MNIST test", f"{before.test_accuracy:.2%}", f"{after.test_accuracy:.2%}"),
        ("Corrections", _held_out(before), _held_out(after)),
        ("Calibration", f"{before.calibration_error:.2%}", f"{after.calibration_error:.2%}"),
        ("Digits refused", f"{before.digits_refused:.2%}", f"{after.digits_refused:.2%}"),
    ]
    if after.no_digits_count:
        rows.append(("Others refused", _no_digits(before), _no_digits(after)))
    names = ("", f"model {model.compared_with}", f"model {model.version_id}")
    table = "\n".join(f"{name:<14} {old:>9} {new:>9}" for name, old, new in (names, *rows))
    lines = [_verdict(model), f"<pre>{table}</pre>"]
    if model.trained:
        lines.append(f"It has learned from {_count(model.trained, 'example')} beside MNIST.")
    if model.quarantined:
        waits = "waits" if model.quarantined == 1 else "wait"
        corrections = _count(model.quarantined, "correction")
        lines.append(f"{corrections} that it doubts {waits} for you: /review")
    return "\n".join(lines)


def _verdict(model: TrainedModel) -> str:
    new, old = model.version_id, model.compared_with
    if model.verdict is Verdict.PROMOTED:
        return f"▶️ <b>Model {new} is better, and answers from now on.</b> /rollback undoes that."
    if model.verdict is Verdict.OUTRUN:
        return (
            f"🆕 <b>Model {new} waits as a candidate</b>: another model became active meanwhile. "
            f"/promote {new} lets it answer."
        )
    why = {
        Verdict.WORSE_ON_TEST: f"it loses more than {100 * TOLERATED_LOSS:g} points on MNIST test",
        Verdict.WORSE_ON_CORRECTIONS: "it reads fewer of the held-out corrections right",
        Verdict.NOT_BETTER: "it is better neither on MNIST test nor on held-out corrections",
    }[model.verdict]
    return (
        f"✋ <b>Model {new} was rejected</b>: {why}. Model {old} still answers; "
        f"/promote {new} overrules that."
    )


def _held_out(figures: ModelFigures) -> str:
    return f"{figures.held_out_right}/{figures.held_out_count}" if figures.held_out_count else "–"


def _no_digits(figures: ModelFigures) -> str:
    return f"{figures.no_digits_refused}/{figures.no_digits_count}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {_plural(number, noun)}"


def learned_from_you(notice: NoticeView) -> str:
    """Tell a person that a model has learned from them."""
    return (
        f"🎓 Model {notice.version_id} answers from now on, and it has learned from "
        f"{_count(notice.corrections, 'digit')} that you judged. Thank you!"
    )


def review_text(found: DoubtfulCorrection) -> str:
    """Ask an admin to decide on a doubted correction."""
    lines = [
        f"<b>Is this {_name(found.label)}?</b>",
        f'<a href="tg://user?id={found.user_id}">Person {found.user_id}</a> says so. '
        f"I read it as {_a(found.read_as)}.",
    ]
    if found.reread_as is not None:
        lines.append(f"A model that had not seen it was sure of {_name(found.reread_as)}.")
    if found.waiting > 1:
        lines.append(f"{found.waiting - 1:,} more {'waits' if found.waiting == 2 else 'wait'}.")
    return "\n".join(lines)


def decided(*, is_kept: bool) -> str:
    """Confirm a decision on a doubted correction."""
    return "Kept: the next model learns from it." if is_kept else "Dropped: no model learns it."


def schedule_text(view: ScheduleView) -> str:
    """Say when the bot retrains by itself, and what came of the last time."""
    zone = escape(str(view.time_zone))
    lines = [f"🗓 <b>{escape(view.in_words)}</b> (<code>{escape(view.cron)}</code>, {zone})"]
    if not view.is_on:
        lines = [f"🗓 <b>Switched off</b> (<code>{escape(view.cron)}</code>, {zone})"]
    if view.next_at is not None:
        lines.append(f"Next: {view.next_at:%a %Y-%m-%d %H:%M}")
    if view.last is not None:
        at = view.last.scheduled_for.astimezone(view.time_zone)
        reason = f" ({escape(view.last.reason)})" if view.last.reason else ""
        lines.append(f"Last: {at:%a %Y-%m-%d %H:%M}, {view.last.state}{reason}")
    lines += [
        f"New corrections: {view.new_corrections:,}; with fewer than "
        f"{view.min_corrections:,} I skip it.",
        "",
        f"/schedule {'off' if view.is_on else 'on'}, or /schedule 0 4 * * 1 for Mondays at four.",
    ]
    return "\n".join(lines)


def bad_schedule(reason: str) -> str:
    """Say what a schedule should look like."""
    return (
        f"I do not understand this schedule ({escape(reason)}). Send /schedule on, /schedule off, "
        "or five fields: minute, hour, day of the month, month, day of the week, such as "
        "/schedule 0 3 * * *"
    )


def _name(label: int) -> str:
    """Name a label in a sentence: "a 7", "an 8", "no digit"."""
    return "no digit" if label == NOT_A_DIGIT else _a(label)


def _one_digit(digit: DigitView) -> str:
    if digit.confidence >= _SURE:
        return f"This is {_a(digit.label, bold=True)}. I am {_percent(digit.confidence)} sure."
    (second, p_second), (third, p_third) = _other_candidates(digit)[:2]
    return (
        f"I think this is {_a(digit.label, bold=True)}, but I am only "
        f"{_percent(digit.confidence)} sure.\nIt could also be {_a(second)} "
        f"({_percent(p_second)}) or {_a(third)} ({_percent(p_third)})."
    )


def _other_candidates(digit: DigitView) -> list[tuple[int, float]]:
    """Return the labels that were not chosen with their probabilities, likeliest first."""
    return [candidate for candidate in digit.candidates if candidate[0] != digit.label]


def _a(label: int, *, bold: bool = False) -> str:
    """Return a digit with its article: "a 7", but "an 8"."""
    return f"{'an' if label == 8 else 'a'} {f'<b>{label}</b>' if bold else label}"


def _number(digits: tuple[DigitView, ...]) -> str:
    number = _in_rows(digits, [str(digit.label) for digit in digits])
    least = min(digits, key=lambda digit: digit.confidence)
    if least.confidence >= _SURE:
        return f"I read <b>{number}</b>. I am {_percent(least.confidence)} sure of every digit."
    position = digits.index(least) + 1
    second, p_second = _other_candidates(least)[0]
    return (
        f"I read <b>{number}</b>, but I am only {_percent(least.confidence)} sure of digit "
        f"{position}, the {least.label}: it could be {_a(second)} ({_percent(p_second)})."
    )


def _in_rows(digits: tuple[DigitView, ...], labels: list[str]) -> str:
    """Write the labels of a reading's digits, with a space between two rows."""
    return "".join(
        f" {label}" if digit.starts_row else label
        for digit, label in zip(digits, labels, strict=True)
    )


def _judgement(digits: tuple[DigitView, ...]) -> str:
    labels = _labels_as_said(digits)
    if labels == [digit.label for digit in digits]:
        return "👍 You say that this is right."
    if len(labels) > 1 and NOT_A_DIGIT not in labels:
        return f"✏️ You say that it is <b>{_in_rows(digits, list(map(str, labels)))}</b>."
    return f"✏️ You say that it is <b>{', '.join(map(label_text, labels))}</b>."


def _labels_as_said(digits: tuple[DigitView, ...]) -> list[int]:
    """Return each digit's label as a person said it, or else as it was read."""
    return [
        digit.label if digit.corrected_label is None else digit.corrected_label for digit in digits
    ]


def _percent(share: float) -> str:
    """Write a probability without ever claiming certainty."""
    if share > 0.99:
        return "over 99%"
    # Rounded down, so that what is below a threshold never looks as if it had reached it.
    return "under 1%" if share < 0.01 else f"{math.floor(share * 100)}%"


def _plural(count: int, noun: str) -> str:
    return noun if count == 1 else noun + "s"
