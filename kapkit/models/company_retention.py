"""Whether contacts keep accounts: estimated over all regions, read by each."""

import pandas as pd

from kapkit.book.region import Region
from kapkit.models.company_response import NO_CONTACTS
from kapkit.models.pooled import learned, of_accounts, of_all, of_panel
from kapkit.models.retention import Retention, retention
from kapkit.models.silences import silences

_TABLE = "retention"


def retention_of(region: Region) -> Retention:
    """Give what contacts do to the chance to go silent: as a run has stored it, else told now.

    Parameters
    ----------
    region : Region
        The region, or the company, as of a day.

    Returns
    -------
    Retention
        Learned over all regions; ``going`` of this region's accounts.
    """
    parts = learned(region, _TABLE, _laid_out)
    said = parts["said"].iloc[0]
    return Retention(
        float(said["saved"]),
        parts["table"].drop(columns="region").set_index("estimate"),
        parts[""].set_index("account_id")["going"].reindex(region.accounts.index),
        str(said["sentence"]),
    )


def company_retention(company: Region) -> Retention:
    """Estimate over the accounts of a company, or of some of its regions, what contacts keep.

    Parameters
    ----------
    company : Region
        The company as of a day; without activities nothing can be told.
    """
    activities = company.tables.get("activities", NO_CONTACTS)
    return retention(silences(company.purchases, activities, as_of=company.as_of))


def retention_frames(
    found: Retention, accounts: pd.DataFrame, *, panel: int = 0
) -> dict[str, pd.DataFrame]:
    """Lay it out as a run stores it: rows with a region, those for all without one.

    Parameters
    ----------
    found : Retention
        Of the company, or of some of its regions (`kapkit.models.panels`).
    accounts : DataFrame
        Its accounts, for their regions.
    panel : int
        Which group of regions learned together.
    """
    going = found.going.reindex(accounts.index).astype(float).to_frame("going")
    said = pd.DataFrame({"saved": [found.saved], "sentence": [found.sentence]})
    frames = {
        _TABLE: of_accounts(going, accounts),
        f"{_TABLE}_table": of_all(found.table.astype(float).reset_index()),
        f"{_TABLE}_said": of_all(said),
    }
    return of_panel(frames, panel)


def _laid_out(company: Region) -> dict[str, pd.DataFrame]:
    return retention_frames(company_retention(company), company.accounts)
