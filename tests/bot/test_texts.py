"""The sentences that depend on what was read and said."""

from dataclasses import replace

import pytest

from bot import texts
from bot.services.accuracy import AccuracyPicture, AccuracyReport, LiveAccuracy, Period
from bot.services.ports import TrainingProgress
from bot.services.readings import NOT_A_DIGIT, DigitView, ReadingView

REPORT = AccuracyReport(
    version_id=3,
    recipe="best",
    tested=10000,
    test_accuracy=0.9943,
    live=dict.fromkeys(Period, LiveAccuracy(0, ((0,) * 10,) * 11)),
    period=Period.ALL,
    shown=AccuracyPicture.MATRICES,
    picture=b"",
)


def digit(label: int, confidence: float, corrected_label: int | None = None) -> DigitView:
    """A digit whose other probability goes mostly to 1 and a little to 9."""
    probabilities = [0.0] * 10
    probabilities[1] += (1 - confidence) * 0.75
    probabilities[9] += (1 - confidence) * 0.25
    probabilities[label] += confidence
    return DigitView(label, confidence, tuple(probabilities), corrected_label)


def text_of(*digits: DigitView) -> str:
    return texts.reading_text(ReadingView(1, None, None, digits))


@pytest.mark.parametrize(
    ("confidence", "expected"),
    [
        (0.999, "This is a <b>7</b>. I am over 99% sure."),
        (0.95, "This is a <b>7</b>. I am 95% sure."),
        (0.9, "This is a <b>7</b>. I am 90% sure."),
        (
            0.896,
            "I think this is a <b>7</b>, but I am only 89% sure.\n"
            "It could also be a 1 (7%) or a 9 (2%).",
        ),
        (
            0.6,
            "I think this is a <b>7</b>, but I am only 60% sure.\n"
            "It could also be a 1 (30%) or a 9 (10%).",
        ),
    ],
)
def test_one_digit(confidence: float, expected: str) -> None:
    assert text_of(digit(7, confidence)) == expected


def test_eight_has_its_own_article() -> None:
    assert text_of(digit(8, 0.95)).startswith("This is an <b>8</b>.")
    eight_or_one = DigitView(1, 0.6, (0, 0.6, 0, 0, 0, 0, 0, 0, 0.3, 0.1), None)
    assert "It could also be an 8 (30%) or a 9 (10%)." in text_of(eight_or_one)


def test_sure_number() -> None:
    sentence = "I read <b>47</b>. I am 95% sure of every digit."
    assert text_of(digit(4, 0.97), digit(7, 0.95)) == sentence


def test_rows_of_a_number_are_apart() -> None:
    second_row = replace(digit(2, 0.95), starts_row=True)
    assert "<b>47 20</b>" in text_of(digit(4, 0.97), digit(7, 0.95), second_row, digit(0, 0.95))
    corrected = replace(second_row, corrected_label=3)
    said = text_of(digit(4, 0.97), digit(7, 0.95), corrected, digit(0, 0.95))
    assert "You say that it is <b>47 30</b>." in said


def test_number_with_an_unsure_digit_names_it() -> None:
    assert text_of(digit(4, 0.97), digit(7, 0.6)) == (
        "I read <b>47</b>, but I am only 60% sure of digit 2, the 7: it could be a 1 (30%)."
    )


@pytest.mark.parametrize(
    ("digits", "said"),
    [
        ([digit(7, 0.95, 7)], "👍 You say that this is right."),
        ([digit(7, 0.95, 1)], "✏️ You say that it is <b>1</b>."),
        ([digit(7, 0.95, NOT_A_DIGIT)], "✏️ You say that it is <b>not a digit</b>."),
        ([digit(4, 0.95, 4), digit(7, 0.95, 1)], "✏️ You say that it is <b>41</b>."),
        ([digit(4, 0.95), digit(7, 0.95, 1)], "✏️ You say that it is <b>41</b>."),
        (
            [digit(4, 0.95, 4), digit(7, 0.95, NOT_A_DIGIT)],
            "✏️ You say that it is <b>4, not a digit</b>.",
        ),
    ],
)
def test_what_a_person_said_is_shown(digits: list[DigitView], said: str) -> None:
    assert text_of(*digits).splitlines()[-1] == said


def test_rejection_is_shown_as_it_is() -> None:
    assert texts.reading_text(ReadingView(1, None, "Too dark & blurred.", ())) == (
        "Too dark &amp; blurred."
    )


def live_of(predicted: int, *entries: tuple[int, int, int]) -> LiveAccuracy:
    """Return what (said, read, count) entries make."""
    matrix = [[0] * 10 for _ in range(11)]
    for said, read, count in entries:
        matrix[said][read] = count
    return LiveAccuracy(predicted, tuple(map(tuple, matrix)))


def test_accuracy_before_anything_was_read() -> None:
    text = texts.accuracy_text(REPORT)
    assert "<b>Model 3</b> answers (recipe “best”)" in text
    assert "99.43%</b> of 10,000 images" in text
    assert text.endswith("All time: nobody has judged an answer")


def test_accuracy_names_every_period_and_tells_more_of_the_one_shown() -> None:
    week, month = live_of(1500, (7, 7, 1), (8, 1, 2)), live_of(2000, (7, 7, 3), (3, 5, 1))
    live = {Period.WEEK: week, Period.MONTH: month, Period.ALL: live_of(9)}
    lines = texts.accuracy_text(replace(REPORT, live=live, period=Period.WEEK)).splitlines()
    # The intervals are worked by hand from Wilson's formula.
    assert lines[-7:] == [
        "7 days: <b>33.3%</b> (6.1% to 79.2%), 1 of 3",
        "30 days: <b>75.0%</b> (30.1% to 95.4%), 3 of 4",
        "All time: nobody has judged an answer",
        "",
        "<b>7 days</b>: 1,500 digits read",
        "1 confirmed, 2 corrected, 1,497 unanswered",
        "Most confused: an 8, read as a 1, 2 times",
    ]


def test_accuracy_of_a_single_judgement() -> None:
    live = REPORT.live | {Period.ALL: live_of(1, (NOT_A_DIGIT, 4, 1))}
    text = texts.accuracy_text(replace(REPORT, live=live))
    assert "All time: <b>0.0%</b> (0.0% to 79.3%), 0 of 1\n" in text
    assert "1 digit read\n0 confirmed, 1 corrected, 0 unanswered" in text
    assert "Most confused: something else, read as a 4, once" in text


def test_longest_accuracy_fits_a_caption() -> None:
    million = live_of(10**9, (7, 7, 10**8), (NOT_A_DIGIT, 8, 10**7))
    report = replace(REPORT, recipe="r" * 64, live=dict.fromkeys(Period, million))
    assert len(texts.accuracy_text(report)) <= 1024


def test_progress_before_the_first_epoch_and_at_the_end() -> None:
    start = TrainingProgress(0, 0, None, None, "starting", 0.0)
    assert "epoch" not in texts.training_progress(1, "classic", start)
    assert "▱" * 12 in texts.training_progress(1, "classic", replace(start, epochs=15))
    end = TrainingProgress(15, 15, 0.01, 0.979, "saving", 61.0)
    text = texts.training_progress(1, "classic", end)
    assert "▰" * 12 in text
    assert "Validation accuracy: 97.90%" in text
