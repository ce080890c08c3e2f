"""What chapters 2.2 and 2.3 learn from all regions, as frames that a run stores."""

import pandas as pd

from kapkit.book.region import Region
from kapkit.classification.engagement import learn_engagement
from kapkit.classification.profile import learn_drivers
from kapkit.classification.season import seasonal_index
from kapkit.classification.white_space import learn_white_space


def learned_frames(company: Region) -> dict[str, pd.DataFrame]:
    """Learn once, over the company: rows with a region are its own, those without for all.

    Parameters
    ----------
    company : Region
        All regions as of a day.

    Returns
    -------
    dict of DataFrame
        ``drivers``, ``season``, ``peers``, ``peers_judged``, ``engagement`` and ``silence``.
    """
    season = seasonal_index(company.purchases, as_of=company.as_of).reset_index()
    for_all = {"drivers": learn_drivers(company), "season": season}
    return {
        **{
            name: table.assign(region=pd.Series(None, table.index, dtype="str"))
            for name, table in for_all.items()
        },
        **learn_white_space(company),
        **learn_engagement(company),
    }
