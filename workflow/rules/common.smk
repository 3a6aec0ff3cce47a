# What the rules share: names, helper functions, and what happens before and after the jobs.

import functools
import json
import os
import sys

from metascore.orchestration import devices, provenance, signals, forecast, lock, outputs as ledger
from metascore.config import params
from metascore.errors import UserError
from metascore.report import learner_pages

lock.register(signals.lead())

# Jobs run by the Python that runs Snakemake, activated or not.
os.environ.update(PATH=os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)]))


def validated_parameters(command_line):
    """params.yaml at the budget that `--config budget=...` names. One line and exit status 1 where either is wrong."""
    unknown = command_line.keys() - {"budget"}
    try:
        if unknown:
            raise UserError(f"--config {min(unknown)}: only `budget` can be set here: edit params.yaml")
        return params.load("params.yaml", command_line.get("budget"))
    except UserError as error:
        sys.exit(f"params: {error}")


def figures_of(name):
    """A figure in the two formats that it is drawn in."""
    return [f"results/figures/{name}.{suffix}" for suffix in ("svg", "png")]


def tables_of(name, *suffixes):
    """A table in these formats."""
    return [f"results/tables/{name}.{suffix}" for suffix in suffixes]


CONFIG = validated_parameters(config)


wildcard_constraints:
    task=r"[a-z][a-z0-9_]*",
    learner=r"[a-z][a-z0-9_]*",
    seed=r"\d+",


RUN = "{task}/{learner}/{seed}"
RUN_OF_JOB = "{wildcards.task}/{wildcards.learner}/{wildcards.seed}"
IMAGES = "data/omniglot/images.npy"
CHARACTERS = "data/omniglot/characters.csv"
SOURCE = "data/omniglot/source.json"
DATA = [IMAGES, CHARACTERS, SOURCE]
CHECKPOINT = f"results/runs/{RUN}/checkpoint.safetensors"
TRAINING = f"results/runs/{RUN}/training.csv"
RECORD = f"results/runs/{RUN}/run.json"
SCORES = f"results/scores/{RUN}.npy"
JUDGED = f"results/scores/{RUN}.json"
PUBLISHED = "src/metascore/scoring/published.csv"
METRICS = "results/metrics.json"
DIGESTS = "results/digests.json"
SCORE_TABLES = tables_of("scores", "csv", "md")
PAIR_TABLES = tables_of("pairs", "csv")
CURVE_TABLES = [*tables_of("adaptation", "csv"), *tables_of("learning", "csv")]
PUBLISHED_TABLES = tables_of("published", "csv", "md")
PRIOR_TABLES = tables_of("priors", "csv", "md")
LATEX_TABLES = [file for name in ("scores", "published", "priors") for file in tables_of(name, "tex")]
TABLES = [*SCORE_TABLES, *PAIR_TABLES, *CURVE_TABLES, *PUBLISHED_TABLES, *PRIOR_TABLES, *LATEX_TABLES]
SPLIT = f"data/splits/{CONFIG.split['name']}.json"
FIGURES = ["ranking", "adaptation", "gallery", "waves", "improvement", "published_gap", "cost", "learning"]
PAGE = "results/report.html"
REPORT = [METRICS, DIGESTS, *TABLES, *(file for name in FIGURES for file in figures_of(name)), PAGE]

# One GPU a job where there are any, so that `--resources gpu=N` holds; none otherwise, so that it holds nothing up.
GPU = 1 if devices.visible() else 0


def section(*values):
    """Values that a job depends on, as text that doesn't depend on the order of keys."""
    return json.dumps(values, sort_keys=True, default=vars)


@functools.cache
def code(stage, learner_file=None):
    """The digest of what a job's step imports: the job runs again when it changes."""
    return provenance.stage_code(stage, learner_file)


def code_of_run(stage):
    """The same for a step that runs a learner: with that learner's file, and no other."""
    return lambda wildcards: code(stage, CONFIG.recipe(wildcards.task, wildcards.learner)["learner"])


