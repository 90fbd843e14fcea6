"""Inline keyboards: builds them, and reads back what their buttons send (1-64 bytes).

Callback data is the name of the button and whole numbers, such as `label:17:0:9`.
"""

from dataclasses import dataclass
from enum import StrEnum

from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import InlineKeyboardMarkupLimit

from bot.errors import UnknownButtonError
from bot.services.accuracy import AccuracyPicture, Period
from bot.services.readings import NOT_A_DIGIT, ReadingView


class Button(StrEnum):
    """What a button under an answer stands for."""

    RIGHT = "right"
    WRONG = "wrong"
    BACK = "back"
    DIGIT = "digit"  # Choose the wrong digit of a number.
    LABEL = "label"  # Say what a digit should have been.
    SEE = "see"  # Show what was seen.
    FORGET = "forget"  # Delete everything of a person.
    KEEP = "keep"  # Delete nothing of a person.
    MATRICES = "matrices"  # Show the accuracy in a period, with confusion matrices.
    VERSIONS = "versions"  # The same, by model version.
    CANCEL = "cancel"  # End a training run.
    KEEP_CORRECTION = "good"  # A doubted correction is right.
    DROP_CORRECTION = "bad"  # A doubted correction is wrong.
    NO_NOTICES = "quiet"  # A person wants no more notices.


@dataclass(frozen=True)
class ButtonPress:
    """What a pressed button sends."""

    button: Button
    subject: int  # an id: a reading's, or what else the button is about; days of a period
    position: int = 0  # which digit of the reading, from 0
    label: int = NOT_A_DIGIT


_LARGEST_ID = 2**63 - 1  # what the database can hold

_NUMBERS = {Button.DIGIT: 2, Button.LABEL: 3}
"""How many numbers callback data holds; one, the subject, for all other buttons."""


_ACCURACY_BUTTONS = {
    AccuracyPicture.MATRICES: Button.MATRICES,
    AccuracyPicture.VERSIONS: Button.VERSIONS,
}


def judge_keyboard(reading: ReadingView) -> InlineKeyboardMarkup | None:
    """Ask whether a reading is right; afterwards, offer to change what was said."""
    if not reading.digits:
        return None
    see = [_button("🔍 What did you see?", Button.SEE, reading.id)]
    if reading.is_judged:
        return InlineKeyboardMarkup([[_button("✏️ Change", Button.WRONG, reading.id)], see])
    is_begun = any(digit.corrected_label is not None for digit in reading.digits)
    right, wrong = ("👍 The rest is right", "👎 More") if is_begun else ("👍 Right", "👎 Wrong")
    return InlineKeyboardMarkup(
        [[_button(right, Button.RIGHT, reading.id), _button(wrong, Button.WRONG, reading.id)], see]
    )


def forget_keyboard(user_id: int) -> InlineKeyboardMarkup:
    """Ask a person once more before everything of theirs is deleted."""
    return InlineKeyboardMarkup(
        [
            [_button("🗑 Delete everything of mine", Button.FORGET, user_id)],
            [_button("Keep it", Button.KEEP, user_id)],
        ]
    )


def cancel_keyboard(run_id: int) -> InlineKeyboardMarkup:
    """Offer to end the training run that stands in another's way."""
    return InlineKeyboardMarkup([[_button("🛑 Cancel it", Button.CANCEL, run_id)]])


def review_keyboard(prediction_id: int) -> InlineKeyboardMarkup:
    """Ask whether a doubted correction is right."""
    return InlineKeyboardMarkup(
        [
            [
                _button("👍 Keep", Button.KEEP_CORRECTION, prediction_id),
                _button("🗑 Drop", Button.DROP_CORRECTION, prediction_id),
            ]
        ]
    )


def notice_keyboard(user_id: int) -> InlineKeyboardMarkup:
    """Offer to send no more notices."""
    return InlineKeyboardMarkup([[_button("🔕 No more of these", Button.NO_NOTICES, user_id)]])


