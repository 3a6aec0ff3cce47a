"""Stage aggregate on an invented tree of results: what it writes, and what it refuses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import fake_results
import numpy as np
import pandas as pd
import pytest

from metascore.config.params import Run
from metascore.errors import UserError
from metascore.stages import aggregate
from metascore.store.digests import of_content
from metascore.store.paths import Results
from metascore.store.results import task_results

WRITTEN = [
    "metrics.json",
    "digests.json",
    "report.html",
    *(f"tables/{name}.csv" for name in ("pairs", "adaptation", "learning")),
]
WRITTEN += [
    f"tables/{name}.{kind}" for name in ("scores", "axes", "published", "priors", "reached") for kind in ("csv", "md")
]
WRITTEN += ["tables/scores.tex", "tables/published.tex"]
FIGURES = ("ranking", "adaptation", "gallery", "waves", "paths", "published_gap", "learning", "updates")
DRAWN = [f"figures/{name}.png" for name in FIGURES]


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def digests(folder):
    return {name: (folder / "results/tiny" / name).read_bytes() for name in WRITTEN + DRAWN}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A project whose results are aggregated."""
    folder = tmp_path_factory.mktemp("project")
    fake_results.write(folder, fake_results.config())
    aggregate.run(fake_results.config(), folder / "data", folder / "results/tiny")
    return folder


@pytest.mark.slow  # the next one repeats it
def test_it_writes_everything_the_same_way_twice(finished):
    first = digests(finished)
    aggregate.run(fake_results.config(), finished / "data", finished / "results/tiny")
    assert digests(finished) == first


