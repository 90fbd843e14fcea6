from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mnist_model.errors import DataError
from mnist_model.extra import NO_DIGIT, ExtraExamples, load_extra, write_npz


@pytest.fixture
def examples():
    random = np.random.default_rng(0)
    return ExtraExamples(
        images=random.integers(0, 256, (4, 28, 28), dtype=np.uint8),
        labels=np.array([1, 7, NO_DIGIT, 0]),
        ids=np.array([5, 3, 9, 4]),
        held_out=np.array([False, True, False, False]),
        vetted=np.array([False, False, False, True]),
    )


def _write_folder(folder, examples, columns=("path", "label", "id", "held_out", "vetted")):
    folder.mkdir()
    lines = [",".join(columns)]
    for index, label in enumerate(examples.labels):
        Image.fromarray(examples.images[index]).save(folder / f"{index}.png")
        values = {
            "path": f"{index}.png",
            "label": "none" if label == NO_DIGIT else str(label),
            "id": str(examples.ids[index]),
            "held_out": "yes" if examples.held_out[index] else "no",
            "vetted": "yes" if examples.vetted[index] else "no",
            "person": "1",
        }
        lines.append(",".join(values[name] for name in columns))
    (folder / "labels.csv").write_text("\n".join(lines))


def _assert_equal(found, expected):
    assert vars(found).keys() == vars(expected).keys()
    for name, array in vars(expected).items():
        np.testing.assert_array_equal(getattr(found, name), array, strict=True)


def test_a_file_gives_back_what_was_written(tmp_path, examples):
    path = tmp_path / "new" / "extra.npz"
    write_npz(path, examples)
    _assert_equal(load_extra(path), examples)
    assert [found.name for found in path.parent.iterdir()] == ["extra.npz"]


def test_a_folder_gives_the_same(tmp_path, examples):
    _write_folder(tmp_path / "export", examples)
    _assert_equal(load_extra(tmp_path / "export"), examples)


def test_a_folder_needs_only_path_and_label_and_may_tell_more(tmp_path, examples):
    _write_folder(tmp_path / "export", examples, columns=("person", "label", "path"))
    nothing = np.zeros(4, np.bool_)
    expected = replace(examples, ids=np.arange(2, 6), held_out=nothing, vetted=nothing)
    _assert_equal(load_extra(tmp_path / "export"), expected)


def test_a_choice_keeps_its_order(examples):
    chosen = examples.where(examples.is_digit)
    assert chosen.ids.tolist() == [5, 3, 4]
    assert chosen.as_split().labels.tolist() == [1, 7, 0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": np.zeros((4, 20, 20), np.uint8)}, "must be 28x28"),
        ({"images": np.zeros((3, 28, 28), np.uint8)}, "one for each of 4 labels"),
        ({"images": np.zeros((4, 28, 28), np.float32)}, "images of .* holds float32, not uint8"),
        ({"labels": np.array([0, 1, 11, 2])}, "label 11 is out of range"),
        ({"labels": np.array([0, -1, 1, 2])}, "label -1 is out of range"),
        ({"labels": np.array(["a", "b", "c", "d"])}, "labels of .* not int64"),
        ({"ids": np.array([1, 2, 3, 2])}, "id 2 comes twice"),
        ({"held_out": np.zeros(3, np.bool_)}, "held_out must be one for each label"),
        ({"vetted": None}, "no array called vetted"),
    ],
)
def test_a_wrong_file_is_told_in_one_sentence(tmp_path, examples, changes, message):
    arrays = {name: array for name, array in (vars(examples) | changes).items()}
    np.savez(tmp_path / "a.npz", **{k: a for k, a in arrays.items() if a is not None})
    with pytest.raises(DataError, match=message):
        load_extra(tmp_path / "a.npz")


@pytest.mark.parametrize("content", [b"", b"just some text", b"PK\x03\x04 cut off"])
def test_a_foreign_file_is_told(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.npz is no \.npz file of examples"):
        load_extra(tmp_path / "a.npz")


def test_a_cut_off_file_is_told(tmp_path, examples):
    write_npz(tmp_path / "a.npz", examples)
    content = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"a\.npz is no \.npz file of examples, or is damaged"):
        load_extra(tmp_path / "a.npz")


def test_a_bare_array_is_told(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros(3))
    with pytest.raises(DataError, match="no array called images"):
        load_extra(tmp_path / "a.npy")


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(DataError, match="nothing: No such file"):
        load_extra(tmp_path / "nothing")


def test_no_examples_are_told(tmp_path, examples):
    write_npz(tmp_path / "a.npz", examples.where(np.zeros(4, np.bool_)))
    with pytest.raises(DataError, match="no examples"):
        load_extra(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("path,digit\n0.png,1", "no column called label"),
        ("", "no column called path"),
        ("path,label\n", "no examples"),
        ("path,label\n0.png,10", "Line 2 .*not 10"),
        ("path,label\n0.png,", "Line 2 .*0-9 or none, not nothing"),
        ("path,label\n0.png", "Line 2 .*0-9 or none, not nothing"),
        ("path,label\n0.png,1\n../other.png,1", r"Line 3 .*other\.png lies outside"),
        ("path,label\n/etc/hostname,1", "lies outside"),
        ("path,label\nmissing.png,1", r"missing\.png is no picture"),
        ("path,label\nlabels.csv,1", r"labels\.csv is no picture"),
        ("path,label\n,1", "is no picture"),
        ("path,label\nlarge.png,1", r"large\.png has 40x28 pixels, not 28x28"),
        ("path,label,id\n0.png,1,x", "Line 2 .*id must be a number"),
        ("path,label,held_out\n0.png,1,maybe", "held_out must be yes or no, not maybe"),
        ("path,label,id\n0.png,1,3\n1.png,1,3", "id 3 comes twice"),
        ("path,label\n\xff,1".encode("latin1"), "no table in UTF-8"),
    ],
)
def test_a_wrong_folder_is_told_in_one_sentence(tmp_path, examples, table, message):
    folder = tmp_path / "export"
    _write_folder(folder, examples)
    Image.new("L", (40, 28)).save(folder / "large.png")
    Image.new("L", (28, 28)).save(tmp_path / "other.png")
    (folder / "labels.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    with pytest.raises(DataError, match=message):
        load_extra(folder)


def test_a_folder_without_a_table_is_told(tmp_path):
    with pytest.raises(DataError, match=r"labels\.csv: No such file"):
        load_extra(tmp_path)
