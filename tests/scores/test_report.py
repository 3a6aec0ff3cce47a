"""The report's page: what it says, that it escapes everything, and that it warns where it must."""

import json
import re
from pathlib import Path
from urllib.parse import unquote

import fake_results
import pandas as pd
import pytest

from metascore.report import learner_pages, page
from metascore.report.interactive import table
from metascore.stages import aggregate

PAGE = """# Title

Idea with <script>alert(1)</script> and [a file](../../src/x.py) and [a paper](https://arxiv.org/abs/1).

    theta = theta - alpha

## Recipe

numbers

## Departures from the paper

- one departure

## Measured

{measured}
"""


@pytest.fixture
def report(tmp_path, monkeypatch, no_drawings):
    """A function that writes invented results, changes them, and returns the page that is made of them."""
    monkeypatch.chdir(tmp_path)

    def make(chosen, synthetic=False, change=lambda root: None):
        fake_results.write(tmp_path, chosen, synthetic)
        change(tmp_path)
        aggregate.run(chosen)
        return Path("results/tiny/report.html").read_text(encoding="utf-8")

    return make


def test_it_says_what_was_run_and_needs_no_network(report):
    page = report(fake_results.config())
    for fact in ("Omniglot, sine waves", "tiny", "Omniglot, 5-way 1-shot, Sine, 5-shot", "metascore 0, torch 0"):
        assert f"<dd>{fact}</dd>" in page
    for learner in fake_results.FAMILIES:
        assert f'id="learner-{learner}"' in page
    assert not re.search("src=.http", page) and '<link rel="stylesheet' not in page


def test_a_drawing_is_whole_in_its_address():
    svg = '<svg a="1"\n b="#f00 100% → ∞">\n<!-- & -->M 1 2 \nL 3 4</svg>'
    address = page.address(svg.encode())
    assert not set(address) & set("\n#&'")
    assert unquote(address) == "data:image/svg+xml," + svg.replace("\n", " ")


def test_tables_say_how_to_read_them(report):
    page = report(fake_results.config())
    for said in ("A diverged episode counts as accuracy 0", "the interval holds for these trained networks"):
        assert said in page


def test_unequal_training_times_are_a_warning(report):
    def change(root):
        path = root / "results/tiny/runs/omniglot_5w1s/maml/1/run.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"seconds": 3.7}))

    assert "took 2.5 s (protonet) to 3.1 s (" in report(fake_results.config(), change=change)


@pytest.mark.parametrize("synthetic, seeds", [(True, (0, 1, 2)), (False, (0, 1)), (False, (0, 1, 2))])
def test_it_warns_of_synthetic_data_and_few_seeds(report, synthetic, seeds):
    page = report(fake_results.config(tasks=("omniglot_5w1s",), seeds=seeds), synthetic)
    assert ("SYNTHETIC GLYPHS" in page) == synthetic
    assert ("Fewer than three seeds (2)" in page) == (len(seeds) == 2)
    assert ('role="alert"' in page) == synthetic


def test_one_seed_has_estimates_of_its_networks_and_no_ranks(report):
    page = report(fake_results.config(tasks=("omniglot_5w1s",), seeds=(0,)))
    said = "One seed: estimates and intervals are of these trained networks alone, and there are no ranks."
    table = Path("results/tiny/tables/scores.md").read_text(encoding="utf-8")
    assert said in page and said in table
    assert "| learner | family |" in table and "| rank |" not in table


def test_it_warns_of_a_run_that_stopped_early(report):
    chosen = fake_results.config(tasks=("sine_5s",), seeds=(0, 1, 2))
    chosen.params["learners"]["maml"]["training"] = {"iterations": 100}

    def finish(iterations):
        def change(root):
            path = root / "results/tiny/runs/sine_5s/maml/1/run.json"
            path.write_text(json.dumps(json.loads(path.read_text()) | {"iterations": iterations}))

        return change

    assert "stopped before its last iteration: sine_5s/maml" in report(chosen, change=finish(99))


def test_cards_show_a_page_without_its_numbers_and_harmless(tmp_path):
    (tmp_path / "file.md").write_text(PAGE.format(measured="99 %"))
    page = learner_pages.read("entry", "file", tmp_path)
    assert "theta = theta - alpha" in page.introduction and "one departure" in page.departures
    assert "&lt;script&gt;" in page.introduction and "<script" not in page.introduction
    assert "../../src" not in page.introduction and 'href="https://arxiv.org/abs/1"' in page.introduction
    assert "numbers" not in page.introduction + page.departures
    assert learner_pages.read("none", "neither", tmp_path) == learner_pages.LearnerPage("", "")


def test_the_digest_of_pages_changes_with_what_is_shown_only(tmp_path):
    page = tmp_path / "maml.md"
    page.write_text(PAGE.format(measured="98 %"))
    before = learner_pages.digest({"maml": "maml"}, tmp_path)
    page.write_text(PAGE.format(measured="99 %"))
    assert learner_pages.digest({"maml": "maml"}, tmp_path) == before
    page.write_text(PAGE.format(measured="99 %").replace("Idea", "Another idea"))
    assert learner_pages.digest({"maml": "maml"}, tmp_path) != before


def test_tables_escape_and_repeat_themselves():
    frame = pd.DataFrame({"<b>name": ["</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>"]})
    html = table(frame, "table0")
    assert "<img src=x" not in html and "<script>alert" not in html and "<b>name" not in html
    assert html == table(frame, "table0")


def test_what_is_missing_is_an_empty_cell():
    steps = pd.array([3, None], dtype="Int64")
    html = table(pd.DataFrame({"speed": [0.5, float("nan")], "steps": steps, "note": ["here", None]}), "table0")
    rows = html[html.index("data_json") :]
    assert "0.5" in rows and "here" in rows
    assert not [word for word in ("NaN", "nan", "&lt;NA", "<NA", "None") if word in rows]
