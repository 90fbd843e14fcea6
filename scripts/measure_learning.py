"""Measure how the model learns from corrections, of made-up people, and from liars. Needs MNIST.

    python scripts/measure_learning.py [--cases writers poison]

Each case is one `refresh` from the shipped checkpoint. A writer makes 40 corrections, of which
every fifth is held out, and is then judged by 800 other writings, by the whole reader. A liar
sends 50 wrong labels, as many as the bot takes of one person, or all 500, beside the writer's. A
case takes a minute and a half on one quiet core.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from made_up_writers import Writer, lie, list_writers
from numpy.typing import NDArray

from mnist_model.data import DEFAULT_DATA_DIR, Split, load_train_and_validation
from mnist_model.extra import ExtraExamples, write_npz
from mnist_model.reader import Reader
from mnist_model.training_run import run_training

CORRECTIONS = 40
JUDGED_BY = 800
HELD_OUT_EVERY = 5  # as in the bot
MOST_PER_PERSON = 50  # as in the bot
LIES = 500
PATTERNS = ("random", "plus one", "1 as 7", "no digit")
LIED_BESIDE = "C"  # the writer whose 7s look most like somebody's 1s


@dataclass(frozen=True)
class Case:
    """One training run to be measured."""

    writer: Writer
    pattern: str | None  # of the lies
    lies: int

    def describe(self) -> str:
        """Name the case in a few words."""
        if self.pattern is None:
            return f"{self.writer.name}: {self.writer.style}"
        return f"{self.writer.name} beside {self.lies} lies: {self.pattern}"


@dataclass(frozen=True)
class Run:
    """What one training run made."""

    reader: Reader
    end: dict[str, Any]  # its last event
    stages_s: list[float]  # processor time of start, vetting, training, evaluating and saving


def main() -> None:
    """Run the cases and print a table as they end."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", default=os.environ.get("MNIST_DATA_DIR", DEFAULT_DATA_DIR))
    parser.add_argument("--cases", nargs="+", choices=("writers", "poison"), default=["writers"])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    _, validation = load_train_and_validation(options.data_dir)
    writers = list_writers(validation)
    print(
        "| case | writings read right | MNIST test | calibration error | MNIST refused "
        "| in quarantine: honest, lies "
        "| s of processor (start, vetting, training, evaluating, saving) |\n|" + " --- |" * 7
    )
    for case in list_cases(writers, options.cases):
        print(measure(case, validation, options.data_dir, options.seed), flush=True)


def list_cases(writers: list[Writer], kinds: list[str]) -> Iterator[Case]:
    """Yield the cases of some kinds."""
    if "writers" in kinds:
        for writer in writers:
            yield Case(writer, None, 0)
    if "poison" in kinds:
        (writer,) = (writer for writer in writers if writer.name == LIED_BESIDE)
        for pattern in PATTERNS:
            yield Case(writer, pattern, MOST_PER_PERSON)
            yield Case(writer, pattern, LIES)


def measure(case: Case, validation: Split, data_dir: str, seed: int) -> str:
    """Train one case, and return a line of the table."""
    random = np.random.default_rng(seed)
    # All at once, so that nothing is written twice.
    writings = case.writer.write(CORRECTIONS + JUDGED_BY, random)
    corrections, judged_by = _cut(writings, 0, CORRECTIONS), _cut(writings, CORRECTIONS)
    lies = _cut(validation, 0, 0)
    if case.pattern is not None:
        # As many as one person may send, of all that they sent.
        lies = _cut(lie(case.pattern, LIES, validation, random), 0, case.lies)
    examples = _as_examples(corrections.joined_with(lies))
    run = _refresh(examples, data_dir, seed)
    before, after = (_count_right(reader, judged_by) for reader in (Reader.load(), run.reader))
    quarantined = np.isin(examples.ids, [one["id"] for one in run.end["quarantined"]])
    honest, lying = quarantined[:CORRECTIONS].sum(), quarantined[CORRECTIONS:].sum()
    shares = [
        f"{run.end['before'][name]:.2%} to {run.end['after'][name]:.2%}"
        for name in ("test_accuracy", "calibration_error", "digits_refused")
    ]
    return (
        f"| {case.describe()} | {before / JUDGED_BY:.1%} to {after / JUDGED_BY:.1%} "
        f"| {' | '.join(shares)} "
        f"| {honest} of {CORRECTIONS}, {lying} of {case.lies} "
        f"| {sum(run.stages_s):.0f} ({', '.join(f'{s:.0f}' for s in run.stages_s)}) |"
    )


def _refresh(examples: ExtraExamples, data_dir: str, seed: int) -> Run:
    events: list[dict[str, Any]] = []
    times = [time.process_time()]

    def report(event: dict[str, Any]) -> None:
        events.append(event)
        if event["event"] in ("stage", "end"):
            times.append(time.process_time())

    with tempfile.TemporaryDirectory() as folder:
        extra, output = Path(folder) / "extra.npz", Path(folder) / "new.safetensors"
        write_npz(extra, examples)
        run_training(
            "refresh", seed=seed, data_dir=data_dir, output=output, report=report, extra=extra
        )
        reader = Reader.load(output)
    return Run(reader, events[-1], np.diff(times).tolist())


def _cut(split: Split, start: int, stop: int | None = None) -> Split:
    return Split(split.images[start:stop], split.labels[start:stop])


def _as_examples(split: Split) -> ExtraExamples:
    numbers = np.arange(len(split))
    return ExtraExamples(
        images=split.images,
        labels=split.labels,
        ids=numbers + 1,
        held_out=numbers % HELD_OUT_EVERY == HELD_OUT_EVERY - 1,
        vetted=np.zeros(len(split), np.bool_),
    )


def _count_right(reader: Reader, split: Split) -> int:
    judgements = reader.judge(split.images)
    read_as: NDArray[np.int64] = judgements.probabilities.argmax(axis=1)
    return int(((read_as == split.labels) & ~judgements.is_refused).sum())


if __name__ == "__main__":
    main()
