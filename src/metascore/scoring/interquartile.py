"""The interquartile mean of all episodes of all seeds (Agarwal et al. 2021), with its interval.

An episode's influence on it (Tukey and McLaughlin 1963) is the deviation of its winsorised value, over the share of
values that is kept; the spread of influences gives the interval, as that of the values gives that of a mean. Near
perfection that needs three departures; what intervals hold with all of them, docs/reference/statistics.md shows:

- Values are winsorised one standard error of a quantile's place further out. Where a quarter of the episodes, more or
  less, are not perfect, this sample's quartile may be perfect and the next one's not.
- The ends lie on the scale of the scores, cut off at what is possible: a mean that lies on a bound while its influences
  vary has no log odds.
- What is expected of seeds is what the plain means say. Where the interquartile mean lies next to the bound, any
  difference of seeds is endless in log odds, and lent to others made their intervals a hundred points wide.
"""

import numpy as np
from jaxtyping import Float
from scipy import stats

from metascore.scoring.intervals import Interval, reach
from metascore.scoring.variances import FEWEST, Model, mean_error, sample

CUT = 0.25  # the share of episodes that is left out on either side


def interquartile_means(
    values: Float[np.ndarray, "learner seed episode"], possible: tuple[float, float], means: Model
) -> Interval:
    """Of each learner; without ends where there is one episode only.

    `possible` are the bounds of a value, and `means` is the model of the values' plain means.
    """
    point = np.array([stats.trim_mean(one, CUT, axis=None) for one in values])
    if values.shape[2] < FEWEST:
        return Interval(point, np.full_like(point, np.nan), np.full_like(point, np.nan))
    own = sample(np.stack([_influences(one) for one in values]))
    of_seeds = means.expected - means.sample.noise
    far = reach(mean_error(Model(own, own.noise + of_seeds, means.prior)))
    return Interval(point, np.maximum(point - far, possible[0]), np.minimum(point + far, possible[1]))


def _influences(values: Float[np.ndarray, "seed episode"]) -> Float[np.ndarray, "seed episode"]:
    """The seeds of an episode are too alike to make a quantile's place more certain."""
    error = np.sqrt(CUT * (1 - CUT) / values.shape[1])
    outside = max(CUT - error, 0.0)
    winsorised = np.clip(values, *np.quantile(values, [outside, 1 - outside]))
    return (winsorised - winsorised.mean()) / (1 - 2 * CUT)
