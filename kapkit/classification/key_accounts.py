"""2.1 for one region: value, class, its chance, potential and reason of every account."""

from dataclasses import dataclass, replace

import pandas as pd

from kapkit.book.region import Region
from kapkit.classification.abc import Classification, Cuts, classify, summary
from kapkit.classification.moves import Stability, positions, steady_classes
from kapkit.classification.overrides import with_overrides
from kapkit.classification.reasons import explain, purchase_history
from kapkit.models.class_probability import chances_of_classes
from kapkit.models.outlook import Outlook, outlook_of
from kapkit.models.value import past_value
from kapkit.wording import percent, several

_POTENTIAL = ["potential", "potential_low", "potential_high", "headroom", "buys"]


def key_accounts(
    region: Region, *, cuts: Cuts | None = None, stability: Stability | None = None
) -> Classification:
    """Decide who a region's key accounts are: class, expected value and reason of each.

    Accounts are valued by the way that ranked best on the company's own past (`outlook_of`);
    the class that the last twelve months alone would give stands beside.

    Parameters
    ----------
    region : Region
        The region as of a day.
    cuts : Cuts
        Where classes begin; default: a fifth of the accounts A, the next three tenths B.
    stability : Stability
        What evidence a move needs where an earlier run has classed the account; default: what
        the book's kapkit.toml says under ``[classes]`` (`stability_of`), the same on every page.

    Returns
    -------
    Classification
        Its table also has ``name``, ``plain_class``, the chances ``A``, ``B`` and ``C`` of the
        next half-year, ``potential`` (revenue a year) with ``potential_low``,
        ``potential_high``, ``stated_potential`` and ``headroom``, ``buys`` (chance of an order
        in the next quarter), ``last_purchase``, ``days_since``, ``usual_gap_days``, ``reason``,
        ``would_change`` and ``reaches``. Decisions of people stand over the model's
        (`with_overrides`); ``model_class`` is what it says, and ``held`` tells that
        it would differ but for the stability rule.
    """
    found, accounts = outlook_of(region), region.accounts
    past = past_value(
        region.purchases, accounts.index, as_of=region.as_of, measure=region.book.value_measure
    )
    bought = region.purchases.groupby("account_id").size()
    value = found.accounts[["value", "low", "high"]].assign(
        order_days=bought.reindex(accounts.index, fill_value=0)
    )
    classified = classify(value, past, cuts=cuts)
    plain = classify(value.assign(value=past), past, cuts=cuts).table["class"]
    table = classified.table.join(
        [
            accounts[["name"]],
            plain.rename("plain_class"),
            chances_of(classified, found),
            found.accounts[_POTENTIAL],
            accounts.reindex(columns=["stated_potential"]).astype(float),
        ]
    )
    history = purchase_history(region.purchases, accounts.index, as_of=region.as_of)
    classified = _steadied(
        replace(classified, table=table), region, stability or stability_of(region)
    )
    sentences = explain(classified, history, currency=region.book.currency)
    explained = replace(classified, table=classified.table.join([history, sentences]))
    return with_overrides(
        explained,
        region.tables.get("overrides"),
        as_of=region.as_of,
        currency=region.book.currency,
    )


def stability_of(region: Region) -> Stability:
    """Read what evidence a move between classes needs from the book's ``[classes]``.

    Parameters
    ----------
    region : Region
        Of any book; one that says nothing has the defaults.

    Returns
    -------
    Stability
    """
    said, usual = region.book.classes, Stability()
    return Stability(
        band=said.get("band", usual.band), missed=said.get("missed_cost", usual.missed)
    )


