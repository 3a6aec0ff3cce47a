"""Write the tables of README.md and docs/ from the results of the default budget and of the published ones.

`--check` names the stale pages and writes nothing.
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cards
import pandas as pd

from metascore.config.loading import load
from metascore.config.params import Config
from metascore.errors import UserError
from metascore.files import write_text
from metascore.learners.base import found
from metascore.report.blocks import filled
from metascore.report.measured import Measured
from metascore.report.page_blocks import block, recipe_numbers
from metascore.scoring.published import load as load_published
from metascore.store.paths import Results

PAGES = Path("docs/algorithms")
TABLES = ("scores", "adaptation", "priors", "reached", "learning")
RECIPES = ("paper", "quick", "long")  # budgets on the learners' pages; the first is the reference
RECIPES_OF = "omniglot_5w1s"  # a task of all these budgets


def main(arguments: list[str]) -> int:
    """Write or check the pages; returns the exit status."""
    try:
        stale = {path: text for path, text in wanted(read()).items() if not _has(path, text)}
    except UserError as error:
        sys.stderr.write(f"docs: {error}\n")
        return 1
    if arguments == ["--check"]:
        sys.stderr.writelines(f"docs: {path} is not what results/ say: run `make docs`\n" for path in stale)
        return int(bool(stale))
    for path, text in stale.items():
        write_text(path, text)
    return 0


def wanted(measured: Measured) -> dict[Path, str]:
    """The wanted text of each page, and of the README.md beside published results."""
    pages = [Path("README.md"), *sorted(Path("docs").rglob("*.md"))]
    found = {path: page(path, measured) for path in pages}
    for one in measured.published_budgets:
        found |= cards.wanted(load(budget=one.budget))
    return found


def _has(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def page(path: Path, measured: Measured) -> str:
    """The page with new blocks."""
    return filled(path.read_text(encoding="utf-8"), lambda words: block(words, measured), str(path))


def read() -> Measured:
    """The tables of the default budget and of the published ones."""
    config = load()
    published = [
        name for name in config.published_budgets() if Results.of(replace(config, budget=name)).metrics.is_file()
    ]
    return replace(of_budget(config), published_budgets=[of_budget(load(budget=name)) for name in published])


def of_budget(config: Config) -> Measured:
    """The tables of one budget."""
    results = Results.of(config)
    scores, curves, priors, reached, learning = (table(results.table(name, "csv")) for name in TABLES)
    pages = [name for name in config.entries if has_page(name)]
    return Measured(
        budget=config.budget,
        scores=scores,
        curves=curves,
        priors=priors,
        reached=reached,
        learning=learning,
        published=load_published(),
        measures={name: config.problem(name).scale.name for name in config.params["tasks"]},
        families={name: family(config.entries[name].file) for name in pages},
        recipes=recipes(pages),
    )


def recipes(learners: list[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """The hyper-parameters of each learner at each budget of RECIPES, by name."""
    configs = {budget: load(budget=budget) for budget in RECIPES}
    return {
        learner: {budget: recipe_numbers(config.recipe(RECIPES_OF, learner)) for budget, config in configs.items()}
        for learner in learners
    }


def table(path: Path) -> pd.DataFrame:
    """Read a table that aggregate wrote."""
    try:
        return pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: {' '.join(str(error).split())}: run `make run`, or check it out again") from error


def has_page(learner: str) -> bool:
    """Return whether the learner has a page of its own; a variant shares that of another entry."""
    return (PAGES / f"{learner}.md").exists()


def family(file: str) -> str:
    """The family of the learner in this file."""
    return found(file).family


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
