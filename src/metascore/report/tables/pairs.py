"""Table `pairs`: how often one learner has the higher MetaScore than another."""

import pandas as pd

from metascore.report.numbers import Numbers

PLACE = 2
CAPTION = (
    "How often each learner has the higher MetaScore than each other one on the same episode, and the difference of "
    "their means, with 95 % intervals; p values are corrected for all pairs of the task (Shaffer)."
)
TITLE = "Pairs of learners: how often the first is better than the other"


def rows(numbers: Numbers) -> pd.DataFrame:
    """As they are written."""
    return numbers.pairs
