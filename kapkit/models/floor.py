"""Chances of a loss with the floor that earlier ones showed: some leave without a sign."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize

from kapkit.wording import percent, say

#: Answers, and answers of each kind, below which chances stay as they were said.
ANSWERS_NEEDED, OF_EACH_NEEDED = 100, 10
_MOST = 0.5
_SURE = 1e-9


@dataclass(frozen=True)
class Floor:
    """The share that goes without a sign, which no chance is below: ``share + (1 - share) p``.

    ``answers`` is how many told it; 0 where they were too few, and chances stay as they are.
    """

    share: float = 0.0
    answers: int = 0

    def under(self, said: pd.Series) -> pd.Series:
        """Put the floor under chances; missing ones stay missing."""
        return self.share + (1 - self.share) * said

    @property
    def sentence(self) -> str:
        """Say what was done to the chances."""
        if not self.answers:
            return say("Chances are as the model says them: too few came before to put them right.")
        return say(
            "No chance is below {floor}: so many went without a sign among {answers} earlier "
            "answers.",
            answers=f"{self.answers:,}",
            floor=percent(self.share),
        )


def floor_of(said: pd.Series, came: pd.Series) -> Floor:
    r"""Learn from chances said before, and what came, how many go that nothing foretold.

    Of a share :math:`f` nothing known foretells that they go; of the others the model's chance
    :math:`p` is right: :math:`f + (1 - f) p`. :math:`f` is the most likely share.

    Parameters
    ----------
    said : Series of float
        Chances of the event, said before it was known, by a model fitted before.
    came : Series of float
        1 where the event came, 0 where not.

    Returns
    -------
    Floor
        None at all below 100 answers, or 10 of either kind.

    Examples
    --------
    >>> said, came = pd.Series([0.0] * 200), pd.Series([1.0] * 20 + [0.0] * 180)
    >>> round(floor_of(said, came).share, 3)
    0.1
    """
    happened, p = came.to_numpy(dtype=float), said.to_numpy(dtype=float)
    if len(p) < ANSWERS_NEEDED or min(happened.sum(), (1 - happened).sum()) < OF_EACH_NEEDED:
        return Floor()

    def loss(share: float) -> float:
        right = np.clip(share + (1 - share) * p, _SURE, 1 - _SURE)
        return -float((happened * np.log(right) + (1 - happened) * np.log1p(-right)).sum())

    found = optimize.minimize_scalar(loss, bounds=(0.0, _MOST), method="bounded")
    return Floor(float(found.x), len(p))
