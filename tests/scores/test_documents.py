"""Tables as text, in Markdown and LaTeX."""

import html
import re

import markdown_it
import numpy as np
import pandas as pd
import pytest

from metascore.report import table_cells
from metascore.report.documents import Document, Paper, Section, escape, latex, markdown, plain

TABLE = pd.DataFrame({"learner": ["a_b", "c"], "accuracy, %": ["90.00 ± 1.00", "–"]})
PAPER = Paper("scores a_b", "Task & more: 100 %.", ["learner", "accuracy, %"], {"accuracy, %": 0})
DOCUMENT = Document("Scores", ["Budget: 100 %."], [Section("Task & more", TABLE, PAPER)], ["A $note$."])


def test_markdown_by_hand():
    assert markdown(DOCUMENT) == (
        "# Scores\n\nBudget: 100 %.\n\n## Task & more\n\n"
        "| learner | accuracy, % |\n| --- | --- |\n| a_b | 90.00 ± 1.00 |\n| c | – |\n"
        "\n## Notes\n\n- A \\$note\\$.\n"
    )


def test_latex_by_hand():
    rows = latex(DOCUMENT).splitlines()
    assert r"\caption{Task \& more: 100 \%.}" in rows and r"\label{tab:scores-a-b}" in rows
    assert r"\begin{tabular}{ll}" in rows
    assert rows[rows.index(r"\toprule") :] == [
        r"\toprule",
        r"learner & accuracy, \% \\",
        r"\midrule",
        r"a\_b & \textbf{90.00 $\pm$ 1.00} \\",
        r"c & -- \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]


def test_latex_environments_and_braces_are_closed():
    text = latex(DOCUMENT)
    assert re.findall(r"\\begin\{(\w+)\}", text) == list(reversed(re.findall(r"\\end\{(\w+)\}", text)))
    bare = re.sub(r"\\[{}]", "", text)
    assert bare.count("{") == bare.count("}")


@pytest.mark.parametrize("character", "&%$#_{}~^\\")
def test_no_special_character_reaches_latex_bare(character):
    escaped = escape(f"a{character}b")
    assert escaped.startswith("a\\") and escaped.endswith("b") and escaped != f"a{character}b"


def test_published_cells_by_hand():
    """A paper without an interval or steps has none in the table; accuracies are per cent, gaps points."""
    rows = pd.DataFrame(
        {
            "learner": ["maml", "protonet"],
            "measure": "accuracy",
            "test_steps": [3, 0],
            "score": [0.9, 0.95],
            "score_low": [0.87, 0.94],
            "score_high": [0.92, 0.96],
            "median": 0.9,
            "runaway": 0.0,
            "published_steps": pd.array([3, None], dtype="Int64"),
            "published": [0.987, 0.988],
            "published_reach": [0.004, np.nan],
            "gap": [-0.087, -0.038],
            "gap_low": [-0.117, -0.048],
            "gap_high": [-0.067, -0.028],
            "protocol": "theirs",
            "source": "paper",
        }
    )
    shown = table_cells.published_cells(rows)
    assert shown["accuracy, %"].tolist() == ["90.00 ± 3.00", "95.00 ± 1.00"]
    assert shown["published"].tolist() == ["98.70 ± 0.40", "98.80"]
    assert shown["gap"].tolist() == ["-8.70 ± 3.00", "-3.80 ± 1.00"]
    assert shown["published steps"].tolist() == ["3", "–"]


def test_what_does_not_vary_has_no_reach():
    """Chance is a half, exactly, and the other has an interval."""
    rows = pd.DataFrame({"score": [0.5, 0.5], "score_low": [0.5 - 1e-16, 0.4], "score_high": [0.5 + 1e-16, 0.6]})
    assert table_cells._plus_minus(rows, "score", 100.0, 2) == ["50.00", "50.00 ± 10.00"]


@pytest.mark.parametrize("text", ["*a*", "`a`", "a|b", "$a$", "<b>", "&lt;", "_a_", "[a](b)", "~~a~~", "a\\*b"])
def test_no_markup_reaches_markdown_bare(text):
    assert markdown_it.MarkdownIt("gfm-like", {"linkify": False}).render(plain(text)) == f"<p>{html.escape(text)}</p>\n"
    assert plain("a_b c\nd") == "a_b c d"


def test_a_mean_that_diverged_episodes_decide_gives_way_to_the_median():
    rows = pd.DataFrame({"score": [2.7, 0.3, np.inf], "score_low": [0.1, 0.2, np.inf], "score_high": [26, 0.4, np.inf]})
    rows = rows.assign(measure="error", median=0.25, runaway=0.003)
    assert table_cells._scores(rows) == ["median 0.250, 0.3% diverged", "0.300 ± 0.100", "median 0.250, 0.3% diverged"]
