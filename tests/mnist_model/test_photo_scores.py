import json
import math

import numpy as np
import pytest
from drawing import blank_page, draw_digits

from mnist_model.cli import main
from mnist_model.errors import DataError
from mnist_model.photo_scores import (
    KindScores,
    LabelledPhoto,
    ScoredPhoto,
    edit_distance,
    load_labels,
    measure_auroc,
    rejected_at,
    score,
)
from mnist_model.reader import Reading


@pytest.fixture
def folder(tmp_path):
    """Two photos that are read rightly, one labelled wrongly, and one that is no image."""
    contents = {
        "47.png": ("47", draw_digits([4, 7])),
        "blank.png": ("none", blank_page()),
        "wrong.png": ("8", draw_digits([2])),
        "text.png": ("1", b"no image"),
    }
    rows = ["path,label"]
    for name, (label, content) in contents.items():
        (tmp_path / name).write_bytes(content)
        rows.append(f"{name},{label}")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    return tmp_path


def _scored(label, text, certainty):
    reading = Reading((), text, not text, None if text else "nothing", certainty)
    return ScoredPhoto(LabelledPhoto(None, label, ""), reading, text, 0.01)


def test_scores_of_a_worked_example():
    scores = score(
        [
            _scored("12", "12", 0.9),
            _scored("34", "35", 0.8),
            _scored("5", "", 0.1),
            _scored("", "", 0.0),
            _scored("", "7", 0.5),
        ]
    )
    assert scores.exact == pytest.approx(1 / 3)
    assert scores.digit_accuracy == pytest.approx(1 - 2 / 5)
    assert scores.rejected == 0.5
    assert scores.lost == pytest.approx(1 / 3)
    assert scores.auroc == pytest.approx(5 / 6)
    assert scores.milliseconds == pytest.approx(10)


def test_auroc_counts_ties_half():
    assert measure_auroc(np.array([1.0, 0.5]), np.array([0.5, 0.0])) == pytest.approx(3.5 / 4)
    assert math.isnan(measure_auroc(np.array([]), np.array([0.5])))


def test_rejected_share_at_a_share_of_lost_digits():
    digits, others = np.linspace(0.5, 1, 100), np.array([0.1, 0.2, 0.502, 0.9])
    assert rejected_at(digits, others, 0.01) == 0.75


@pytest.mark.parametrize(
    ("said", "written", "distance"),
    [("", "12", 2), ("12", "12", 0), ("132", "12", 1), ("9", "8", 1)],
)
def test_edit_distance(said, written, distance):
    assert edit_distance(said, written) == distance


def test_a_folder_is_scored_and_its_failures_shown(folder, tmp_path, capsys):
    sheet = tmp_path / "out" / "failures.html"
    assert main(["evaluate", "--json", "--photos", str(folder), "--sheet", str(sheet)]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert (scores["photos"], scores["rejected"]) == (4, 1.0)
    assert scores["exact"] == pytest.approx(1 / 3)
    page = sheet.read_text()
    assert "2 of 4 photos read wrongly" in page
    assert "wrong.png" in page
    assert "text.png" in page
    assert "blank.png" not in page
    assert "http" not in page  # nothing from outside


def test_scores_are_told_in_words(folder, tmp_path, capsys):
    assert main(["evaluate", "--photos", str(folder), "--sheet", str(tmp_path / "f.html")]) == 0
    assert "Numbers read exactly: 33.33%" in capsys.readouterr().out


def test_kinds_are_counted_apart(folder, tmp_path, capsys):
    rows = (folder / "labels.csv").read_text().splitlines()
    kinds = ["kind", *(["odd", "even"] * len(rows))[: len(rows) - 1]]
    lines = [f"{row},{kind}" for row, kind in zip(rows, kinds, strict=True)]
    (folder / "labels.csv").write_text("\n".join(lines))
    assert (
        main(
            ["evaluate", "--json", "--photos", str(folder)] + ["--sheet", str(tmp_path / "f.html")]
        )
        == 0
    )
    counted = json.loads(capsys.readouterr().out)["kinds"]
    assert sum(kind["photos"] for kind in counted.values()) == len(rows) - 1
    assert set(counted) == {"odd", "even"}
    assert sum(kind["right"] for kind in counted.values()) == 2


def test_folders_are_scored_together(folder, tmp_path, capsys):
    folders = [str(folder), str(folder)]
    sheet = tmp_path / "f.html"
    assert main(["evaluate", "--json", "--photos", *folders, "--sheet", str(sheet)]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert (scores["photos"], scores["photos_dirs"]) == (8, folders)
    assert scores["exact"] == pytest.approx(1 / 3)


def test_kinds_tell_their_digits_too():
    assert KindScores(3, 4, 0.9).describe() == "3 of 4 (75.0%), 90.0% of the digits"
    assert KindScores(3, 4, float("nan")).describe() == "3 of 4 (75.0%)"


@pytest.mark.parametrize("content", [None, "name,number\na,1"])
def test_a_folder_without_labels_is_a_clear_error(tmp_path, content):
    if content:
        (tmp_path / "labels.csv").write_text(content)
    with pytest.raises(DataError, match="labels.csv"):
        load_labels(tmp_path)
