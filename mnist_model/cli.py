"""The `mnist` command: train, compare, evaluate, predict, show.

Standard output carries results, with `--json` one JSON object per line; standard error the rest.
`predict` and `evaluate` run without torch.
"""

import argparse
import json
import math
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from mnist_model.checkpoint import PRETRAINED_CHECKPOINT
from mnist_model.data import DEFAULT_DATA_DIR
from mnist_model.errors import MnistModelError, PhotoError
from mnist_model.recipes import OPTIONS, RECIPES

if TYPE_CHECKING:
    from mnist_model.reader import Reader

EXIT_FAILURE = 1
EXIT_INTERRUPTED = 128 + signal.SIGINT
EXIT_TERMINATED = 128 + signal.SIGTERM
EXIT_UNHEARD = 128 + 13  # SIGPIPE, which Windows does not know


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code: 0, 1 on failure, 2 on wrong usage.

    Interrupted or terminated it leaves no half-written file, and returns 130 or exits with 143;
    141 when nobody reads its output any more, as after `| head`.
    """
    options = _build_parser().parse_args(arguments)
    previous = signal.signal(signal.SIGTERM, _terminate)
    try:
        return int(options.command(options))
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Python flushes what is left when it ends, and would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_UNHEARD
    except MnistModelError as error:
        return _fail(options, str(error))
    except Exception as error:  # the last resort: scripts that parse our JSON must hear of it too
        traceback.print_exc()
        return _fail(options, f"Unexpected {type(error).__name__}: {error}")
    finally:
        signal.signal(signal.SIGTERM, previous)


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mnist", description="Handwritten digits with an MLP.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[[argparse.Namespace], int], summary: str) -> Any:  # noqa: ANN401
        one = commands.add_parser(name, help=summary, description=summary)
        one.set_defaults(command=command)
        return one

    train = add("train", _train, "Train a recipe, measure it on MNIST test, save a checkpoint.")
    train.add_argument("--recipe", required=True, choices=sorted(RECIPES), help="what to do")
    train.add_argument("--seed", type=int, default=0, help="same seed, same weights (default 0)")
    train.add_argument("--epochs", type=_positive, help="instead of the recipe's own number")
    train.add_argument(
        "--output", type=Path, metavar="FILE", help="default: data/<recipe>.safetensors"
    )
    train.add_argument(
        "--start-from",
        type=Path,
        metavar="FILE",
        help="go on from this checkpoint (default for refresh: the shipped one)",
    )
    train.add_argument(
        "--extra",
        type=Path,
        metavar="PATH",
        help="learn from these examples, too: a .npz, or a folder of 28x28 pictures with a "
        "labels.csv (path, label, and perhaps id, held_out, vetted)",
    )
    train.add_argument(
        "--compare-with",
        type=Path,
        metavar="FILE",
        help="measure this checkpoint, too (default: the one to go on from)",
    )
    train.add_argument(
        "--figures", type=Path, metavar="DIR", help="write pictures of the run here"
    )
    compare = add("compare", _compare, "Train recipes with several seeds, and compare them.")
    compare.add_argument(
        "recipes",
        nargs="*",
        metavar="RECIPE",
        help="of `mnist train`, or one option of the source's list (default: all those): "
        + ", ".join(OPTIONS),
    )
    compare.add_argument("--seeds", type=_positive, default=3, metavar="N", help="default 3")
    compare.add_argument("--epochs", type=_positive, help="instead of the recipes' own numbers")
    compare.add_argument(
        "--output",
        type=Path,
        default=Path("data/comparison"),
        metavar="DIR",
        help="where to write table.md, table.csv and plot.png (default data/comparison)",
    )
    evaluate = add(
        "evaluate", _evaluate, "Measure a checkpoint on MNIST's 10,000 test images, or on photos."
    )
    evaluate.add_argument(
        "--photos",
        type=Path,
        nargs="+",
        metavar="DIR",
        help="folders with a labels.csv (path,label); several are scored together",
    )
    evaluate.add_argument(
        "--sheet",
        type=Path,
        default=Path("data/failures.html"),
        metavar="HTML",
        help="with --photos: where to show what went wrong (default data/failures.html)",
    )
    predict = add("predict", _predict, "Read the digits in image files.")
    predict.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    show = add("show", _show, "Show the first images of MNIST.")
    show.add_argument("--number", type=_positive, default=60, metavar="N", help="default 60")
    show.add_argument("--output", type=Path, metavar="PNG", help="instead of opening a window")

    for command in (evaluate, predict):
        command.add_argument(
            "--checkpoint",
            type=Path,
            default=PRETRAINED_CHECKPOINT,
            metavar="FILE",
            help="default: the one that comes with the package",
        )
    for command in (train, compare, evaluate, show):
        command.add_argument(
            "--data-dir",
            default=os.environ.get("MNIST_DATA_DIR", DEFAULT_DATA_DIR),
            metavar="DIR",
            help="where MNIST is, or is downloaded to (default: $MNIST_DATA_DIR or "
            f"{DEFAULT_DATA_DIR})",
        )
    for command in (train, evaluate, predict):
        command.add_argument("--json", action="store_true", help="results as JSON lines")
    return parser


def _train(options: argparse.Namespace) -> int:
    # Here, because torch takes seconds to import and the other commands do without.
    from mnist_model.training_run import run_training  # noqa: PLC0415

    run_training(
        options.recipe,
        seed=options.seed,
        epochs=options.epochs,
        data_dir=options.data_dir,
        output=options.output or Path("data") / f"{options.recipe}.safetensors",
        start_from=options.start_from,
        extra=options.extra,
        compare_with=options.compare_with,
        figures_dir=options.figures,
        report=_print_json if options.json else _print_progress,
    )
    return 0


def _compare(options: argparse.Namespace) -> int:
    from mnist_model.compare import (  # noqa: PLC0415 - keeps --help fast
        compare_recipes,
        write_csv,
        write_markdown,
    )
    from mnist_model.figures import plot_comparison  # noqa: PLC0415 - imports matplotlib

    known = RECIPES | OPTIONS
    unknown = [name for name in options.recipes if name not in known]
    if unknown:
        return _fail(options, f"No recipe is called {unknown[0]}; see `mnist compare --help`.")
    recipes = [known[name] for name in options.recipes or OPTIONS]
    if options.epochs is not None:
        recipes = [recipe.shortened(options.epochs) for recipe in recipes]
    comparisons = compare_recipes(
        recipes,
        seeds=options.seeds,
        data_dir=options.data_dir,
        on_run=lambda run: print(
            f"{run.recipe.name}, seed {run.seed}: validation accuracy {run.accuracy:.2%}, "
            f"{run.seconds:.1f} s",
            flush=True,
        ),
    )
    options.output.mkdir(parents=True, exist_ok=True)
    write_markdown(comparisons, options.output / "table.md")
    write_csv(comparisons, options.output / "table.csv")
    plot_comparison(comparisons, path=options.output / "plot.png")
    print(f"Wrote table.md, table.csv and plot.png to {options.output}")
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from mnist_model.evaluate import evaluate_on_test  # noqa: PLC0415 - keeps --help fast
    from mnist_model.reader import Reader  # noqa: PLC0415

    reader = Reader.load(options.checkpoint)
    if options.photos is not None:
        return _evaluate_photos(reader, options)
    started = time.perf_counter()
    evaluation = evaluate_on_test(reader.classify, options.data_dir)
    if options.json:
        _print_json(
            {
                "checkpoint": str(options.checkpoint),
                "sha256": reader.metadata.sha256,
                "recipe": reader.metadata.recipe,
                "seed": reader.metadata.seed,
                "tested": evaluation.tested,
                "accuracy": evaluation.accuracy,
                "calibration_error": evaluation.calibration_error,
                "class_accuracies": evaluation.class_accuracies.tolist(),
                "confusion_matrix": evaluation.confusion_matrix.tolist(),
                "seconds": time.perf_counter() - started,
            }
        )
        return 0
    print(f"Number of images tested: {evaluation.tested}")
    print(f"Accuracy: {evaluation.accuracy:.2%}")
    print(f"Expected calibration error: {evaluation.calibration_error:.2%}")
    print("Confusion matrix (row: true digit, column: predicted digit):")
    for row in evaluation.confusion_matrix:
        print(" ".join(f"{count:5d}" for count in row))
    return 0


def _evaluate_photos(reader: "Reader", options: argparse.Namespace) -> int:
    from mnist_model.contact_sheet import write_contact_sheet  # noqa: PLC0415 - keeps --help fast
    from mnist_model.photo_scores import (  # noqa: PLC0415
        load_labels,
        read_photos,
        score,
        score_kinds,
    )

    photos = [photo for folder in options.photos for photo in load_labels(folder)]
    scored = read_photos(reader, photos)
    scores = score(scored)
    by_kind = score_kinds(scored)
    write_contact_sheet(options.sheet, scored, scores)
    if options.json:
        # What there was nothing to measure of is null: JSON has no NaN.
        def without_nan(values: dict[str, float]) -> dict[str, float | None]:
            return {name: None if math.isnan(v) else v for name, v in values.items()}

        places = {
            "photos_dirs": [str(folder) for folder in options.photos],
            "sheet": str(options.sheet),
        }
        kinds = {kind: without_nan(asdict(of_kind)) for kind, of_kind in by_kind.items()}
        _print_json({**places, **without_nan(asdict(scores)), "kinds": kinds})
        return 0
    print(scores.describe())
    for kind, of_kind in by_kind.items():
        if kind:
            print(f"Right of {kind}: {of_kind.describe()}")
    print(f"What went wrong: {options.sheet}")
    return 0


def _predict(options: argparse.Namespace) -> int:
    from mnist_model.reader import Reader  # noqa: PLC0415 - keeps --help fast

    reader = Reader.load(options.checkpoint)
    exit_code = 0
    for path in options.images:
        line: dict[str, Any] = {
            "path": str(path),
            "reading": "",
            "digits": [],
            "rejected": False,
            "reason": None,
            "error": None,
        }
        try:
            reading = reader.read(path)
        except PhotoError as error:
            line["error"] = str(error)
            exit_code = EXIT_FAILURE
        else:
            line |= {
                "reading": reading.text,
                "digits": [
                    {
                        "label": digit.label,
                        "confidence": digit.confidence,
                        "box": [digit.box.x, digit.box.y, digit.box.width, digit.box.height],
                    }
                    for digit in reading.digits
                ],
                "rejected": reading.rejected,
                "reason": reading.reason,
            }
        if options.json:
            _print_json(line)
        else:
            _print_reading(line)
    return exit_code


def _show(options: argparse.Namespace) -> int:
    from mnist_model.data import load_mnist  # noqa: PLC0415 - imports torch
    from mnist_model.figures import display_sample_images  # noqa: PLC0415 - imports matplotlib

    train_loader, _ = load_mnist(options.data_dir)
    display_sample_images(train_loader, options.number, path=options.output)
    return 0


def _print_reading(line: dict[str, Any]) -> None:
    if line["error"] or line["rejected"]:
        print(f"{line['path']}: {line['error'] or line['reason']}")
        return
    # Rounded down, and never to certainty.
    percents = [min(math.floor(100 * digit["confidence"]), 99) for digit in line["digits"]]
    sureness = ", ".join(f"{percent}%" for percent in percents)
    print(f"{line['path']}: {line['reading']} ({sureness})")


def _print_json(values: dict[str, Any]) -> None:
    print(json.dumps(values), flush=True)


def _print_progress(event: dict[str, Any]) -> None:
    """Tell a person what a program would get as JSON."""
    match event["event"]:
        case "start":
            print(
                f"Recipe {event['recipe']}: {event['epochs']} epochs, "
                f"{event['parameters']:,} parameters, seed {event['seed']}"
            )
        case "stage":
            print(f"{event['stage'].capitalize()}...", flush=True)
        case "epoch":
            print(
                f"Epoch {event['epoch']}/{event['epochs']}: loss {event['loss']:.4f}, "
                f"validation accuracy {event['validation_accuracy']:.2%}, "
                f"{event['elapsed_s']:.0f} s",
                flush=True,
            )
        case "end":
            print(f"Training time: {event['seconds'] / 60:.2f} minutes")
            print(f"Test accuracy: {event['test_accuracy']:.2%}")
            print(f"Saved {event['checkpoint']} (SHA-256 {event['sha256'][:12]}...)")


def _fail(options: argparse.Namespace, message: str) -> int:
    if getattr(options, "json", False):
        _print_json({"event": "error", "message": message})
    print(f"mnist: {message}", file=sys.stderr)
    return EXIT_FAILURE


def _terminate(signal_number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
    """Turn SIGTERM into an exception, so that temporary files are removed on the way out."""
    raise SystemExit(EXIT_TERMINATED)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


if __name__ == "__main__":
    raise SystemExit(main())
