"""The report of a budget some of whose runs are missing: in a folder of its own, beside the whole one."""

from dataclasses import dataclass
from pathlib import Path

from metascore.config.params import Config
from metascore.store.paths import Results

FOLDER = "partial"


@dataclass(frozen=True)
class Partial(Results):
    """Runs and scores are those of the budget; what is made from them replaces no whole report."""

    @property
    def report(self) -> Results:
        return Results(self.folder / FOLDER)

    @property
    def metrics(self) -> Path:
        return self.report.metrics

    @property
    def digests(self) -> Path:
        return self.report.digests

    @property
    def page(self) -> Path:
        return self.report.page

    def table(self, name: str, suffix: str) -> Path:
        return self.report.table(name, suffix)

    def figure(self, name: str, suffix: str) -> Path:
        return self.report.figure(name, suffix)


def results_of(config: Config, folder: Path | None = None) -> Results:
    """Where aggregate reads and writes: by default in the budget's folder."""
    folder = folder or Results.of(config).folder
    return (Partial if config.left_out else Results)(folder, config.shares_training)
