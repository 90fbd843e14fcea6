import numpy as np
import pytest
from drawing import blank_page

from mnist_model.line_reading import DigitReading
from mnist_model.looks import Look, Reading, agree
from mnist_model.photo import find_writing
from mnist_model.writing import Box


def _reading(text, certainty, height_px=100):
    box, probabilities = Box(0, 0, 20, height_px), np.full(10, 0.1, np.float32)
    image = np.zeros((28, 28), np.uint8)
    digits = tuple(
        DigitReading(int(label), 0.1, box, probabilities, image) for label in text.replace(" ", "")
    )
    return Reading(digits, text, text == "", None, certainty)


def _look(text, certainty=0.9, height_px=100):
    return Look(_reading(text, certainty, height_px), find_writing(blank_page(400, 1000)))


def test_what_most_looks_show_is_chosen_and_is_no_surer():
    others = [_reading("18", 0.6), _reading("18", 0.6), _reading("", 0.0), _reading("16", 0.3)]
    chosen = agree(_reading("16", 0.4), others)
    assert (chosen.text, chosen.certainty) == ("18", 0.4)


def test_a_reading_that_others_do_not_agree_against_stays():
    assert agree(_reading("16", 0.6), [_reading("18", 0.6), _reading("10", 0.6)]).text == "16"


@pytest.mark.parametrize(
    ("text", "doubts"),
    [("1", 0), ("11", 0), ("41", 0), ("4 7", 0), ("4 1", 1), ("1 4 11", 2), ("1 1", 1)],
)
def test_each_line_of_1s_beside_others_may_be_an_edge(text, doubts):
    assert _look(text).doubt_edges().certainty == pytest.approx(0.9 * 0.4**doubts)


@pytest.mark.parametrize(("text", "doubts"), [("1111", 0), ("11111", 1), ("1111111", 3)])
def test_each_1_more_than_four_alone_may_be_a_bar(text, doubts):
    assert _look(text).doubt_edges().certainty == pytest.approx(0.9 * 0.4**doubts)
    assert _look(f"{text}7").doubt_edges().certainty == 0.9


def test_a_barcode_is_nothing_to_read():
    assert _look("1" * 12).doubt_edges().reading.rejected


def test_many_lines_of_1s_are_nothing_to_read():
    reading = _look("11 1 11 1 1 11").doubt_edges().reading
    assert (reading.text, reading.digits, reading.rejected) == ("", (), True)
    assert reading.reason is not None


def test_the_same_digits_in_other_lines_are_no_other_reading():
    assert _look("41").is_rearranged(_look("4 1"))
    assert not _look("4 1").is_rearranged(_look("4 1"))
    assert not _look("4 7").is_rearranged(_look("4 1"))


@pytest.mark.parametrize(("text", "least"), [("7", 0.3), ("17", 0.3), ("1", 0.75), ("1 11", 0.75)])
def test_what_only_one_look_shows_takes_some_certainty_and_1s_more(text, least):
    assert _look(text, least + 0.01).is_credible
    assert not _look(text, least - 0.01).is_credible


@pytest.mark.parametrize(("text", "is_credible"), [("7", True), ("1", False), ("1 11", False)])
def test_a_speck_that_only_one_look_shows_is_no_1(text, is_credible):
    assert _look(text, height_px=20).is_credible == is_credible
    assert _look(text, height_px=40).is_credible


@pytest.mark.parametrize("less", ["38", "03", "08", "0"])
def test_a_look_that_shows_more_of_a_number_adds_to_another(less):
    assert _look("038").adds_to(_look(less))
    assert not _look(less).adds_to(_look("038"))


@pytest.mark.parametrize(("more", "other"), [("038", "038"), ("038", "83"), ("0 38", "38")])
def test_a_look_that_shows_others_or_more_lines_adds_nothing(more, other):
    assert not _look(more).adds_to(_look(other))
