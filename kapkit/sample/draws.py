"""Draws that several parts of the world share."""

from collections.abc import Mapping

import numpy as np
import pandas as pd


def one_of(
    rng: np.random.Generator, choices: Mapping[str, tuple[str, ...]], key: pd.Series
) -> pd.Series:
    """Draw for each key one of that key's choices, all equally likely.

    >>> one_of(np.random.default_rng(0), {"a": ("x",), "b": ("y", "z")}, pd.Series(["a"])).tolist()
    ['x']
    """
    pool = np.concatenate(list(choices.values()))
    size = np.array([len(options) for options in choices.values()])
    row = pd.Index(list(choices)).get_indexer(pd.Index(key))
    turn = np.floor(rng.random(len(key)) * size[row]).astype(np.int64)
    return pd.Series(pool[(np.cumsum(size) - size)[row] + turn], key.index, dtype="str")
