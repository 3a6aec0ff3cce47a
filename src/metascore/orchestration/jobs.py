"""What the rules of the workflow ask: the inputs, outputs and parameters of each job, from params.yaml."""

import functools
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from metascore.config.params import OMNIGLOT, Config, Run
from metascore.data import folder
from metascore.files import sha256
from metascore.orchestration import forecast, provenance, published, vouched
from metascore.problems.episode_file import EpisodeFile
from metascore.report import declarations, learner_pages
from metascore.store import inputs, leaks, paths
from metascore.store.paths import Results

PUBLISHED = [f"src/metascore/scoring/{name}.csv" for name in ("published", "yardsticks")]


class Pattern(NamedTuple):
    """A run as Snakemake's wildcards."""

    task: str = "{task}"
    learner: str = "{learner}"
    seed: str = "{seed}"


class Report(NamedTuple):
    """What `aggregate` makes that people look at: its file, and what it shows."""

    file: str
    category: str
    caption: str


def section(*values: Any) -> str:
    """Values that a job depends on, as text that doesn't depend on the order of keys."""
    return json.dumps(values, sort_keys=True, default=vars)


@functools.cache
def code(stage: str, learner_file: str | None = None, problem: str | None = None) -> str:
    """The digest of what a job's step imports: the job runs again when it changes."""
    return provenance.stage_code(stage, learner_file, problem)