def test_another_process_at_another_revision_writes_the_same(finished):
    """The order of a set, the commit and the time of day are no inputs."""
    first, git = digests(finished), ("git", "-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run((*git, "init", "-q"), cwd=finished, check=True)
    subprocess.run((*git, "commit", "-q", "--allow-empty", "-m", "nothing"), cwd=finished, check=True)
    environment = os.environ | {"PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(sys.path)}
    script = (
        "import sys, fake_results; from metascore.stages import aggregate; loaded = 'torch' in sys.modules; "
        "aggregate.run(fake_results.config()); sys.exit(loaded)"
    )
    assert subprocess.run((sys.executable, "-c", script), cwd=finished, env=environment, check=False).returncode == 0
    assert digests(finished) == first


def test_numbers_and_axes_reach_the_table(finished):
    table = pd.read_csv(finished / "results/tiny" / "tables" / "scores.csv").set_index(["task", "learner"])
    files = [finished / f"results/tiny/scores/omniglot_5w1s/maml/{seed}.npy" for seed in (0, 1)]
    row = table.loc[[("omniglot_5w1s", "maml")]].iloc[0]
    assert row["score"] == pytest.approx(np.mean([np.load(file)[:, 10] for file in files]), abs=1e-6)
    assert row["score_low"] <= row["score"] <= row["score_high"]
    assert row["metascore"] == pytest.approx(100 * row["degree"] * row["speed"])
    assert (row["parameters"], row["seeds"], row["test_steps"]) == (1234, 2, 10)
    assert table.loc["omniglot_5w1s"].index[-1] == "chance"
    assert "protonet" not in table.loc["sine_5s"].index  # it declares that it can't


def test_metrics_are_flat_small_and_without_times(finished):
    metrics = json.loads((finished / "results/tiny" / "metrics.json").read_text())
    assert len(metrics) <= 60
    assert all(isinstance(value, float) for value in metrics.values())
    assert {"omniglot_5w1s.maml.metascore", "sine_5s.fomaml.score"} <= set(metrics)
    assert not [key for key in metrics if "second" in key]


def test_published_numbers_stand_beside_ours(finished):
    tables = finished / "results/tiny" / "tables"
    ours = pd.read_csv(tables / "scores.csv").set_index(["task", "learner"])
    row = pd.read_csv(tables / "published.csv").set_index(["task", "learner"]).loc[[("omniglot_5w1s", "maml")]].iloc[0]
    assert row["gap"] == pytest.approx(ours["score"][("omniglot_5w1s", "maml")] - 0.987)
    assert "98.70 ± 0.40" in (tables / "published.md").read_text()
    assert r"98.70 $\pm$ 0.40" in (tables / "published.tex").read_text()


def test_entries_that_say_so_are_paired_by_seed_where_both_are_run(finished):
    files = Results(finished / "results/tiny")
    both, one = (fake_results.config(learners=names) for names in (("maml", "fomaml"), ("fomaml",)))
    assert task_results(both, "sine_5s", files, "").same_training == {"fomaml": "maml"}
    assert task_results(one, "sine_5s", files, "").same_training == {}


def test_priors_of_all_seeds_are_written(finished):
    tables = finished / "results/tiny" / "tables"
    assert set(pd.read_csv(tables / "priors.csv")["task"]) == {"sine_5s"}
    assert "| maml | 1.5 (1–2) | 2.5 (2–3) |" in (tables / "priors.md").read_text()


def test_pairs_of_all_learners_are_written(finished):
    pairs = pd.read_csv(finished / "results/tiny" / "tables" / "pairs.csv")
    assert pairs.groupby("task").size().to_dict() == {"omniglot_5w1s": 12, "sine_5s": 6}


@pytest.mark.usefixtures("no_drawings")
@pytest.mark.parametrize("synthetic", [True, False])
def test_glyphs_are_named_everywhere(project, synthetic):
    chosen = fake_results.config(tasks=("omniglot_5w1s",))
    fake_results.write(project, chosen, synthetic)
    aggregate.run(chosen)
    for name in ("scores.md", "scores.tex", "published.md", "published.tex"):
        text = Path("results/tiny/tables", name).read_text()
        assert ("SYNTHETIC GLYPHS" in text) == (synthetic and name.endswith("md"))
        assert ("Synthetic glyphs, 5-way 1-shot" in text) == synthetic


@pytest.mark.usefixtures("no_drawings")
def test_a_diverged_episode_is_owned_up_to(project):
    chosen = fake_results.config(tasks=("sine_5s",))
    fake_results.write(project, chosen)
    broken = np.load("results/tiny/scores/sine_5s/maml/0.npy")
    broken[:4, 5:] = np.nan
    fake_results.write_scores(project, Run("sine_5s", "maml", 0), broken)
    aggregate.run(chosen)
    table = pd.read_csv("results/tiny/tables/scores.csv").set_index("learner")
    assert table.loc["maml", "diverged"] == pytest.approx(4 / 80)
    assert "diverged | " in Path("results/tiny/tables/scores.md").read_text()
    assert "sine_5s.maml.score" not in json.loads(Path("results/tiny/metrics.json").read_text())


@pytest.mark.parametrize(
    "values, complaint",
    [
        (np.ones((40, 11), dtype=np.float64), "float32"),
        (np.ones((40, 7), dtype=np.float32), "shape"),
        (np.full((40, 11), 1.5, dtype=np.float32), "outside"),
        (np.ones((39, 11), dtype=np.float32), "numbers of episodes differ"),
        (np.array([{}], dtype=object), "allow_pickle"),
    ],
)
def test_impossible_scores_are_refused_in_one_line(project, values, complaint):
    chosen = fake_results.config(tasks=("omniglot_5w1s",))
    fake_results.write(project, chosen)
    np.save("results/tiny/scores/omniglot_5w1s/maml/1.npy", values)
    with pytest.raises(UserError, match=complaint) as error:
        aggregate.run(chosen)
    assert "\n" not in str(error.value) and "metascore finetune" in str(error.value)
    assert not Path("results/tiny/metrics.json").exists()


@pytest.mark.parametrize("file", ["scores/{}.npy", "runs/{}/run.json", "runs/{}/training.csv"])
@pytest.mark.parametrize("content", [None, b"", b"\x93NUMPY rubbish"])
def test_missing_and_broken_files_are_named(project, file, content):
    chosen = fake_results.config(tasks=("omniglot_5w1s",))
    fake_results.write(project, chosen)
    path = Path("results/tiny") / file.format("omniglot_5w1s/protonet/0")
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(UserError, match=str(path)) as error:
        aggregate.run(chosen)
    assert "\n" not in str(error.value)


@pytest.mark.usefixtures("no_drawings")
def test_metascores_do_not_depend_on_the_chance_learner(project):
    tables = []
    for learners in (("maml", "chance"), ("maml",)):
        chosen = fake_results.config(tasks=("sine_5s",), learners=learners)
        fake_results.write(project / "-".join(learners), chosen)
        root = project / "-".join(learners)
        aggregate.run(chosen, root / "data", root / "results/tiny")
        tables.append(pd.read_csv(root / "results/tiny/tables/scores.csv").set_index("learner").loc["maml"])
    assert tables[0]["metascore"] == tables[1]["metascore"]


def test_regression_without_a_zero_says_so(project):
    chosen = fake_results.config(tasks=("sine_5s",), seeds=(0,), learners=("maml",))
    fake_results.write(project, chosen)
    path = project / "results/tiny/scores/sine_5s/maml/0.npz"
    arrays = dict(np.load(path))
    np.savez(path, **{name: value for name, value in arrays.items() if name != "chance"})
    with pytest.raises(UserError, match="chance"):
        aggregate.run(chosen)


def test_digests_are_those_of_checkpoints_scores_and_metrics(finished):
    content = json.loads((finished / "results/tiny/digests.json").read_text())
    config = fake_results.config()
    assert len(content["files"]) == len(config.trainings()) + len(config.runs()) + 1
    assert all(digest == of_content(finished / "results/tiny" / file) for file, digest in content["files"].items())
    assert content["machine"] == {"processor": "abacus", "threads": 1}


@pytest.mark.usefixtures("no_drawings")
def test_another_machine_with_the_same_scores_changes_no_file(project):
    chosen = fake_results.config()
    fake_results.write(project, chosen)
    aggregate.run(chosen)
    before = digests(project)
    for path in Path("results/tiny/runs").rglob("run.json"):
        record = json.loads(path.read_text())
        there = {"machine": {"processor": "slide rule", "threads": 2}, "device": "gpu", "tasks_per_second": 1.0}
        path.write_text(json.dumps(record | there | {"seconds": 3 * record["seconds"]}))
    for path in Path("results/tiny/runs").rglob("training.csv"):
        pd.read_csv(path).assign(seconds=7.7).to_csv(path, index=False)
    aggregate.run(chosen)
    assert digests(project) == before
    scores = Path("results/tiny/scores/sine_5s/maml/0.npy")
    np.save(scores, np.load(scores) / 2)
    aggregate.run(chosen)
    assert pd.read_csv("results/tiny/tables/scores.csv").groupby("learner")["seconds"].first()["maml"] == 7.5


@pytest.mark.usefixtures("no_drawings")
def test_runs_from_machines_that_differ_are_a_warning_that_names_the_difference(project, caplog):
    chosen = fake_results.config(tasks=("omniglot_5w1s",))
    fake_results.write(project, chosen)
    path = Path("results/tiny/runs/omniglot_5w1s/maml/0/run.json")
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"machine": record["machine"] | {"processor": "slide rule"}}))
    aggregate.run(chosen)
    assert ["`processor`" in message for message in caplog.messages] == [True]
    machine = json.loads(Path("results/tiny/digests.json").read_text())["machine"]
    assert machine == {"processor": ["abacus", "slide rule"], "threads": 1}
