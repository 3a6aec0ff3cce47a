"""Table `learning`: learning curves."""

import pandas as pd

from metascore.report.numbers import Numbers

PLACE = 6
CAPTION = "The score on validation episodes during meta-training: the curves of the figure `learning`."


def rows(numbers: Numbers) -> pd.DataFrame:
    """As they are written."""
    return numbers.histories
