import pytest
from telegram import InlineKeyboardMarkup

from bot import keyboards
from bot.errors import UnknownButtonError
from bot.keyboards import Button, ButtonPress
from bot.services.accuracy import AccuracyPicture, Period
from bot.services.readings import NOT_A_DIGIT, DigitView, ReadingView

LARGEST_ID = 2**63 - 1
SEE = ["🔍 What did you see?"]


def reading_of(*labels: int, corrected: tuple[int | None, ...] = ()) -> ReadingView:
    said = corrected or (None,) * len(labels)
    digits = tuple(
        DigitView(label, 0.1, (0.1,) * 10, correction)
        for label, correction in zip(labels, said, strict=True)
    )
    return ReadingView(LARGEST_ID, 1, None, digits)


def texts_of(keyboard: InlineKeyboardMarkup | None) -> list[list[str]]:
    return [
        [button.text for button in row] for row in (keyboard.inline_keyboard if keyboard else ())
    ]


def test_unjudged_reading_asks_whether_it_is_right() -> None:
    assert texts_of(keyboards.judge_keyboard(reading_of(7))) == [["👍 Right", "👎 Wrong"], SEE]


def test_half_judged_number_asks_for_the_rest() -> None:
    reading = reading_of(4, 7, corrected=(None, 1))
    assert texts_of(keyboards.judge_keyboard(reading)) == [
        ["👍 The rest is right", "👎 More"],
        SEE,
    ]


def test_judged_reading_offers_a_change() -> None:
    assert texts_of(keyboards.judge_keyboard(reading_of(7, corrected=(7,)))) == [["✏️ Change"], SEE]


def test_reading_without_digits_has_no_keyboard() -> None:
    assert keyboards.judge_keyboard(reading_of()) is None


def test_wrong_leads_to_the_pad_or_first_to_the_choice_of_a_digit() -> None:
    press = ButtonPress(Button.WRONG, 1)
    pad = texts_of(keyboards.after(press, reading_of(7)))
    assert pad == [
        ["1", "2", "3"],
        ["4", "5", "6"],
        ["7", "8", "9"],
        ["« Back", "0", "Not a digit"],
    ]
    choice = texts_of(keyboards.after(press, reading_of(4, 7, 2)))
    assert choice == [["4", "7", "2"], ["« Back"]]


def test_long_number_wraps_after_eight_digits() -> None:
    rows = texts_of(keyboards.digit_keyboard(reading_of(*range(10))))
    assert [len(row) for row in rows] == [8, 2, 1]


@pytest.mark.parametrize("shown", list(AccuracyPicture))
def test_accuracy_buttons_keep_what_they_do_not_change(shown: AccuracyPicture) -> None:
    keyboard = keyboards.accuracy_keyboard(Period.MONTH, shown)
    choices = [
        [keyboards.accuracy_choice(keyboards.parse(str(button.callback_data))) for button in row]
        for row in keyboard.inline_keyboard
    ]
    assert choices == [
        [(period, shown) for period in Period],
        [(Period.MONTH, picture) for picture in AccuracyPicture],
    ]


def test_accuracy_buttons_mark_what_is_shown() -> None:
    keyboard = keyboards.accuracy_keyboard(Period.WEEK, AccuracyPicture.VERSIONS)
    assert texts_of(keyboard) == [["• 7 days •", "30 days", "All"], ["Digits", "• Models •"]]


def test_every_button_is_understood_and_fits_telegrams_64_bytes() -> None:
    reading = reading_of(*[7] * 99)
    for keyboard in (
        keyboards.judge_keyboard(reading),
        keyboards.digit_keyboard(reading),
        keyboards.label_keyboard(reading.id, 98),
    ):
        assert keyboard is not None
        for row in keyboard.inline_keyboard:
            for button in row:
                assert isinstance(button.callback_data, str)
                assert len(button.callback_data.encode()) <= 64
                assert keyboards.parse(button.callback_data).subject == LARGEST_ID


def test_parse_gives_what_the_button_stands_for() -> None:
    assert keyboards.parse("label:17:2:10") == ButtonPress(Button.LABEL, 17, 2, NOT_A_DIGIT)


@pytest.mark.parametrize(
    "data",
    ["", "label", "label:1:0", "label:1:0:11", "right:1:2", "right:-1", "right:x", "no:1"]
    + ["right:" + "9" * 20],
)
def test_parse_refuses_anything_else(data: str) -> None:
    with pytest.raises(UnknownButtonError):
        keyboards.parse(data)
