import json
import signal
import subprocess
import sys

import numpy as np
import pytest
from bars import draw_bars
from drawing import blank_page, draw_digits

from mnist_model.__main__ import main as run_workflow
from mnist_model.checkpoint import load_checkpoint
from mnist_model.cli import main
from mnist_model.extra import ExtraExamples, write_npz
from mnist_model.reader import Reader


def _write_idx(path, array):
    header = bytes([0, 0, 8, array.ndim])
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    path.write_bytes(header + sizes + array.tobytes())


@pytest.fixture(scope="session")
def small_mnist(tmp_path_factory):
    """A folder like MNIST's with a learnable set: 400 images beside the validation split."""
    root = tmp_path_factory.mktemp("mnist")
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    random = np.random.default_rng(0)
    for name, count in (("train", 5_400), ("t10k", 200)):
        labels = random.integers(0, 10, count).astype(np.uint8)
        images = random.integers(0, 60, (count, 28, 28), dtype=np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[2 * label + 3 : 2 * label + 6, 5:23] = 255
        _write_idx(raw / f"{name}-images-idx3-ubyte", images)
        _write_idx(raw / f"{name}-labels-idx1-ubyte", labels)
    return root


def _lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_predict_keeps_its_contract(tmp_path, capsys):
    paths = [tmp_path / name for name in ("seven.png", "blank.png", "text.png", "four.png")]
    contents = (draw_digits([7]), blank_page(), b"not an image", draw_digits([4]))
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    assert main(["predict", "--json", *map(str, paths)]) == 1
    seven, blank, text, four = _lines(capsys)
    assert [line["path"] for line in (seven, blank, text, four)] == [str(path) for path in paths]
    assert seven.keys() == {"path", "reading", "digits", "rejected", "reason", "error"}
    assert (seven["reading"], four["reading"]) == ("7", "4")
    (digit,) = seven["digits"]
    assert digit.keys() == {"label", "confidence", "box"}
    assert digit["label"] == 7
    assert 0 <= digit["confidence"] <= 1
    assert [type(side) for side in digit["box"]] == [int] * 4
    assert (blank["rejected"], blank["reading"], blank["digits"]) == (True, "", [])
    assert blank["reason"]
    assert blank["error"] is None
    assert (text["rejected"], text["reading"]) == (False, "")
    assert "not an image" in text["error"]


def test_predict_tells_people_in_words(tmp_path, capsys):
    photo = tmp_path / "two.png"
    photo.write_bytes(draw_digits([2]))
    assert main(["predict", str(photo)]) == 0
    assert capsys.readouterr().out == f"{photo}: 2 (99%)\n"  # rounded down, never certainty


def test_a_bad_checkpoint_is_one_sentence(tmp_path, capsys):
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"bad")
    assert main(["predict", "--checkpoint", str(bad), "photo.png"]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("mnist: ")
    assert len(output.err.splitlines()) == 1


def test_training_reports_its_events_and_saves(small_mnist, tmp_path, capsys):
    output = tmp_path / "model.safetensors"
    command = ["train", "--recipe", "quick", "--epochs", "6", "--seed", "4", "--json"]
    figures = tmp_path / "figures"
    arguments = ["--data-dir", str(small_mnist), "--output", str(output)]
    assert main([*command, *arguments, "--figures", str(figures)]) == 0
    start, training, *epochs, evaluating, saving, end = _lines(capsys)
    assert start == {
        "event": "start",
        "recipe": "quick",
        "epochs": 6,
        "parameters": 235914,
        "seed": 4,
    }
    assert [epoch["epoch"] for epoch in epochs] == [1, 2, 3, 4, 5, 6]
    assert epochs[0].keys() == {
        *("event", "epoch", "epochs", "loss", "validation_accuracy", "elapsed_s")
    }
    assert [training, evaluating, saving] == [
        {"event": "stage", "stage": stage} for stage in ("training", "evaluating", "saving")
    ]
    assert end.keys() == {
        *("event", "checkpoint", "sha256", "validation_accuracy", "test_accuracy"),
        *("confusion_matrix", "seconds", "calibration_error", "quarantined", "extra"),
        *("before", "after"),
    }
    assert (end["quarantined"], end["extra"]) == ([], {"trained": 0, "held_out": 0})
    assert end["before"] is None
    assert end["after"]["test_accuracy"] == end["test_accuracy"]
    metadata = load_checkpoint(output).metadata
    assert (metadata.sha256, metadata.seed) == (end["sha256"], 4)
    assert metadata.test_accuracy == end["test_accuracy"] > 0.5
    assert sum(map(sum, end["confusion_matrix"])) == 200
    assert sorted(path.name for path in figures.iterdir()) == ["confusion.png", "training.png"]

    assert main(["evaluate", "--json", *arguments[:2], "--checkpoint", str(output)]) == 0
    (evaluation,) = _lines(capsys)
    assert evaluation["tested"] == 200
    assert evaluation["accuracy"] == end["test_accuracy"]
    assert evaluation["confusion_matrix"] == end["confusion_matrix"]
    assert main(["evaluate", *arguments[:2], "--checkpoint", str(output)]) == 0
    assert "Number of images tested: 200" in capsys.readouterr().out


_QUARANTINED = {"id", "label", "read_as", "probability"}


def test_training_learns_extra_examples_and_tells_what_became_of_them(
    small_mnist, tmp_path, capsys
):
    arguments = ["--data-dir", str(small_mnist), "--json", "--recipe", "quick"]
    start, output = tmp_path / "start.safetensors", tmp_path / "model.safetensors"
    assert main(["train", *arguments, "--epochs", "8", "--output", str(start)]) == 0
    capsys.readouterr()
    labels, lies = np.tile([2, 9], 30), np.arange(5)
    extra = ExtraExamples(
        images=np.concatenate((draw_bars(labels, upright=True, seed=1), draw_bars(lies))),
        labels=np.concatenate((labels, lies + 3)),
        ids=np.arange(65) + 100,
        held_out=np.arange(65) % 5 < 2,
        vetted=np.arange(65) < 60,
    )
    write_npz(tmp_path / "extra.npz", extra)
    places = ["--start-from", str(start), "--output", str(output)]
    extra_arguments = ["--extra", str(tmp_path / "extra.npz"), "--epochs", "8"]
    assert main(["train", *arguments, *places, *extra_arguments]) == 0
    lines = _lines(capsys)
    stages = [line["stage"] for line in lines if line["event"] == "stage"]
    assert stages == ["vetting", "training", "evaluating", "saving"]
    end = lines[-1]
    assert end["extra"] == {"trained": 36, "held_out": 24}
    assert [(one["id"], one["label"]) for one in end["quarantined"]] == [
        (160 + lie, lie + 3) for lie in range(5)
    ]
    assert all(one.keys() == _QUARANTINED for one in end["quarantined"])
    assert (
        end["before"].keys()
        == end["after"].keys()
        == {
            *("test_accuracy", "calibration_error", "digits_refused"),
            *("held_out_right", "held_out_count", "no_digits_refused", "no_digits_count"),
        }
    )
    assert end["before"]["held_out_count"] == end["after"]["held_out_count"] == 24
    assert end["before"]["held_out_right"] < 12
    assert end["after"]["held_out_right"] == 24
    assert end["after"]["no_digits_count"] == 0
    # What was measured is what the file does.
    reader = Reader(load_checkpoint(output))
    judged_by = extra.where(extra.held_out & extra.vetted)
    read_as = reader.judge(judged_by.images).probabilities.argmax(axis=1)
    assert read_as.tolist() == judged_by.labels.tolist()


def test_refresh_goes_on_from_a_checkpoint_of_any_shape(small_mnist, tmp_path, capsys):
    start, output = tmp_path / "start.safetensors", tmp_path / "model.safetensors"
    arguments = ["--data-dir", str(small_mnist), "--epochs", "1", "--json"]
    assert main(["train", "--recipe", "quick", *arguments, "--output", str(start)]) == 0
    places = ["--start-from", str(start), "--output", str(output)]
    assert main(["train", "--recipe", "refresh", *arguments, *places]) == 0
    end = _lines(capsys)[-1]
    made = load_checkpoint(output).metadata
    assert made.recipe == "refresh"
    assert made.config == load_checkpoint(start).metadata.config
    assert end["before"]["test_accuracy"] == load_checkpoint(start).metadata.test_accuracy


def test_extra_examples_that_cannot_be_used_fail_in_one_sentence(small_mnist, tmp_path, capsys):
    arguments = ["train", "--recipe", "quick", "--data-dir", str(small_mnist)]
    output = tmp_path / "model.safetensors"
    missing = str(tmp_path / "missing.npz")
    assert main([*arguments, "--extra", missing, "--output", str(output)]) == 1
    assert capsys.readouterr().err == (
        f"mnist: Cannot read the examples {missing}: No such file or directory.\n"
    )
    assert not output.exists()


def test_pictures_that_cannot_be_written_fail_in_one_sentence_before_the_checkpoint_is(
    small_mnist, tmp_path, capsys
):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    output = tmp_path / "model.safetensors"
    arguments = ["--data-dir", str(small_mnist), "--output", str(output), "--epochs", "1"]
    assert main(["train", "--recipe", "quick", *arguments, "--figures", str(in_the_way)]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"mnist: Cannot write pictures to {in_the_way}: ")
    assert len(error.splitlines()) == 1
    assert not output.exists()


def test_failed_training_is_an_event_and_exit_code_1(tmp_path, capsys):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    assert main(["train", "--recipe", "classic", "--json", "--data-dir", str(in_the_way)]) == 1
    start, error = _lines(capsys)
    assert start["event"] == "start"
    assert error["event"] == "error"
    assert "MNIST" in error["message"]


def test_training_tells_people_in_words(small_mnist, tmp_path, capsys):
    arguments = ["--data-dir", str(small_mnist), "--output", str(tmp_path / "m.safetensors")]
    assert main(["train", "--recipe", "classic", "--epochs", "1", *arguments]) == 0
    output = capsys.readouterr().out
    assert "Epoch 1/1: loss" in output
    assert "Test accuracy:" in output


@pytest.mark.parametrize(
    ("number", "exit_code", "stage"),
    [
        (signal.SIGTERM, 143, "vetting"),
        (signal.SIGTERM, 143, "loss"),
        (signal.SIGINT, 130, "loss"),
    ],
)
def test_a_signal_ends_training_without_a_checkpoint(
    small_mnist, tmp_path, number, exit_code, stage
):
    output = tmp_path / "out" / "model.safetensors"
    command = [sys.executable, "-m", "mnist_model.cli", "train", "--recipe", "classic", "--json"]
    arguments = ["--epochs", "100000", "--data-dir", str(small_mnist), "--output", str(output)]
    if stage == "vetting":
        labels = np.arange(10)
        nothing = np.zeros(10, np.bool_)
        examples = ExtraExamples(draw_bars(labels), labels, labels, nothing, nothing)
        write_npz(tmp_path / "extra.npz", examples)
        arguments += ["--extra", str(tmp_path / "extra.npz")]
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*command, *arguments], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if f'"{stage}"' in line:
            break
    process.send_signal(number)
    process.communicate(timeout=60)  # it may say more before the signal reaches it
    assert process.returncode == exit_code
    assert not output.parent.exists()


