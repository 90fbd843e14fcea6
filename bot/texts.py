"""Every sentence that a person can read in the chat, in Telegram's HTML, and the commands."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from bot.services.accuracy import AccuracyReport, LiveAccuracy, Period
from bot.services.model_versions import ModelState, VersionView
from bot.services.ports import TrainingProgress
from bot.services.privacy import Forgotten, History
from bot.services.readings import NOT_A_DIGIT, DigitView, ReadingView
from bot.services.stats import Stats
from bot.services.training import EndedRun, TrainingState

_SURE = 0.9
"""From this confidence on, the other candidates are not worth naming."""

_BAR_WIDTH = 12  # characters

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
    CommandText("train", "Train a new model; /train quick in seconds", admins_only=True),
    CommandText("cancel", "Cancel the training run", admins_only=True),
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
BUTTON_TOO_OLD = "This reading is not there any more. Send the photo again for a new one."
THANKS = "Thank you, noted."
TRAINING_ALREADY_RUNNING = (
    "A training run is going on already. Wait until it has ended, or /cancel it."
)
TRAIN_WHAT = "I know these: /train, /train quick (seconds) and /train full (long, the best)."
CANCELLING = "Cancelling …"
NOTHING_TO_CANCEL = "No training run is going on."


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
        [_how_in_group(username), "", *lines, "", f"All my commands are in private: @{username}."]
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
        read = _shorten("".join(str(digit.label) for digit in past.reading.digits)) or "nothing"
        said = _said_briefly(past.reading.digits)
        lines.append(f"{past.created_at:%Y-%m-%d %H:%M}  <b>{read}</b>{said}")
    return "\n".join(lines)


def _said_briefly(digits: tuple[DigitView, ...]) -> str:
    if all(digit.corrected_label is None for digit in digits):
        return ""
    labels = _labels_as_said(digits)
    if labels == [digit.label for digit in digits]:
        return " ✓"
    return " → " + _shorten(
        "".join("✗" if label == NOT_A_DIGIT else str(label) for label in labels)
    )


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


def models_text(versions: Sequence[VersionView]) -> str:
    """List model versions with their figures, newest first."""
    lines = ["<b>Models</b>, the newest first"]
    for version in versions:
        lines.append(
            f"{_STATE_SIGNS[version.state]} <b>{version.id}</b> {escape(version.recipe)}, "
            f"{version.created_at:%Y-%m-%d %H:%M}: MNIST test {version.test_accuracy:.2%}, "
            f"{version.state}"
        )
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
    lines.append(f"{escape(progress.stage).capitalize()}, {progress.elapsed_s:.0f} s")
    if progress.loss is not None:
        lines.append(f"Loss: {progress.loss:.4f}")
    if progress.validation_accuracy is not None:
        lines.append(f"Validation accuracy: {progress.validation_accuracy:.2%}")
    return "\n".join(lines)


def training_ended(run: EndedRun) -> str:
    """Say how a training run ended."""
    if run.candidate is not None:
        return (
            f"✅ <b>Training run {run.run_id} is done.</b>\n"
            f"It made model {run.candidate.version_id}, stored as a candidate:\n"
            f"MNIST test: <b>{run.candidate.test_accuracy:.2%}</b>\n"
            f"Validation: {run.candidate.validation_accuracy:.2%}\n"
            f"The active model still answers; /promote {run.candidate.version_id} changes that."
        )
    if run.state is TrainingState.CANCELLED:
        return (
            f"🛑 <b>Training run {run.run_id} was cancelled.</b>\nThe active model is unchanged."
        )
    if run.state is TrainingState.INTERRUPTED:
        return (
            f"⚠️ <b>Training run {run.run_id} was interrupted</b>, because I was stopped while it "
            "was going on. The active model is unchanged. /train starts a new run."
        )
    return (
        f"❌ <b>Training run {run.run_id} failed.</b>\n{escape(run.error or '')}\n"
        "The active model is unchanged."
    )


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
    number = "".join(str(digit.label) for digit in digits)
    least = min(digits, key=lambda digit: digit.confidence)
    if least.confidence >= _SURE:
        return f"I read <b>{number}</b>. I am {_percent(least.confidence)} sure of every digit."
    position = digits.index(least) + 1
    second, p_second = _other_candidates(least)[0]
    return (
        f"I read <b>{number}</b>, but I am only {_percent(least.confidence)} sure of digit "
        f"{position}, the {least.label}: it could be {_a(second)} ({_percent(p_second)})."
    )


def _judgement(digits: tuple[DigitView, ...]) -> str:
    labels = _labels_as_said(digits)
    if labels == [digit.label for digit in digits]:
        return "👍 You say that this is right."
    if len(labels) > 1 and NOT_A_DIGIT not in labels:
        return f"✏️ You say that it is <b>{''.join(map(str, labels))}</b>."
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
