"""2.1 for one region: value, class and reason of every account."""

from dataclasses import replace

from kapkit.book.region import Region
from kapkit.classification.abc import Classification, Cuts, classify
from kapkit.classification.reasons import explain, purchase_history
from kapkit.models.backtest import ValueBacktest, backtest_value
from kapkit.models.value import expected_value, past_value


def key_accounts(
    region: Region, *, cuts: Cuts | None = None, half_life_weeks: float = 26.0
) -> Classification:
    """Decide who a region's key accounts are: class, expected value and reason of each.

    Parameters
    ----------
    region : Region
        The region as of a day.
    cuts : Cuts
        Where classes begin; default: a fifth of the accounts A, the next three tenths B.
    half_life_weeks : float, weeks
        Age at which a purchase counts half.

    Returns
    -------
    Classification
        Its table also has ``name``, ``last_purchase``, ``days_since``, ``usual_gap_days``,
        ``reason``, ``would_change`` and ``reaches``.
    """
    accounts = region.accounts.index
    measure = region.book.value_measure
    value = expected_value(
        region.purchases,
        accounts,
        as_of=region.as_of,
        first_day=region.book.first_day,
        measure=measure,
        half_life_weeks=half_life_weeks,
    )
    past = past_value(region.purchases, accounts, as_of=region.as_of, measure=measure)
    classified = classify(value, past, cuts=cuts)
    history = purchase_history(region.purchases, accounts, as_of=region.as_of)
    sentences = explain(classified, history, currency=region.book.currency)
    table = classified.table.join([region.accounts["name"], history, sentences])
    return replace(classified, table=table)


def backtest_classes(
    region: Region, *, cuts: Cuts | None = None, half_life_weeks: float = 26.0
) -> ValueBacktest:
    """Judge the choice of key accounts on the region's own last half-year.

    Parameters
    ----------
    region : Region
        The region as of a day.
    cuts : Cuts
        As in `key_accounts`; its share of accounts is chosen, where it is cut by accounts, else
        a fifth.
    half_life_weeks : float, weeks
        As in `key_accounts`.

    Returns
    -------
    ValueBacktest
        See `backtest_value`.
    """
    cuts = cuts or Cuts()
    return backtest_value(
        region.purchases,
        region.accounts.index,
        as_of=region.as_of,
        first_day=region.book.first_day,
        measure=region.book.value_measure,
        half_life_weeks=half_life_weeks,
        share=cuts.a if cuts.by == "accounts" else Cuts().a,
    )
