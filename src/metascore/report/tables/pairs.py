"""Table `pairs`: how often one learner has the higher MetaScore than another."""

import pandas as pd

from metascore.report.numbers import Numbers

PLACE = 2
CAPTION = (
    "How often each learner has the higher MetaScore than each other one on the same seed and episode, with 95 % "
    "intervals; p values are Holm-corrected."
)
TITLE = "Pairs of learners: how often the first is better than the other"


def rows(numbers: Numbers) -> pd.DataFrame:
    """As they are written."""
    return numbers.pairs