def _steadied(classified: Classification, region: Region, stability: Stability) -> Classification:
    """Keep accounts in the class of the run before unless evidence moves them."""
    table = classified.table
    if "classes" not in region.earlier:
        return replace(classified, table=table.assign(held=False))
    earlier = region.earlier["classes"].set_index("account_id")["model_class"].dropna()
    positive = max(int((table["value"] > 0).sum()), 1)
    counts = classified.counts()
    steady = steady_classes(
        # The middle of its place, so that the first of few accounts is not on the cut itself.
        positions(table["value"]) - 0.5 / positive,
        earlier,
        a=counts["A"] / positive,
        b=counts[["A", "B"]].sum() / positive,
        band=stability.band,
        chances=table[["A", "B", "C"]],
        missed=stability.missed,
    ).where(table["value"] > 0, "C")
    held = steady != table["class"]
    steadied = table.assign(**{"class": steady, "held": held})
    positives = steadied.loc[steadied["value"] > 0, "value"]
    return replace(classified, table=steadied, sentence=summary(steadied, positives))


def chances_of(classified: Classification, found: Outlook) -> pd.DataFrame:
    """Give each account's chances to belong to A, B and C by what it is worth next.

    Parameters
    ----------
    classified : Classification
        The classes, for how large a share of the buying accounts each is.
    found : Outlook
        For the chance to be in each top share.

    Returns
    -------
    DataFrame indexed like the accounts
        ``A``, ``B``, ``C``, which sum to 1; missing where they cannot be told.
    """
    counts = classified.counts()
    bought = max(int((classified.table["order_days"] > 0).sum()), 1)
    shares = [min(int(counts[list(up_to)].sum()) / bought, 1.0) for up_to in ("A", "AB")]
    return chances_of_classes(found.within, *shares)


@dataclass(frozen=True)
class ChoiceBacktest:
    """How each way of valuing accounts would have chosen, in this region and the company.

    ``table`` is indexed by way, the plain one first: ``capture_here``, ``capture_20`` and
    ``capture_5`` (company), shares of the value that hindsight would have caught;
    ``precision_here`` and ``precision_20``, the share chosen rightly; ``changed_here`` and
    ``changed``, the share of the chosen that the next quarter does not choose; ``chosen``.
    ``worse`` says that the chosen way did worse here than the plain one, by more than chance;
    ``told`` that anything could be told.
    """

    table: pd.DataFrame
    worse: bool
    told: bool
    sentences: tuple[str, ...]


def backtest_classes(region: Region) -> ChoiceBacktest:
    """Judge the choice of key accounts on the past: would it have been right?

    Parameters
    ----------
    region : Region
        The region as of a day.

    Returns
    -------
    ChoiceBacktest
        Captures here are missing below 30 accounts.
    """
    found = outlook_of(region)
    company, here = found.ways("value"), found.ways("value", region.name)
    kept = ["capture_20", "capture_5", "precision_20", "changed", "chosen"]
    table = company[kept].assign(
        **{
            f"{name}_here": here[f"{name}_20"].reindex(company.index)
            for name in ("capture", "precision")
        },
        changed_here=here["changed"].reindex(company.index),
    )
    row = here.reindex([found.chosen]).iloc[0]
    return ChoiceBacktest(
        table,
        bool(row["gain_high"] < 0),
        bool(table["capture_20"].notna()[found.chosen]),
        (found.said["value"], _verdict(row, table["capture_here"], found.chosen)),
    )


def _verdict(row: pd.Series, captures: pd.Series, chosen: str) -> str:
    if pd.isna(captures[chosen]):
        known = 0 if pd.isna(row["accounts"]) else int(row["accounts"])
        return (
            f"Not enough data to tell in this region alone: {several(known, 'account')} had bought "
            "by then, 30 are needed; the company's answer stands."
        )
    if chosen == "plain" or pd.isna(row["gain"]):
        return f"In this region the plain ranking caught {percent(captures['plain'])}."
    said = (
        f"In this region it caught {percent(captures[chosen])}, the last twelve months "
        f"{percent(captures['plain'])}"
    )
    if row["gain_low"] > 0:
        return f"{said}: it ranks better here."
    if row["gain_high"] < 0:
        return f"{said}: the plain ranking was better here; read the order with care."
    return (
        f"{said}; the difference of {row['gain'] * 100:+z.0f} points "
        f"({row['gain_low'] * 100:+z.0f} to {row['gain_high'] * 100:+z.0f}) is within chance for "
        f"{several(int(row['accounts']), 'account')}."
    )
