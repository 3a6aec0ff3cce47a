"""Command pack: the runs of a budget as a few files for git."""

import logging

from metascore.config.params import Config
from metascore.errors import UserError
from metascore.store import packs
from metascore.store.paths import Results

log = logging.getLogger(__name__)


def run(config: Config, check: bool) -> None:
    """Pack all runs of a budget, or check that its packs are undamaged and have what lies unpacked here.

    Raises UserError where they aren't.
    """
    if check:
        _check(config)
        return
    folder = packs.pack(config)
    log.info("%s: %d runs of %s in %d files", folder, len(config.runs()), config.budget, len(list(folder.iterdir())))


def _check(config: Config) -> None:
    results = Results.of(config).folder
    different = packs.differing(results)
    if different:
        raise UserError(
            f"{results}: {len(different)} unpacked files differ from the packs, such as {different[0]}: delete them to "
            f"restore those of git, or run `metascore pack --budget {config.budget}`"
        )
    log.info("%s: %d files are as their digests say", packs.folder_of(results), len(packs.all_packs(results)))