def recipe(wildcards):
    """A run's section of params.yaml, resolved."""
    return section(CONFIG.recipe(wildcards.task, wildcards.learner))


def each_run(pattern):
    """A path for each run of the budget."""
    return [pattern.format(**vars(run)) for run in CONFIG.runs()]


def episode_files():
    """Every episode file that the budget needs."""
    return [f"data/episodes/{file}" for file in CONFIG.episode_files()]


def leak_inputs():
    """What shows whether a test character was trained on; sine waves have no characters."""
    shown = [
        f"data/episodes/{file}"
        for file, shape in CONFIG.episode_files().items()
        if shape.problem == "omniglot"
    ]
    return [CHARACTERS, SPLIT, *shown] if shown else []


def files_of(shapes):
    """What a step that reads episodes of these shapes reads."""
    images = [IMAGES] if any(shape.problem == "omniglot" for shape in shapes) else []
    return images + [f"data/episodes/{shape.file}" for shape in shapes]


def outputs():
    """Every file that the budget's jobs make."""
    runs = [path for pattern in (CHECKPOINT, TRAINING, RECORD, SCORES, JUDGED) for path in each_run(pattern)]
    return [*DATA, SPLIT, *episode_files(), *runs, *REPORT]


def reject_strangers(workflow):
    """Have files that are not as Snakemake's jobs left them made anew. Only the process that plans jobs does so."""
    if not workflow.is_main_process:
        return
    if lock.is_held():
        print("another workflow is at work in this folder: wait for it, or end it", file=sys.stderr)
        return
    strangers = ledger.reject_strangers(outputs())
    if strangers and not workflow.touch:
        print(ledger.told(strangers), file=sys.stderr)


def split_inputs(wildcards):
    """The characters, and the user's own lists where there are any."""
    own = [CONFIG.split["file"]] if CONFIG.split["name"] == "file" else []
    return [CHARACTERS, *own]


def episode_inputs(wildcards):
    """Characters are drawn from the split; sine waves from nothing."""
    return [SPLIT] if CONFIG.episode_files()[wildcards.file].problem == "omniglot" else []


def episode_section(wildcards):
    """What one episode file depends on: its shape, and the numbers for its part."""
    shape = CONFIG.episode_files()[wildcards.file]
    own = {
        "count": CONFIG.count(shape.problem, shape.part),
        "rotate": shape.part in CONFIG.episodes["rotate"],
    }
    return section(shape, CONFIG.episodes | own)


def training_inputs(wildcards):
    """The images, if the problem has any, and the episodes of training and validation."""
    return files_of(CONFIG.shapes_of(wildcards.task, wildcards.learner))


def test_inputs(wildcards):
    """The images, if the problem has any, and the test episodes."""
    return files_of([CONFIG.test_shape(wildcards.task)])


def learner_file(run):
    """The file that a run's learner is an entry of."""
    return CONFIG.recipe(run.task, run.learner)["learner"]


def example_inputs():
    """What the gallery and the waves are drawn from: the images, the test episodes, each run's checkpoint."""
    return [*files_of([CONFIG.test_shape(task) for task in CONFIG.tasks]), *each_run(CHECKPOINT)]


def report_section():
    """What the report says beside the runs' own numbers."""
    pages = learner_pages.digest({run.learner: learner_file(run) for run in CONFIG.runs()})
    return section(pages, CONFIG.tasks, CONFIG.learners, CONFIG.seeds, CONFIG.split["name"], CONFIG.episodes)


def announce(workflow):
    """Say how many runs are to do and how long they may take."""
    planned = [job.wildcards for job in workflow.dag.needrun_jobs() if job.rule.name == "meta_train"]
    runs = [params.Run(job.task, job.learner, int(job.seed)) for job in planned]
    if runs:
        print(forecast.forecast(CONFIG, runs, workflow.cores), file=sys.stderr)


def remember():
    """Know these outputs again, however the jobs ended."""
    ledger.remember(outputs())


onstart:
    announce(workflow)
    signals.pass_signals_on()


onsuccess:
    remember()


onerror:
    remember()
