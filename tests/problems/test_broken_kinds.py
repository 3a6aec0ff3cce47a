"""A kind of problem that cannot be used, of another package or half written, stops only whoever needs it."""

import pytest

from metascore import plugins, problems
from metascore.errors import UsageError
from metascore.problems.scale import ACCURACY


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """An installed package whose entry point `broken` is a module with a mistake on its third line."""
    information = tmp_path / "broken-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[metascore.problems]\nbroken = broken_kind\n")
    (tmp_path / "broken_kind.py").write_text('"""Broken."""\n\ndef\n')
    monkeypatch.syspath_prepend(tmp_path)
    plugins._offered.cache_clear()
    problems.scale.cache_clear()
    yield
    plugins._offered.cache_clear()


def test_scores_of_other_kinds_keep_their_meaning(broken):
    assert "broken" in problems.known()
    assert problems.scale("accuracy") is ACCURACY


def test_whoever_needs_it_is_told_why_it_cannot_be_had(broken):
    for needs in (lambda: problems.find("broken"), lambda: problems.scale("happiness")):
        with pytest.raises(UsageError, match=r"broken_kind: cannot be imported \(SyntaxError: .*line 3\)"):
            needs()


def test_scores_that_no_kind_has_are_named():
    with pytest.raises(UsageError, match="'happiness': install the package"):
        problems.scale("happiness")


def test_a_file_in_the_making_is_named_where_a_task_names_it(tmp_path, monkeypatch):
    """Such as an editor's lock, or a new kind with a mistake in it."""
    (tmp_path / ".#sine.py").symlink_to("nobody@nowhere")
    (tmp_path / "half.py").write_text("def\n")
    monkeypatch.setattr(problems, "__path__", [*problems.__path__, str(tmp_path)])
    monkeypatch.setattr(problems, "__file__", str(tmp_path / "__init__.py"))
    problems._files.cache_clear()
    try:
        assert problems.known() == ["half"]
        with pytest.raises(UsageError, match=r"problems\.half: cannot be imported \(SyntaxError: .*line 1\)"):
            problems.find("half")
    finally:
        monkeypatch.undo()
        problems._files.cache_clear()
