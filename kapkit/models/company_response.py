"""How sales respond to contacts: one elasticity, estimated once over all regions."""

import pandas as pd

from kapkit.book.region import Region
from kapkit.models.pooled import learned, of_all
from kapkit.models.response import Elasticity, contact_panel, elasticity_of_contacts

_TABLE = "elasticity"
#: Contacts of a book that has none.
NO_CONTACTS = pd.DataFrame(
    {
        "account_id": pd.Series(dtype="str"),
        "date": pd.Series(dtype="datetime64[us]"),
        "kind": pd.Series(dtype="str"),
    }
)


def elasticity_of(region: Region) -> Elasticity:
    """Give the elasticity a region plans with: what a run has stored, else estimated now.

    Parameters
    ----------
    region : Region
        The region, or the company, as of a day.

    Returns
    -------
    Elasticity
        The same for every region: a region of a dozen accounts cannot tell its own.
    """
    parts = learned(region, _TABLE, _laid_out)
    said = parts["said"].iloc[0]
    return Elasticity(
        float(said["value"]),
        float(said["sd"]),
        parts[""].drop(columns="region").set_index("estimate"),
        float(said["follows_demand"]),
        str(said["sentence"]),
    )


def company_elasticity(company: Region) -> Elasticity:
    """Estimate the elasticity of sales to contacts over the accounts of all regions.

    Parameters
    ----------
    company : Region
        The whole company as of a day; without activities, what other companies found is used.
    """
    activities = company.tables.get("activities", NO_CONTACTS)
    panel = contact_panel(
        company.purchases, activities, company.accounts.index, as_of=company.as_of
    )
    return elasticity_of_contacts(panel)


def elasticity_frames(found: Elasticity) -> dict[str, pd.DataFrame]:
    """Lay an elasticity out as a run stores it: rows for all regions."""
    said = pd.DataFrame(
        {
            "value": [found.value],
            "sd": [found.sd],
            "follows_demand": [found.follows_demand],
            "sentence": [found.sentence],
        }
    )
    return {
        _TABLE: of_all(found.table.astype(float).reset_index(names="estimate")),
        f"{_TABLE}_said": of_all(said),
    }


def _laid_out(company: Region) -> dict[str, pd.DataFrame]:
    return elasticity_frames(company_elasticity(company))
