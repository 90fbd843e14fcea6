import csv
from dataclasses import replace

import pytest

from mnist_model.compare import Comparison, write_csv, write_markdown
from mnist_model.recipes import OPTIONS, RECIPES


@pytest.fixture
def comparisons():
    base = replace(OPTIONS["base"], summary="The start.")
    return [
        Comparison(base, accuracies=(0.97, 0.98, 0.99), seconds=12.4),
        Comparison(replace(base, name="other"), accuracies=(0.9,), seconds=3.0),
    ]


def test_mean_and_spread_are_over_the_seeds(comparisons):
    several, single = comparisons
    assert (several.mean, several.spread) == (pytest.approx(0.98), pytest.approx(0.01))
    assert (single.mean, single.spread) == (0.9, 0.0)


def test_the_table_is_one_row_per_recipe(comparisons, tmp_path):
    write_markdown(comparisons, tmp_path / "table.md")
    *_, several, single = (tmp_path / "table.md").read_text().splitlines()
    assert several == "| base | 98.00 % | 1.00 % | 12 | 109,386 | The start. |"
    assert single.startswith("| other | 90.00 % | 0.00 % | 3 |")


def test_the_csv_holds_plain_numbers(comparisons, tmp_path):
    write_csv(comparisons, tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="") as file:
        several, single = csv.DictReader(file)
    assert float(several["accuracy"]) == pytest.approx(0.98)
    assert (several["parameters"], several["seeds"], single["seeds"]) == ("109386", "3", "1")


def test_every_option_differs_from_the_base_in_more_than_its_name():
    base = OPTIONS["base"]
    for name, recipe in OPTIONS.items():
        renamed = replace(recipe, name=base.name, summary=base.summary)
        assert (renamed == base) == (name == "base")
    assert not OPTIONS.keys() & RECIPES.keys()
