"""What episodes have in common through their classes, and what it adds to intervals that are to hold for new classes.

Intervals speak of the test classes that there are: another study would draw other episodes of the same ones. For
classes that were never drawn, an episode's value is, beside what is its own,

    b(e) = sum of u(c) over the classes c of episode e

so that two episodes with k classes in common have a covariance of k var(u). It is estimated from all such pairs, and
their covariances add to the variance of the mean. Where classes explain nothing, nothing is added.
"""

import numpy as np
from jaxtyping import Float, Int

from metascore.scoring.variances import FEWEST


def shared_by_classes(
    values: Float[np.ndarray, "learner episode"], classes: Int[np.ndarray, "episode class"]
) -> Float[np.ndarray, " learner"]:
    """The variance of each learner's mean that comes from what episodes have in common: none that one of them shows."""
    if len(classes) < FEWEST:
        return np.zeros(len(values))
    common = in_common(classes)
    deviation = values - values.mean(axis=1, keepdims=True)
    products = np.einsum("ie,ef,if->i", deviation, common, deviation, optimize=True)
    episodes, count = len(classes), common.sum()
    of_means = values.var(axis=1, ddof=1) / episodes * count  # the mean is taken off, which has that variance
    known = np.square(common).sum() - (count / episodes) ** 2
    of_class = np.maximum((products + of_means) / known, 0.0) if known > 0 else np.zeros(len(values))
    return of_class * count / episodes**2


def in_common(classes: Int[np.ndarray, "episode class"]) -> Float[np.ndarray, "episode episode"]:
    """How many classes two episodes share; 0 of an episode with itself."""
    names, places = np.unique(classes, return_inverse=True)
    occurs = np.zeros((len(classes), len(names)))
    np.put_along_axis(occurs, places.reshape(classes.shape), 1.0, axis=1)
    common = occurs @ occurs.T
    np.fill_diagonal(common, 0.0)
    return common
