"""Command pack: the runs of a budget as a few files for git."""

import logging

from metascore.config.params import Config
from metascore.store import packs
from metascore.store.paths import Results

log = logging.getLogger(__name__)


def run(config: Config, check: bool) -> None:
    """Pack all runs of a budget, or check its packs and the files that were unpacked from them.

    Raises UserError where one of them was edited or damaged.
    """
    results = Results.of(config).folder
    if check:
        packs.check(results)
    else:
        packs.pack(config)
    count = len(packs.all_packs(results))
    log.info("%s: %d runs of %s in %d files", packs.folder_of(results), len(config.runs()), config.budget, count)