def accuracy_keyboard(period: Period, shown: AccuracyPicture) -> InlineKeyboardMarkup:
    """Choose the period and the picture of `/accuracy`; dots mark what is shown."""
    periods = {Period.WEEK: "7 days", Period.MONTH: "30 days", Period.ALL: "All"}
    pictures = {AccuracyPicture.MATRICES: "Digits", AccuracyPicture.VERSIONS: "Models"}
    return InlineKeyboardMarkup(
        [
            [
                _button(_marked(name, each is period), _ACCURACY_BUTTONS[shown], each)
                for each, name in periods.items()
            ],
            [
                _button(_marked(name, each is shown), _ACCURACY_BUTTONS[each], period)
                for each, name in pictures.items()
            ],
        ]
    )


def accuracy_choice(press: ButtonPress) -> tuple[Period, AccuracyPicture]:
    """Return the period and the picture that a button stands for.

    Raises:
        UnknownButtonError: There is no such period.
    """
    shown = {button: picture for picture, button in _ACCURACY_BUTTONS.items()}[press.button]
    try:
        return Period(press.subject), shown
    except ValueError as error:
        raise UnknownButtonError(f"period of {press.subject} days") from error


def digit_keyboard(reading: ReadingView) -> InlineKeyboardMarkup:
    """Ask which digit of a number is wrong."""
    buttons = [
        _button(str(digit.label), Button.DIGIT, reading.id, position)
        for position, digit in enumerate(reading.digits)
    ]
    width = InlineKeyboardMarkupLimit.BUTTONS_PER_ROW
    rows = [buttons[i : i + width] for i in range(0, len(buttons), width)]
    return InlineKeyboardMarkup([*rows, [_button("« Back", Button.BACK, reading.id)]])


def label_keyboard(reading_id: int, position: int) -> InlineKeyboardMarkup:
    """Ask what a digit should have been."""

    def pad(label: int, text: str | None = None) -> InlineKeyboardButton:
        return _button(text or str(label), Button.LABEL, reading_id, position, label)

    return InlineKeyboardMarkup(
        [
            [pad(1), pad(2), pad(3)],
            [pad(4), pad(5), pad(6)],
            [pad(7), pad(8), pad(9)],
            [_button("« Back", Button.BACK, reading_id), pad(0), pad(NOT_A_DIGIT, "Not a digit")],
        ]
    )


def after(press: ButtonPress, reading: ReadingView) -> InlineKeyboardMarkup | None:
    """Return the keyboard that follows a button press."""
    if press.button is Button.DIGIT:
        return label_keyboard(reading.id, press.position)
    if press.button is Button.WRONG:
        is_number = len(reading.digits) > 1
        return digit_keyboard(reading) if is_number else label_keyboard(reading.id, 0)
    return judge_keyboard(reading)


def parse(callback_data: str) -> ButtonPress:
    """Read what a pressed button has sent.

    Raises:
        UnknownButtonError: No button of this version sends this.
    """
    name, *numbers = callback_data.split(":")
    try:
        button = Button(name)
        values = [int(number) for number in numbers]
    except ValueError as error:
        raise UnknownButtonError(callback_data) from error
    press = ButtonPress(button, *values) if len(values) == _NUMBERS.get(button, 1) else None
    if press is None or not _is_in_range(press):
        raise UnknownButtonError(callback_data)
    return press


def _is_in_range(press: ButtonPress) -> bool:
    return (
        0 <= press.subject <= _LARGEST_ID
        and press.position >= 0
        and 0 <= press.label <= NOT_A_DIGIT
    )


def _marked(name: str, is_shown: bool) -> str:
    return f"• {name} •" if is_shown else name


def _button(text: str, button: Button, *numbers: int) -> InlineKeyboardButton:
    data = ":".join([button, *(str(int(number)) for number in numbers)])
    return InlineKeyboardButton(text, callback_data=data)
