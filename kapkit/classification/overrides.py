"""2.1 Decisions of people: they stand over the model's, are shown as such, and expire."""

import datetime as dt
from dataclasses import replace

import pandas as pd

from kapkit.classification.abc import CLASSES, Classification, summary
from kapkit.wording import amount, day

_DECIDED = ["account_id", "field", "value", "reason", "by", "until"]


def overrides_in_force(
    overrides: pd.DataFrame | None, accounts: pd.Index, *, field: str, as_of: dt.date
) -> pd.DataFrame:
    """Find the decisions that hold on a day, one an account.

    Parameters
    ----------
    overrides : DataFrame, optional
        Schema ``OVERRIDES``; None where the book has none.
    accounts : Index
        The accounts asked for.
    field : str
        What is overridden: ``class`` or ``potential``.
    as_of : date
        The day; a decision still holds on its last one.

    Returns
    -------
    DataFrame indexed by account
        ``value``, ``reason``, ``by`` and ``until`` (missing: without end). Of several the one
        that lasts longest stands.
    """
    table = pd.DataFrame(columns=_DECIDED) if overrides is None else overrides[_DECIDED]
    until = pd.to_datetime(table["until"])
    holds = (table["field"] == field) & (until.isna() | (until >= pd.Timestamp(as_of)))
    known = table.assign(until=until)[holds & table["account_id"].isin(accounts)]
    lasting = known.sort_values("until", na_position="last", kind="stable")
    return lasting.drop_duplicates("account_id", keep="last").set_index("account_id")[_DECIDED[2:]]


def with_overrides(
    classified: Classification,
    overrides: pd.DataFrame | None,
    *,
    as_of: dt.date,
    currency: str = "",
) -> Classification:
    """Let decisions of people stand over the model's class and potential.

    Parameters
    ----------
    classified : Classification
        With ``reason``, ``reaches``, ``potential`` and ``headroom``, as in `key_accounts`.
    overrides : DataFrame, optional
        Schema ``OVERRIDES``. A class other than A, B and C, or a potential that is no number,
        changes nothing.
    as_of : date
        Decisions hold up to their last day.
    currency : str
        Written behind amounts.

    Returns
    -------
    Classification
        Its table also has ``model_class``; the reason says who decided what, why and until
        when. The values at which classes begin are the model's.
    """
    table = classified.table.assign(model_class=classified.table["class"])
    classes = overrides_in_force(overrides, table.index, field="class", as_of=as_of)
    classes = classes[classes["value"].isin(CLASSES)]
    sums = overrides_in_force(overrides, table.index, field="potential", as_of=as_of)
    sums = sums.assign(value=pd.to_numeric(sums["value"], errors="coerce")).dropna(subset=["value"])
    table = _with_potential(_with_class(table, classes), sums, currency)
    positive = table.loc[table["value"] > 0, "value"]
    return replace(classified, table=table, sentence=summary(table, positive))


def _with_class(table: pd.DataFrame, decided: pd.DataFrame) -> pd.DataFrame:
    named = decided.join(table["model_class"]).reset_index(names="account_id")
    said = [
        f"Set to {row['value']} {_by(row)}; the model says {row['model_class']}."
        for row in named.to_dict("records")
    ]
    changed = table.copy()
    changed.loc[decided.index, "class"] = decided["value"]
    changed.loc[decided.index, "reason"] = said
    changed.loc[decided.index, "reaches"] = ""
    return changed


def _with_potential(table: pd.DataFrame, decided: pd.DataFrame, currency: str) -> pd.DataFrame:
    changed, at = table.copy(), decided.index
    spent = (table["potential"] - table["headroom"])[at]
    changed.loc[at, ["potential_low", "potential_high"]] = float("nan")
    changed.loc[at, "potential"] = decided["value"].astype(float)
    changed.loc[at, "headroom"] = (decided["value"].astype(float) - spent).clip(lower=0)
    changed.loc[at, "reason"] = [
        f"{reason} Potential set to {amount(float(row['value']), currency)} {_by(row)}."
        for reason, row in zip(changed.loc[at, "reason"], decided.to_dict("records"), strict=True)
    ]
    return changed


def _by(row: dict) -> str:  # type: ignore[type-arg]
    end = "" if pd.isna(row["until"]) else f" until {day(row['until'])}"
    return f"by {row['by']}{end}: {row['reason']}"
