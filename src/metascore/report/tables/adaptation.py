"""Table `adaptation`: adaptation curves."""

import pandas as pd

from metascore.report.numbers import Numbers

PLACE = 5
CAPTION = "The score after each adaptation step, with its interval: the curves of the figure `adaptation`."


def rows(numbers: Numbers) -> pd.DataFrame:
    """As they are written."""
    return numbers.curves
