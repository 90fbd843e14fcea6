"""Named training recipes: all that decides a training run, except the seed and the data."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from mnist_model.config import Activation, MLPConfig
from mnist_model.data import VALIDATION_SIZE

OptimizerName = Literal["sgd", "rmsprop", "adam", "adamw"]
ScheduleName = Literal["constant", "step", "plateau", "one_cycle", "cosine"]


@dataclass(frozen=True)
class Deformation:
    """How far training images are bent, shifted and dirtied; every image differently each time."""

    rotation_deg: float = 0.0  # up to this far, either way; so for all below
    scale: float = 0.0  # share by which width and height grow or shrink
    shear: float = 0.0  # horizontal shift per pixel of height
    shift_px: float = 0.0
    elastic_px: float = 0.0  # typical displacement of the smooth random warp
    stroke: float = 0.0  # 1 = strokes up to one pixel thicker or thinner on each side
    contrast: float = 0.0  # share by which ink gets stronger or weaker
    noise: float = 0.0  # standard deviation, in units of full ink

    def scaled(self, factor: float) -> "Deformation":
        """Return the same deformation `factor` times as strong."""
        return Deformation(**{name: factor * value for name, value in vars(self).items()})


@dataclass(frozen=True)
class Recipe:
    """One way to train an MLP."""

    name: str
    summary: str  # one sentence for people
    model: MLPConfig = MLPConfig()
    epochs: int = 15
    batch_size: int = 64
    optimizer: OptimizerName = "sgd"
    learning_rate: float = 0.003  # the peak, for schedules that rise and fall
    momentum: float = 0.9  # sgd and rmsprop
    weight_decay: float = 0.0
    schedule: ScheduleName = "constant"
    step_epochs: int = 5  # step: epochs between two drops; plateau: patience
    step_factor: float = 0.3  # step and plateau: the learning rate is multiplied by it
    deformation: Deformation | None = None
    # The last epochs deform with only part of the strength: many shapes first, then common ones.
    calm_share: float = 0.0  # of the epochs
    calm_strength: float = 0.5
    drawn_digits: int = 0  # digits of made-up strokes beside MNIST's, in styles it hardly has
    label_smoothing: float = 0.0  # share of the target spread over all classes
    average_decay: float = 0.0  # of the moving average of weights, per step; 0 = no average
    half_precision: bool = False  # bfloat16 matrix products, on hardware that has them
    validation_size: int = VALIDATION_SIZE  # images held out of the training set to judge by
    starts_from_checkpoint: bool = False  # go on from given weights instead of random ones
    threads: int = 1  # on a CPU; these networks gain little from more, and the bot runs beside

    def shortened(self, epochs: int) -> "Recipe":
        """Return the same recipe with `epochs` epochs."""
        return replace(self, epochs=epochs)


_PHOTO_DEFORMATION = Deformation(
    rotation_deg=15.0,
    scale=0.15,
    shear=0.2,
    shift_px=1.5,
    elastic_px=1.0,
    stroke=0.6,
    contrast=0.2,
    noise=0.02,
)

_BEST_MODEL = MLPConfig(
    hidden_sizes=(1536, 1536, 1024), activation="gelu", batch_norm=True, view_shift_px=1
)

_ALL = (
    Recipe(
        name="classic",
        summary="The textbook: 784-128-64-10, SGD with momentum, 15 epochs.",
        # The textbook trains on all 60,000 images; this holds out few.
        validation_size=1_000,
        # Its learning rate never falls, so its last step is a matter of luck: half a point from
        # one seed to the next. The average over about the last epoch has none of that.
        average_decay=0.999,
    ),
    Recipe(
        name="quick",
        summary="98 % in seconds: batch normalisation, AdamW, one learning-rate cycle.",
        model=MLPConfig(hidden_sizes=(256, 128), batch_norm=True),
        epochs=4,
        batch_size=256,
        optimizer="adamw",
        learning_rate=0.01,
        weight_decay=0.01,
        schedule="one_cycle",
    ),
    Recipe(
        name="best",
        summary="The shipped model: a wide MLP trained long on deformed digits.",
        model=_BEST_MODEL,
        epochs=125,
        batch_size=256,
        optimizer="adamw",
        learning_rate=0.003,
        weight_decay=0.05,
        schedule="one_cycle",
        deformation=_PHOTO_DEFORMATION,
        calm_share=0.2,
        drawn_digits=2_400,
        label_smoothing=0.02,
        average_decay=0.998,
        half_precision=True,
    ),
    Recipe(
        name="refresh",
        summary="A few gentle epochs on from an existing checkpoint, for new examples.",
        model=_BEST_MODEL,
        epochs=4,
        batch_size=256,
        optimizer="adamw",
        learning_rate=0.0003,
        weight_decay=0.05,
        schedule="one_cycle",
        deformation=_PHOTO_DEFORMATION.scaled(0.5),
        drawn_digits=2_400,
        label_smoothing=0.02,
        average_decay=0.998,
        half_precision=True,
        starts_from_checkpoint=True,
    ),
)

RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in _ALL}


def _options() -> dict[str, Recipe]:
    """List what the recipe we start from proposes to try, each as one change to `base`."""
    base = Recipe(
        name="base",
        summary="784-128-64-10, ReLU, SGD with momentum at a fixed rate.",
        epochs=6,
        learning_rate=0.01,
    )

    def vary(name: str, summary: str, **changes: Any) -> Recipe:  # noqa: ANN401 - any field
        return replace(base, name=name, summary=summary, **changes)

    activations: tuple[tuple[Activation, str], ...] = (
        ("leaky_relu", "LeakyReLU, slope 0.01 below zero."),
        ("elu", "ELU."),
        ("tanh", "Tanh."),
        ("gelu", "GELU."),
        ("silu", "SiLU."),
    )
    varied = (
        base,
        *(vary(name, what, model=MLPConfig(activation=name)) for name, what in activations),
        vary("linear", "No hidden layer.", model=MLPConfig(hidden_sizes=())),
        vary("deeper", "256-128-64 hidden.", model=MLPConfig(hidden_sizes=(256, 128, 64))),
        vary("wider", "512-256 hidden.", model=MLPConfig(hidden_sizes=(512, 256))),
        vary("dropout", "Dropout 0.2.", model=MLPConfig(dropout=0.2)),
        vary("batch_norm", "Batch normalisation.", model=MLPConfig(batch_norm=True)),
        vary("step", "Rate times 0.3 every 2 epochs.", schedule="step", step_epochs=2),
        vary("plateau", "Rate times 0.3 after a plateau.", schedule="plateau", step_epochs=0),
        vary("one_cycle", "One cycle up to 0.1.", schedule="one_cycle", learning_rate=0.1),
        vary("cosine", "Cosine from 0.05.", schedule="cosine", learning_rate=0.05),
        vary("rmsprop", "RMSprop at 0.0001.", optimizer="rmsprop", learning_rate=0.0001),
        vary("adam", "Adam at 0.001.", optimizer="adam", learning_rate=0.001),
        vary(
            "adamw",
            "AdamW at 0.001, weight decay 0.01.",
            optimizer="adamw",
            learning_rate=0.001,
            weight_decay=0.01,
        ),
        vary(
            "together",
            "Wider, batch normalisation, AdamW, one cycle up to 0.01.",
            model=MLPConfig(hidden_sizes=(512, 256), batch_norm=True),
            optimizer="adamw",
            schedule="one_cycle",
            learning_rate=0.01,
            weight_decay=0.01,
        ),
    )
    return {recipe.name: recipe for recipe in varied}


OPTIONS: dict[str, Recipe] = _options()