def test_training_ends_quietly_when_nobody_reads_what_it_says(small_mnist, tmp_path):
    output = tmp_path / "out" / "model.safetensors"
    command = [sys.executable, "-m", "mnist_model.cli", "train", "--recipe", "classic"]
    arguments = ["--epochs", "100000", "--data-dir", str(small_mnist), "--output", str(output)]
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Recipe classic")
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()
    assert not output.parent.exists()


def test_compare_shows_progress_and_writes_table_and_plot(small_mnist, tmp_path, capsys):
    command = ["compare", "base", "quick", "--seeds", "2", "--epochs", "1"]
    places = ["--data-dir", str(small_mnist), "--output", str(tmp_path / "comparison")]
    assert main([*command, *places]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines[:4]] == [
        *("base, seed 0", "base, seed 1", "quick, seed 0", "quick, seed 1")
    ]
    names = sorted(path.name for path in (tmp_path / "comparison").iterdir())
    assert names == ["plot.png", "table.csv", "table.md"]


def test_compare_refuses_unknown_recipes_in_one_sentence(capsys):
    assert main(["compare", "base", "nonsense"]) == 1
    assert capsys.readouterr().err.startswith("mnist: No recipe is called nonsense")


def test_show_draws_the_samples(small_mnist, tmp_path):
    picture = tmp_path / "samples.png"
    assert main(["show", "--data-dir", str(small_mnist), "--output", str(picture)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_whole_workflow_reports_like_the_source(small_mnist, tmp_path, capsys):
    samples = tmp_path / "samples.png"
    arguments = ["--data-dir", str(small_mnist), "--epochs", "2", "--samples", str(samples)]
    assert run_workflow(arguments) == 0
    output = capsys.readouterr().out
    assert "Epoch 2 - training loss:" in output
    assert "Training time (in minutes):" in output
    assert "Number of images tested: 200" in output
    assert "Model accuracy:" in output
    assert samples.exists()


@pytest.mark.mnist
def test_the_shipped_model_is_as_good_as_it_says(mnist_data_dir, capsys):
    assert main(["evaluate", "--json", "--data-dir", str(mnist_data_dir)]) == 0
    (evaluation,) = _lines(capsys)
    assert evaluation["tested"] == 10_000
    assert evaluation["accuracy"] >= 0.995
    assert evaluation["calibration_error"] <= 0.005
