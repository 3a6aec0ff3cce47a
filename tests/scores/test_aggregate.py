"""Stage aggregate on an invented tree of results: what it writes, what it repeats, and what it refuses."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import fake_results
import numpy as np
import pandas as pd
import pytest

from metascore.config.params import Run
from metascore.errors import UsageError, UserError
from metascore.orchestration.jobs import Jobs
from metascore.stages import aggregate
from metascore.store.digests import of_content
from metascore.store.paths import Results
from metascore.store.results import task_results

IMAGES = fake_results.config(tasks=("omniglot_5w1s",))
RESULTS = Path("results/tiny")
TRAIN = "data/episodes/omniglot/train-5w1s5q-40.npy"
TEST = "data/episodes/omniglot/test-5w1s5q-40.npy"
VALIDATION = TRAIN.replace("train", "validation")
SPLIT = "data/splits/random.json"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A project whose results are aggregated, with its figures."""
    folder = tmp_path_factory.mktemp("project")
    fake_results.write(folder, fake_results.config())
    aggregate.run(fake_results.config(), folder / "data", folder / RESULTS)
    return folder


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Sound results of a task of images."""
    folder = tmp_path_factory.mktemp("written")
    fake_results.write(folder, IMAGES)
    return folder


@pytest.fixture
def project(written, tmp_path, monkeypatch, no_drawings):
    """A copy of them in the working folder, to be changed."""
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def made(tmp_path, monkeypatch, no_drawings):
    """A function that writes results, aggregates them without figures, and returns their folder."""
    monkeypatch.chdir(tmp_path)

    def make(chosen, synthetic=False):
        fake_results.write(tmp_path, chosen, synthetic)
        aggregate.run(chosen)
        return RESULTS

    return make


def contents(folder):
    kept = (path for path in folder.rglob("*") if path.is_file() and not {"runs", "scores"} & set(path.parts))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in kept}


def rewrite(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def text_of(name):
    return (RESULTS / name).read_text(encoding="utf-8")


def test_it_writes_the_files_that_the_workflow_expects(finished):
    jobs = Jobs(fake_results.config())
    expected = {*jobs.plain_report(), *(one.file for one in jobs.shown_report())}
    assert {f"{RESULTS}/{name}" for name in contents(finished / RESULTS)} == expected


def test_another_process_at_another_revision_writes_the_same(finished):
    """The order of a set, the commit and the time of day are no inputs."""
    first, git = contents(finished / RESULTS), ("git", "-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run((*git, "init", "-q"), cwd=finished, check=True)
    subprocess.run((*git, "commit", "-q", "--allow-empty", "-m", "nothing"), cwd=finished, check=True)
    environment = os.environ | {"PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(sys.path)}
    script = (
        "import sys, fake_results; from metascore.stages import aggregate; loaded = 'torch' in sys.modules; "
        "aggregate.run(fake_results.config()); sys.exit(loaded)"
    )
    assert subprocess.run((sys.executable, "-c", script), cwd=finished, env=environment, check=False).returncode == 0
    assert contents(finished / RESULTS) == first


def test_tables_have_scores_pairs_and_priors(finished):
    tables = finished / RESULTS / "tables"
    table = pd.read_csv(tables / "scores.csv").set_index(["task", "learner"])
    files = [finished / f"{RESULTS}/scores/omniglot_5w1s/maml/{seed}.npy" for seed in (0, 1)]
    row = table.loc[[("omniglot_5w1s", "maml")]].iloc[0]
    assert row["score"] == pytest.approx(np.mean([np.load(file)[:, 10] for file in files]), abs=1e-6)
    assert row["score_low"] <= row["score"] <= row["score_high"]
    assert row["metascore"] == pytest.approx(100 * row["degree"] * row["speed"])
    assert (row["parameters"], row["seeds"], row["test_steps"]) == (1234, 2, 10)
    assert table.loc["omniglot_5w1s"].index[-1] == "chance"
    assert "protonet" not in table.loc["sine_5s"].index  # it accepts images only
    assert pd.read_csv(tables / "pairs.csv").groupby("task").size().to_dict() == {"omniglot_5w1s": 12, "sine_5s": 6}
    assert "| maml | 1.5 (1–2) | 2.5 (2–3) |" in (tables / "priors.md").read_text()
    gap = pd.read_csv(tables / "published.csv").set_index(["task", "learner"])["gap"]
    assert gap["omniglot_5w1s", "maml"] == pytest.approx(row["score"] - 0.987)
    assert "98.70 ± 0.40" in (tables / "published.md").read_text()
    assert r"98.70 $\pm$ 0.40" in (tables / "published.tex").read_text()


def test_metrics_are_flat_small_and_without_times(finished):
    metrics = json.loads((finished / RESULTS / "metrics.json").read_text())
    assert len(metrics) <= 60 and all(isinstance(value, float) for value in metrics.values())
    assert {"omniglot_5w1s.maml.metascore", "sine_5s.fomaml.score"} <= set(metrics)
    assert not [key for key in metrics if "second" in key]


def test_the_page_begins_with_results_and_needs_no_network(finished):
    page = (finished / RESULTS / "report.html").read_text(encoding="utf-8")
    for fact in ("tiny", "Synthetic glyphs, 5-way 1-shot, Sine, 5-shot", "metascore 0, torch 0"):
        assert f"<dd>{fact}</dd>" in page
    for learner in fake_results.FAMILIES:
        assert f'id="learner-{learner}"' in page
    assert not re.search("src=.http", page) and '<link rel="stylesheet' not in page
    assert page.index("has the highest MetaScore") < page.index("<img src='data:image/svg") < page.index("<h3>Notes")
    assert "A diverged episode counts as accuracy 0" in page


def test_digests_are_those_of_checkpoints_scores_and_metrics(finished):
    content = json.loads((finished / RESULTS / "digests.json").read_text())
    config = fake_results.config()
    assert len(content["files"]) == len(config.trainings()) + len(config.runs()) + 1
    assert all(digest == of_content(finished / RESULTS / file) for file, digest in content["files"].items())
    assert content["machine"] == {"processor": "abacus", "threads": 1}


def test_entries_that_share_a_training_are_paired_by_seed_where_both_are_run(finished):
    files = Results(finished / RESULTS)
    both, one = (fake_results.config(learners=names) for names in (("maml", "fomaml"), ("fomaml",)))
    assert task_results(both, "sine_5s", files, "").same_training == {"fomaml": "maml"}
    assert task_results(one, "sine_5s", files, "").same_training == {}


@pytest.mark.parametrize("synthetic, seeds", [(True, (0, 1, 2)), (False, (0, 1, 2)), (False, (0, 1)), (False, (0,))])
def test_synthetic_data_are_a_warning_and_few_seeds_a_note(made, synthetic, seeds):
    made(fake_results.config(tasks=("omniglot_5w1s",), seeds=seeds), synthetic)
    for name in ("report.html", "tables/scores.md"):
        assert ("SYNTHETIC GLYPHS" in text_of(name)) == synthetic
        assert ("Fewer than three seeds (2)" in text_of(name)) == (len(seeds) == 2)
        assert ("One seed: estimates and intervals are of these" in text_of(name)) == (len(seeds) == 1)
    assert ('role="alert"' in text_of("report.html")) == synthetic
    assert ("Synthetic glyphs, 5-way 1-shot" in text_of("tables/scores.tex")) == synthetic
    assert ("| rank |" in text_of("tables/scores.md")) == (len(seeds) > 1)


def test_a_task_of_one_seed_beside_one_of_two_has_no_pairs_and_no_ranks(made):
    chosen = fake_results.config(("omniglot_5w1s", "sine_5s"), (0, 1), ("maml", "fomaml", "chance"))
    chosen.of_budget.values["fewer_seeds"] = {"sine_5s": 1}
    tables = made(chosen) / "tables"
    assert set(pd.read_csv(tables / "pairs.csv")["task"]) == {"omniglot_5w1s"}
    ranks = pd.read_csv(tables / "scores.csv").set_index("task")["rank_low"]
    assert np.isfinite(ranks["omniglot_5w1s"]).all() and ranks["sine_5s"].isna().all()
    assert "Seeds: 0, 1 (sine_5s: 0)." in text_of("tables/scores.md")


@pytest.mark.parametrize(
    "learners, tasks, seeds, episodes",
    [
        (["chance"], ["omniglot_5w1s"], (0,), 40),  # nothing is trained
        (["protonet"], ["omniglot_5w1s", "sine_5s"], (0, 1), 2),  # one learner, which one task has not
        (["fomaml", "chance"], ["sine_5s"], (0,), 1),  # one episode
    ],
)
def test_the_fewest_results_have_every_table(made, learners, tasks, seeds, episodes):
    chosen = fake_results.config(tuple(tasks), seeds, tuple(learners), episodes)
    made(chosen)
    assert all(Path(one.file).exists() for one in Jobs(chosen).shown_report())


def test_a_diverged_episode_counts_as_such(made):
    chosen = fake_results.config(tasks=("sine_5s",))
    made(chosen)
    broken = np.load(RESULTS / "scores/sine_5s/maml/0.npy")
    broken[:4, 5:] = np.nan
    fake_results.write_scores(Path(), Run("sine_5s", "maml", 0), broken)
    aggregate.run(chosen)
    table = pd.read_csv(RESULTS / "tables/scores.csv").set_index("learner")
    assert table.loc["maml", "diverged"] == pytest.approx(4 / 80)
    assert "5.0% diverged |" in text_of("tables/scores.md")
    assert "sine_5s.maml.score" not in json.loads(text_of("metrics.json"))


def test_metascores_do_not_depend_on_the_chance_learner(tmp_path, no_drawings):
    tables = []
    for learners in (("maml", "chance"), ("maml",)):
        root, chosen = tmp_path / "-".join(learners), fake_results.config(tasks=("sine_5s",), learners=learners)
        fake_results.write(root, chosen)
        aggregate.run(chosen, root / "data", root / RESULTS)
        tables.append(pd.read_csv(root / RESULTS / "tables/scores.csv").set_index("learner").loc["maml"])
    assert tables[0]["metascore"] == tables[1]["metascore"]


@pytest.mark.usefixtures("project")
def test_unequal_times_and_early_stops_are_notes():
    rewrite(RESULTS / "runs/omniglot_5w1s/maml/1/run.json", seconds=3.7, iterations=99)
    chosen = fake_results.config(tasks=("omniglot_5w1s",))
    chosen.params["learners"]["maml"]["training"] = {"iterations": 100}
    aggregate.run(chosen)
    assert "took 2.5 s (protonet) to 3.1 s (" in text_of("report.html")
    assert "stopped before its last iteration: omniglot_5w1s/maml" in text_of("report.html")


@pytest.mark.usefixtures("project")
def test_another_machine_with_the_same_scores_changes_no_file():
    aggregate.run(IMAGES)
    before = contents(RESULTS)
    for path in (RESULTS / "runs").rglob("run.json"):
        seconds = 3 * json.loads(path.read_text())["seconds"]
        rewrite(path, machine={"processor": "slide rule", "threads": 2}, device="gpu", seconds=seconds)
    for path in (RESULTS / "runs").rglob("training.csv"):
        pd.read_csv(path).assign(seconds=7.7).to_csv(path, index=False)
    aggregate.run(IMAGES)
    assert contents(RESULTS) == before
    scores = RESULTS / "scores/omniglot_5w1s/maml/0.npy"
    np.save(scores, np.load(scores) / 2)
    aggregate.run(IMAGES)
    assert pd.read_csv(RESULTS / "tables/scores.csv").set_index("learner")["seconds"]["maml"] == 7.5


@pytest.mark.usefixtures("project")
def test_runs_from_machines_that_differ_are_a_warning_that_names_the_difference(caplog):
    rewrite(RESULTS / "runs/omniglot_5w1s/maml/0/run.json", machine={"processor": "slide rule", "threads": 1})
    aggregate.run(IMAGES)
    assert ["`processor`" in message for message in caplog.messages] == [True]
    assert json.loads(text_of("digests.json"))["machine"] == {"processor": ["abacus", "slide rule"], "threads": 1}


@pytest.mark.usefixtures("project")
def test_a_partial_report_names_what_is_missing_and_replaces_no_whole_one():
    aggregate.run(IMAGES)
    before = contents(RESULTS)
    for path in RESULTS.glob("*/omniglot_5w1s/protonet/1*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    aggregate.run(IMAGES.without([("omniglot_5w1s", "protonet")]))
    assert set(pd.read_csv(RESULTS / "partial/tables/scores.csv")["learner"]) == {"maml", "fomaml", "chance"}
    for file in ("tables/scores.md", "report.html"):
        assert "Missing: protonet on omniglot_5w1s." in text_of(f"partial/{file}")
    assert {name: content for name, content in contents(RESULTS).items() if name in before} == before


@pytest.mark.parametrize("pairs", [[("omniglot_5w1s", "chess")], [("chess", "maml")], [("omniglot_5w1s", "maml")]])
def test_pairs_that_cannot_be_left_out_are_named(pairs):
    """Unknown ones, and all of the budget."""
    chosen = fake_results.config(("omniglot_5w1s",), (0,), ("maml",))
    with pytest.raises(UsageError, match=r"not part of budget tiny|nothing of budget tiny is left"):
        chosen.without(pairs)


@pytest.mark.usefixtures("project")
def test_a_failure_leaves_the_former_report(monkeypatch):
    aggregate.run(IMAGES)
    (RESULTS / "metrics.json").write_text("former")
    before = contents(RESULTS)
    monkeypatch.setattr(aggregate, "page_of", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        aggregate.run(IMAGES)
    assert contents(RESULTS) == before


def refusal(chosen=IMAGES):
    """The message of a refusal, which writes nothing."""
    with pytest.raises(UserError) as error:
        aggregate.run(chosen)
    assert "\n" not in str(error.value) and not contents(RESULTS)
    return str(error.value)


@pytest.mark.usefixtures("project")
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
def test_impossible_scores_are_refused(values, complaint):
    np.save(RESULTS / "scores/omniglot_5w1s/maml/1.npy", values)
    message = refusal()
    assert complaint in message and "metascore finetune" in message


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("content", [None, b"\x93NUMPY rubbish"])
@pytest.mark.parametrize(
    "file",
    [
        *(
            f"{RESULTS}/{one}"
            for one in ("scores/{}.npy", "scores/{}.json", "runs/{}/run.json", "runs/{}/training.csv")
        ),
        *(TRAIN, TEST, SPLIT, "data/omniglot/characters.csv"),
    ],
)
def test_missing_and_broken_files_are_named(file, content):
    path = Path(file.format("omniglot_5w1s/protonet/0"))
    path.unlink() if content is None else path.write_bytes(content)
    assert str(path) in refusal()


@pytest.mark.usefixtures("project")
def test_a_learner_that_knows_the_permuted_labels_is_refused():
    for seed in IMAGES.seeds:
        file = RESULTS / f"scores/omniglot_5w1s/protonet/{seed}.npz"
        with np.load(file) as arrays:
            changed = {
                name: values if name == "chosen" else np.full_like(values, 0.3) for name, values in arrays.items()
            }
        np.savez(file, **changed)
    message = "results/tiny/scores/omniglot_5w1s/protonet: with permuted support labels it scores 0.3000"
    assert message in refusal()


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    "file, part", [(TRAIN, "test"), (TRAIN.replace("train", "validation"), "test"), (TEST, "train")]
)
def test_a_test_class_in_other_episodes_is_refused(file, part):
    index = fake_results.SPLIT["test"][0] if part == "test" else int(np.load(TRAIN)["character"][0, 0])
    rows = np.load(file)
    rows["character"][3, 2] = index
    np.save(file, rows)
    assert f"Runes/character{index:02}" in refusal()


@pytest.mark.usefixtures("project")
def test_a_test_class_of_the_split_that_no_test_episode_has_is_refused_too():
    used = int(np.load(TRAIN)["character"][0, 0])
    Path(SPLIT).write_text(json.dumps(fake_results.SPLIT | {"test": [used]}))
    assert f"{TRAIN}: Runes/character{used:02}" in refusal()


@pytest.mark.usefixtures("project")
def test_learners_evaluated_on_different_episodes_are_refused():
    key = {"inputs": {"data/episodes/test.npy": "1" * 64}}
    rewrite(RESULTS / "scores/omniglot_5w1s/fomaml/1.json", key=key)
    assert "fomaml/1 and maml/0 were evaluated on different episodes" in refusal()


def test_regression_without_a_zero_is_refused(made):
    chosen = fake_results.config(tasks=("sine_5s",), seeds=(0,), learners=("maml",))
    path = made(chosen) / "scores/sine_5s/maml/0.npz"
    arrays = dict(np.load(path))
    np.savez(path, **{name: value for name, value in arrays.items() if name != "chance"})
    with pytest.raises(UserError, match="chance"):
        aggregate.run(chosen)
