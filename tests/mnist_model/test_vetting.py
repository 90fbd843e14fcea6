from dataclasses import replace

import numpy as np
import pytest
from bars import draw_bars

from mnist_model.extra import NO_DIGIT, ExtraExamples
from mnist_model.learning import prepare_lesson
from mnist_model.reader import Judgements, Reader
from mnist_model.vetting import RECIPE, list_implausible, vet


def _examples(images, labels, **flags):
    count = len(labels)
    nothing = np.zeros(count, np.bool_)
    return ExtraExamples(
        images=images,
        labels=np.array(labels),
        ids=np.arange(count) + 1,
        held_out=flags.get("held_out", nothing),
        vetted=flags.get("vetted", nothing),
    )


def _vet(examples, bar_start, bar_rehearsal, bar_mnist):
    # More than a moment, since so small a network learns slowly.
    recipe = replace(RECIPE, epochs=8, batch_size=64, learning_rate=0.01, half_precision=False)
    return vet(examples, bar_start, bar_rehearsal, bar_mnist, seed=0, recipe=recipe)


def _judgements(digits, no_digit):
    probabilities = np.array(digits, np.float32)
    return Judgements(
        by_classifier=probabilities,
        probabilities=probabilities,
        no_digit=np.array(no_digit, np.float32),
        is_refused=np.zeros(len(no_digit), np.bool_),
    )


def _certain(label, probability):
    return [probability if d == label else (1 - probability) / 9 for d in range(10)]


@pytest.mark.parametrize(
    ("label", "digits", "no_digit", "expected"),
    [
        (7, _certain(1, 0.99), 0.0, 1),
        (7, _certain(1, 0.85), 0.0, None),  # not sure enough
        (7, _certain(7, 0.99), 0.0, None),
        (7, [0, 0.92, 0, 0, 0, 0, 0, 0.08, 0, 0], 0.0, None),  # 7 is thought of, too
        (7, _certain(1, 0.99), 0.5, 1),  # of digits, it is a 1
        (7, _certain(1, 0.6), 0.95, NO_DIGIT),
        (7, _certain(7, 0.99), 0.95, None),  # strange, but it would be read as a 7
        (NO_DIGIT, _certain(1, 0.99), 0.1, 1),
        (NO_DIGIT, _certain(1, 0.99), 0.3, None),
        (NO_DIGIT, _certain(1, 0.6), 0.0, None),
    ],
)
def test_what_contradicts_a_sure_judge_is_implausible(label, digits, no_digit, expected):
    examples = _examples(np.zeros((1, 28, 28), np.uint8), [label])
    found = list_implausible(examples, _judgements([digits], [no_digit]))
    assert [one.read_as for one in found] == ([] if expected is None else [expected])
    for one in found:
        assert (one.id, one.label) == (1, label)
        assert one.probability == pytest.approx(no_digit if expected == NO_DIGIT else max(digits))


def test_lies_are_found_and_a_way_of_writing_is_let_through(bar_start, bar_rehearsal, bar_mnist):
    own_way, common = np.tile([2, 9], 30), np.arange(40) % 10
    images = np.concatenate((draw_bars(own_way, upright=True, seed=1), draw_bars(common, seed=2)))
    labels = [*own_way, *(common + 1) % 10]
    read_as = Reader(bar_start).judge(images).probabilities.argmax(axis=1)
    assert (read_as[:60] == own_way).mean() < 0.5  # there is something to learn
    found = _vet(_examples(images, labels), bar_start, bar_rehearsal, bar_mnist)
    assert {one.id for one in found} == set(range(61, 101))
    assert [one.read_as for one in found] == [(one.label - 1) % 10 for one in found]


def test_what_is_held_out_is_judged_but_teaches_nobody(bar_start, bar_rehearsal, bar_mnist):
    own_way = np.tile([2, 9], 30)
    images = draw_bars(own_way, upright=True, seed=1)
    all_held_out = _examples(images, own_way, held_out=np.ones(60, np.bool_))
    found = _vet(all_held_out, bar_start, bar_rehearsal, bar_mnist)
    untaught = list_implausible(all_held_out, Reader(bar_start).judge(images))
    assert len(untaught) > 0
    assert {one.id: one.read_as for one in found} == {one.id: one.read_as for one in untaught}


def test_what_somebody_has_vetted_is_never_found_and_teaches_all(
    bar_start, bar_rehearsal, bar_mnist
):
    lies = draw_bars(np.full(20, 4), seed=3)
    vetted = _examples(lies, np.full(20, 5), vetted=np.ones(20, np.bool_))
    assert _vet(vetted, bar_start, bar_rehearsal, bar_mnist) == ()
    own_way = np.tile([2, 9], 30)
    images = draw_bars(own_way, upright=True, seed=1)
    # Those of one fold alone: the others would have no teacher if they were not vetted.
    first = _examples(images, own_way, vetted=np.arange(60) < 30)
    assert _vet(first, bar_start, bar_rehearsal, bar_mnist) == ()


def test_a_lesson_holds_what_is_trusted(bar_start, bar_mnist):
    labels = np.array([3, 3, 5, NO_DIGIT, 5, 8])
    images = np.zeros((6, 28, 28), np.uint8)
    images[:, 0, 0] = np.arange(6)
    images[5] = draw_bars([2])[0]
    examples = _examples(images, labels, held_out=labels == 5, vetted=np.arange(6) != 5)
    lesson = prepare_lesson(examples, bar_start, bar_mnist, seed=0)
    assert [(one.id, one.label, one.read_as) for one in lesson.quarantined] == [(6, 8, 2)]
    assert lesson.trained == 3
    assert lesson.held_out.ids.tolist() == [3, 5]
    assert set(lesson.digits.images[:, 0, 0].tolist()) == {0, 1}
    assert set(lesson.digits.labels.tolist()) == {3}
    assert not np.array_equal(
        lesson.rejector.weights["output.bias"], bar_start.rejector.weights["output.bias"]
    )
