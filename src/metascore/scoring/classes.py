"""The variance that episodes share through their classes: it widens intervals that are to hold for new classes.

The other intervals hold for other episodes of the same test classes. For new classes, the value of an episode has,
beside a part of its own, the part

    b(e) = sum of u(c) over the classes c of episode e

so that two episodes with k classes in common have the covariance k var(u). var(u) is estimated from all such pairs,
and their covariances add to the variance of the mean.
"""

import numpy as np
from jaxtyping import Float, Int

from metascore.scoring.variances import FEWEST


def shared_by_classes(
    values: Float[np.ndarray, "learner episode"], classes: Int[np.ndarray, "episode class"]
) -> Float[np.ndarray, " learner"]:
    """The variance that common classes add to each learner's mean; 0 with one episode."""
    if len(classes) < FEWEST:
        return np.zeros(len(values))
    common = in_common(classes)
    deviation = values - values.mean(axis=1, keepdims=True)
    products = np.einsum("ie,ef,if->i", deviation, common, deviation, optimize=True)
    episodes, count = len(classes), common.sum()
    of_means = values.var(axis=1, ddof=1) / episodes * count  # deviations are from a mean with this variance
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
