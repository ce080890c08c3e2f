"""What is learned once over the company: a region reads what a run stored, or learns it now."""

from collections.abc import Callable, Mapping
from functools import lru_cache

import pandas as pd

from kapkit.book.region import Region

Frames = Mapping[str, pd.DataFrame]


def learned(
    region: Region, name: str, learn: Callable[[Region], Frames]
) -> dict[str, pd.DataFrame]:
    """Give a region's part of what was learned over the company: stored by a run, else learned now.

    Both ways go through the same frames, so that a notebook in a run and an analyst without one
    see the same.

    Parameters
    ----------
    region : Region
        The region, or the company, as of a day.
    name : str
        Of the first frame; the others are called by it, an underscore and what they hold.
    learn : function
        Learns from the company and lays the result out as frames with a ``region`` column
        (missing: for all) and, where groups of regions learn apart (`kapkit.models.panels`),
        a ``panel`` column.

    Returns
    -------
    dict of DataFrame
        By what they hold (the first: an empty name), without the two columns: rows of this
        region, and those for all that its own group learned.
    """
    stored = {key: frame for key, frame in region.pooled.items() if _belongs(key, name)}
    frames = stored or _parted(_now(learn, region.company), region.name)
    first = frames[name]
    panel = first["panel"].min() if "panel" in first and len(first) else 0
    return {key[len(name) + 1 :]: _own(frame, panel) for key, frame in frames.items()}


def rows_of(frame: pd.DataFrame, region: str | None) -> pd.DataFrame:
    """Give the rows of a frame that are of a region or (None) of the whole company."""
    named = frame["region"]
    return frame[named.isna() if region is None else named == region]


def of_accounts(table: pd.DataFrame, accounts: pd.DataFrame) -> pd.DataFrame:
    """Lay out a table indexed by account as a run stores it: each row with its region."""
    return table.assign(region=accounts["region"]).reset_index(names="account_id")


def of_all(table: pd.DataFrame) -> pd.DataFrame:
    """Lay out what is for all regions as a run stores it: rows without a region."""
    return table.assign(region=pd.Series(None, index=table.index, dtype="str"))


def of_panel(frames: Frames, panel: int) -> dict[str, pd.DataFrame]:
    """Say of frames which group of regions learned them together."""
    return {name: frame.assign(panel=panel) for name, frame in frames.items()}


@lru_cache(maxsize=8)
def _now(learn: Callable[[Region], Frames], company: Region) -> Frames:
    return learn(company)


def _belongs(key: str, name: str) -> bool:
    return key == name or key.startswith(f"{name}_")


def _parted(frames: Frames, region: str | None) -> dict[str, pd.DataFrame]:
    if region is None:
        return dict(frames)
    return {
        key: frame[frame["region"].isna() | (frame["region"] == region)]
        for key, frame in frames.items()
    }


def _own(frame: pd.DataFrame, panel: int) -> pd.DataFrame:
    """Keep the rows of a region's own group; those with a region are its own already."""
    grouped = "panel" in frame
    own = frame[frame["region"].notna() | frame["panel"].eq(panel)] if grouped else frame
    return own.drop(columns="panel", errors="ignore").reset_index(drop=True)
