"""metascore recipe and metascore list: what they print of the project's own configuration."""

import json

import pytest

from metascore.cli import main


@pytest.fixture(autouse=True)
def project(root, monkeypatch):
    monkeypatch.chdir(root)


def printed(capsys, *arguments):
    assert main(list(arguments)) == 0
    return capsys.readouterr().out


def test_a_recipe_has_every_number_with_the_file_and_key_that_state_it(capsys, root):
    arguments = ("recipe", "--task", "omniglot_5w1s", "--learner", "fomaml", "--budget", "smoke")
    found = json.loads(printed(capsys, *arguments, "--json"))
    table = printed(capsys, *arguments)
    assert found["learner"] == "maml" and found["hyper_parameters"]["first_order"] is True
    for name, origin in found["origins"].items():
        assert f"{name.rpartition('.')[2]}:" in (root / origin["file"]).read_text(), (name, origin)
        assert f"| {name} |" in table and f"| {origin['file']} | {origin['key']} |" in table


def test_a_list_has_tasks_budgets_and_what_is_done(capsys, tmp_path, root, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scores = tmp_path / "results/smoke/scores/omniglot_5w1s/maml"
    scores.mkdir(parents=True)
    for name in ("0.npy", "0.json"):
        (scores / name).touch()
    rows = printed(capsys, "list", "--budget", "smoke", "--params", str(root / "params.yaml"))
    assert "| maml | maml | 1 of 1 |" in rows and "| protonet | protonet | 0 of 1 |" in rows
    assert "| navigation | navigation | 1 | 40 | 40 |" in rows and "| quick |" in rows
