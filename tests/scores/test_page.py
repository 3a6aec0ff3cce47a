"""Parts of the report's page: it escapes everything and shows a learner's page without its numbers."""

from urllib.parse import unquote

import pandas as pd

from metascore.report import learner_pages, page
from metascore.report.interactive import table

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


def test_a_drawing_is_whole_in_its_address():
    svg = '<svg a="1"\n b="#f00 100% → ∞">\n<!-- & -->M 1 2 \nL 3 4</svg>'
    address = page.address(svg.encode())
    assert not set(address) & set("\n#&'")
    assert unquote(address) == "data:image/svg+xml," + svg.replace("\n", " ")


def test_cards_show_a_page_without_its_numbers_and_harmless(tmp_path):
    (tmp_path / "file.md").write_text(PAGE.format(measured="99 %"))
    shown = learner_pages.read("entry", "file", tmp_path)
    assert "theta = theta - alpha" in shown.introduction and "one departure" in shown.departures
    assert "&lt;script&gt;" in shown.introduction and "<script" not in shown.introduction
    assert "../../src" not in shown.introduction and 'href="https://arxiv.org/abs/1"' in shown.introduction
    assert "numbers" not in shown.introduction + shown.departures
    assert learner_pages.read("none", "neither", tmp_path) == learner_pages.LearnerPage("", "")


def test_the_digest_of_pages_changes_with_their_shown_parts_only(tmp_path):
    digests = []
    for text in (PAGE.format(measured="98 %"), PAGE.format(measured="99 %"), PAGE.replace("Idea", "Another idea")):
        (tmp_path / "maml.md").write_text(text)
        digests.append(learner_pages.digest({"maml": "maml"}, tmp_path))
    assert digests[0] == digests[1] != digests[2]


def test_tables_escape_and_missing_cells_are_empty():
    steps = pd.array([3, None], dtype="Int64")
    texts = ["</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>"]
    frame = pd.DataFrame({"<b>name": texts, "speed": [0.5, float("nan")], "steps": steps, "note": ["here", None]})
    html = table(frame, "table0")
    assert "<img src=x" not in html and "<script>alert" not in html and "<b>name" not in html
    rows = html[html.index("data_json") :]
    assert "0.5" in rows and "here" in rows
    assert not [word for word in ("NaN", "nan", "&lt;NA", "<NA", "None") if word in rows]