class Jobs:
    """The jobs of one budget."""

    def __init__(self, config: Config) -> None:
        self.config, self.results, self.vouched = config, Results.of(config), vouched.read()

    # Files.

    def of_run(self, name: str) -> str:
        """A file of each run (a method of Results) as a pattern of Snakemake's."""
        return self._file(name, Pattern())

    def each_run(self, *names: str) -> list[str]:
        """These files of every run of the budget."""
        return list(dict.fromkeys(self._file(name, run) for name in names for run in self.config.runs()))

    def _file(self, name: str, job: paths.Job) -> str:
        return str(getattr(self.results, name)(job))

    def log(self, rule: str) -> str:
        """The log of a rule's jobs, a run each."""
        return f"logs/{self.config.budget}/{rule}/{'/'.join(Pattern())}.log"

    def episode_files(self) -> list[str]:
        """Every episode file that the budget needs."""
        return [str(paths.EPISODES / file) for file in self.config.episode_files()]

    def splits(self) -> list[str]:
        """The splits that the budget needs."""
        return [str(paths.split(name.removeprefix("splits/"))) for name in self.config.splits()]

    def data_sets(self) -> list[str]:
        """The user's own data sets that the budget needs."""
        needed = {paths.DATA / name for one in self.config.tasks.values() for name in one.inputs}
        return [name for name in self.config.folders if paths.PICTURES / name / "images.npy" in needed]

    def of_omniglot(self, name: str = OMNIGLOT) -> list[str]:
        """What is made of Omniglot; `name` may be a wildcard of Snakemake's."""
        return [str(paths.DATA / name / path.name) for path in (paths.IMAGES, paths.CHARACTERS, paths.SOURCE)]

    def fetched(self) -> list[str]:
        """Omniglot, if a task of the budget is made of it: pictures of one's own, waves and paths need none."""
        needed = {str(paths.DATA / name) for one in self.config.tasks.values() for name in one.inputs}
        return self.of_omniglot() if needed.intersection(self.of_omniglot()) else []

    def pictures(self, name: str = "{data_set}") -> list[str]:
        """What is made of a data set of the user's own; as a pattern of Snakemake's by default."""
        return [str(paths.PICTURES / name / file) for file in ("images.npy", "classes.csv", "source.json")]

    def _table(self, name: str, suffix: str) -> str:
        return str(self.results.table(name, suffix))

    def plain_report(self) -> list[str]:
        """What `aggregate` makes that Snakemake's own report doesn't show."""
        latex = [self._table(one.name, "tex") for one in declarations.tables() if one.is_paper]
        return [str(self.results.metrics), str(self.results.digests), *latex]

    def shown_report(self) -> list[Report]:
        """What Snakemake's own report shows, with captions."""
        tables = [
            Report(self._table(one.name, suffix), "Tables", one.caption)
            for one in declarations.tables()
            for suffix in (["csv", "md"] if one.is_document else ["csv"])
        ]
        figures = [
            Report(str(self.results.figure(one.name, "png")), "Figures", one.caption) for one in declarations.figures()
        ]
        return [*tables, *figures, Report(str(self.results.page), "Report", declarations.PAGE)]

    def outputs(self) -> list[str]:
        """Every file that the budget's jobs make."""
        runs = self.each_run("checkpoint", "training", "record", "score", "evaluation_record", "figure_data")
        shown = [one.file for one in self.shown_report()]
        pictures = [file for name in self.data_sets() for file in self.pictures(name)]
        return [*self.fetched(), *pictures, *self.splits(), *self.episode_files(), *runs, *self.plain_report(), *shown]

    def targets(self) -> list[str]:
        """What is made where nothing else is asked for; data of published results only where a run needs them."""
        made = self.outputs()
        return [file for file in made if Path(file).parts[0] != paths.DATA.name] if self.config.is_published else made

    def differences(self) -> dict[Run, str]:
        """What makes those runs that lie here others than would be made; see `published`."""
        return published.differences(self.config, self.code_of_run)

    # Inputs.

    def split_inputs(self, wildcards: Any) -> list[str]:
        """The classes, and the user's own lists where there are any."""
        data_set = wildcards.split.rpartition("/")[0]
        classes = paths.PICTURES / data_set / "classes.csv" if data_set else paths.CHARACTERS
        return [str(classes), *map(str, _own_lists(wildcards.split, self._split_settings(data_set)))]

    def episode_inputs(self, wildcards: Any) -> list[str]:
        """What a problem draws episodes from, such as the split."""
        problem = self._episodes(wildcards).problem
        return [str(paths.DATA / name) for name in problem.drawn_from(self.config.split["name"])]

    def training_inputs(self, wildcards: Any) -> list[str]:
        """The images, if the problem has any, and the episodes of training and validation."""
        files = _files_of(self.config.training_files(wildcards.task, wildcards.learner))
        return self._settled(files, published.identity, wildcards)

    def test_inputs(self, wildcards: Any) -> list[str]:
        """The images, if the problem has any, and the test episodes."""
        return self._settled(_files_of([self.config.test_file(wildcards.task)]), published.evaluation_record, wildcards)

    def _settled(self, files: list[str], record: Callable[[Results, Any], dict[str, Any]], job: Any) -> list[str]:
        """Inputs of a run; where it is published, those that its record names count as old."""
        if not self.config.is_published:
            return files
        return published.settled(files, record(self.results, job).get("inputs", {}))

    def checkpoint(self, wildcards: Any) -> str:
        """What a run is judged with: its own, or another task's, where the budget lets one training serve both."""
        return self._file("checkpoint", wildcards)

    def aggregate_inputs(self) -> list[str]:
        """What the report is made from: all runs, what the controls look at, the episodes that figures show."""
        runs = self.each_run("score", "evaluation_record", "figure_data", "training", "record", "checkpoint")
        sources = {problem.source for problem in self.config.tasks.values() if problem.source}
        controls = [str(paths.DATA / name) for name in [*sorted(sources), *leaks.leak_files(self.config)]]
        shown = _files_of([self.config.test_file(task) for task in self.config.tasks])
        data = list(dict.fromkeys([*controls, *shown]))
        return [*runs, *(map(published.old, data) if self.config.is_published else data)]

    # Parameters.

    def code_of_run(self, stage: str) -> Callable[[Any], str]:
        """The digest of a step that runs a learner on a problem: with the files of these two, and no others.

        An older one, where today's code was shown to do the same.
        """

        def found(wildcards: Any) -> str:
            now = code(stage, self._learner_file(wildcards), self.config.tasks[wildcards.task].name)
            return vouched.recorded(self.vouched, self.config.budget, wildcards, stage, now)

        return found

    def code_of_episodes(self, wildcards: Any) -> str:
        """The digest of the step that draws episodes: with the file of their problem."""
        return code("episodes", problem=self._episodes(wildcards).problem.name)

    def recipe(self, wildcards: Any) -> str:
        """A run's section of params.yaml, resolved."""
        return section(self.config.recipe(wildcards.task, wildcards.learner))

    def split_section(self, wildcards: Any) -> str:
        """The numbers of one split, and what the user's own lists say, if it is made from them."""
        settings = self._split_settings(wildcards.split.rpartition("/")[0])
        lists = _own_lists(wildcards.split, settings)
        if not lists:
            return section(settings | {"file": None} if "file" in settings else settings)
        return section(settings, {str(path): sha256(path) for path in lists if path.is_file()})

    def _split_settings(self, data_set: str) -> dict[str, Any]:
        """How a data set is split; of Omniglot, where none is named."""
        return dict(self.config.folders[data_set].get("split", {})) if data_set else self.config.split

    def pictures_section(self, wildcards: Any) -> str:
        """How pictures are to be seen, and which files they are: who changes one has them read again."""
        settings = self.config.folders[wildcards.data_set]
        place = Path(settings["path"]).expanduser()
        look = {key: settings.get(key, False) for key in ("size", "channels", "invert")}
        return section(look, folder.fingerprint(folder.listed(place).files, place))

    def episode_section(self, wildcards: Any) -> str:
        """What one episode file depends on: its problem and count, and the settings for its part."""
        file, drawn = self._episodes(wildcards), self.config.episodes
        return section(file, drawn | {"rotate": file.part in drawn["rotate"]})

    def report_section(self) -> str:
        """What the report says beside the runs' own numbers."""
        config = self.config
        pages = learner_pages.digest({run.learner: self._learner_file(run) for run in config.runs()})
        twins = {name: entry.trained_as for name, entry in config.entries.items()}
        return section(pages, config.tasks, twins, config.seeds, config.split["name"], config.episodes)

    # Resources, for clusters: those of a second and third attempt are two and three times those of the first.

    def minutes(self, wildcards: Any, attempt: int) -> int:
        """The time limit of a run's training."""
        return forecast.minutes(self.config, *self.runs([wildcards])) * attempt

    def runs(self, wildcards: Iterable[Any]) -> list[Run]:
        """The runs of these jobs."""
        return [Run(one.task, one.learner, int(one.seed)) for one in wildcards]

    def _learner_file(self, job: Any) -> str:
        return self.config.entries[job.learner].file

    def _episodes(self, wildcards: Any) -> EpisodeFile:
        return self.config.episode_files()[wildcards.file]


def _files_of(files: list[EpisodeFile]) -> list[str]:
    """What a step that reads these episodes reads."""
    return list(map(str, inputs.input_files(files)))


def _own_lists(split: str, settings: Mapping[str, Any]) -> list[Path]:
    """The user's own lists: one file, or those of a folder, whose time does not change when one of them does."""
    if split.rpartition("/")[2] != "file" or not settings.get("file"):
        return []
    path = Path(settings["file"])
    return sorted(path.glob("*.txt")) if path.is_dir() else [path]
