"""What goes with an outcome: contrasts between accounts, with intervals, robust to outliers."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.tools.sm_exceptions import IterationLimitWarning

from kapkit.wording import amount

#: Below this many accounts nothing is told.
ACCOUNTS_NEEDED = 60
#: Numbers beyond these shares of the accounts are drawn in: one giant moves nothing.
_DRAWN_IN = (0.01, 0.99)
#: Of the contrasts named, this share at most is expected to be chance (Benjamini-Hochberg).
FALSE_SHARE = 0.1
_NINETY = float(stats.norm.ppf(0.95))
_MOST = 20_000


@dataclass(frozen=True)
class _Design:
    """Columns of a regression, and the contrasts to read off it."""

    matrix: pd.DataFrame
    contrasts: pd.DataFrame


def goes_with_quantile(
    amount: pd.Series, features: pd.DataFrame, *, level: float = 0.8, seed: int = 1
) -> pd.DataFrame:
    """Tell what goes with a high quantile of an amount: what the best accounts of a kind spend.

    Quantile regression of its log, which an outlier in the amount cannot move, on features
    drawn in at their first and last percentile.

    Parameters
    ----------
    amount : Series
        Per account; only positive ones are learned from.
    features : DataFrame indexed like ``amount``
        Numbers and text. A missing number counts as the median, and nothing is read off that;
        missing text is a level of its own, left out of the contrasts.
    level : float, 0 to 1
        Which quantile.
    seed : int
        Of the 20,000 accounts that are learned from where there are more.

    Returns
    -------
    DataFrame
        A row per contrast: ``characteristic``, ``contrast`` (a level against the mean account, or
        from the lower to the upper quartile), ``effect`` with its 90 % interval ``low`` and
        ``high`` (relative: .5 is half as much again), ``p``, ``stands`` (among those of which at
        most a tenth are expected to be chance) and ``accounts``. Empty below 60 accounts.

    References
    ----------
    Koenker, R. and Bassett, G. (1978), Regression quantiles, Econometrica 46(1). Benjamini, Y.
    and Hochberg, Y. (1995), Controlling the false discovery rate, J. R. Stat. Soc. B 57(1).
    """
    known = amount[amount > 0]
    known = known.sample(min(len(known), _MOST), random_state=seed)
    design = _designed(features.reindex(known.index))
    if len(known) < ACCOUNTS_NEEDED or design.contrasts.empty:
        return _nothing()
    with warnings.catch_warnings():
        # The answer may go round between equally good ones.
        warnings.simplefilter("ignore", IterationLimitWarning)
        fitted = sm.QuantReg(np.log(known.to_numpy(float)), design.matrix.to_numpy()).fit(
            q=level, vcov="robust", max_iter=2000
        )
    found = _read(design, np.asarray(fitted.params), np.asarray(fitted.cov_params()), len(known))
    ratios = ["effect", "low", "high"]
    return found.assign(**{name: np.expm1(found[name]) for name in ratios})


def goes_with_chance(outcome: pd.Series, features: pd.DataFrame) -> pd.DataFrame:
    """Tell what goes with the chance of an outcome, in points.

    A linear probability model, whose coefficients are differences of chances, with standard
    errors that hold however the errors vary (HC3), on features drawn in as in
    `goes_with_quantile`.

    Parameters
    ----------
    outcome : Series
        1 or 0 per account.
    features : DataFrame indexed like ``outcome``
        As in `goes_with_quantile`.

    Returns
    -------
    DataFrame
        As in `goes_with_quantile`; ``effect`` is a difference of chances (.1 is ten points).

    References
    ----------
    Long, J. S. and Ervin, L. H. (2000), Using heteroscedasticity consistent standard errors in
    the linear regression model, The American Statistician 54(3).
    """
    design = _designed(features.reindex(outcome.index))
    if len(outcome) < ACCOUNTS_NEEDED or outcome.nunique() < 2 or design.contrasts.empty:
        return _nothing()
    with np.errstate(divide="ignore", invalid="ignore"):
        fitted = sm.OLS(outcome.to_numpy(float), design.matrix.to_numpy()).fit(cov_type="HC3")
    return _read(design, np.asarray(fitted.params), np.asarray(fitted.cov_params()), len(outcome))


def _designed(features: pd.DataFrame) -> _Design:
    """Standardise numbers, take dummies of text, and note which contrasts to read."""
    columns: dict[str, pd.Series] = {"constant": pd.Series(1.0, features.index)}
    contrasts: list[dict[str, object]] = []
    for name, column in features.items():
        if pd.api.types.is_numeric_dtype(column):
            added, read = _number(str(name), column.astype(float))
        else:
            added, read = _text(str(name), column.astype("str"))
        columns |= added
        contrasts += read
    matrix = pd.DataFrame(columns, index=features.index)
    matrix = matrix.loc[:, _independent(matrix)]
    kept = [one for one in contrasts if set(_weights(one)) <= set(matrix.columns)]
    return _Design(matrix, pd.DataFrame(kept))


def _number(name: str, column: pd.Series) -> tuple[dict[str, pd.Series], list[dict[str, object]]]:
    """Read a number from its lower to its upper quartile, on a log scale where it spans one."""
    known = column.dropna()
    if known.nunique() < 3:
        return {}, []
    drawn = column.clip(*(float(known.quantile(at)) for at in _DRAWN_IN))
    wide = known.min() >= 0 and known.quantile(0.9) > 8 * max(float(known.quantile(0.1)), 1e-9)
    scaled = pd.Series(np.log1p(drawn) if wide else drawn, column.index)
    spread = float(scaled.std(ddof=0))
    if not spread > 0:
        return {}, []
    standard = ((scaled - scaled.mean()) / spread).fillna(0.0)
    low, high = (float(known.quantile(at)) for at in (0.25, 0.75))
    steps = [np.log1p(end) if wide else end for end in (low, high)]
    step = (steps[1] - steps[0]) / spread
    if not step > 0:
        return {}, []
    added = {name: standard}
    if column.isna().any():
        added[f"{name} missing"] = column.isna().astype(float)
    contrast = f"{_figure(low)} → {_figure(high)}"
    return added, [{"characteristic": name, "contrast": contrast, "weights": {name: step}}]


def _text(name: str, column: pd.Series) -> tuple[dict[str, pd.Series], list[dict[str, object]]]:
    """Read each level against the mean account."""
    level = column.fillna("not known")
    shares = level.value_counts(normalize=True).sort_index()
    if len(shares) < 2:
        return {}, []
    keys = {str(value): f"{name}={value}" for value in shares.index[1:]}
    added = {key: (level == value).astype(float) for value, key in keys.items()}
    mean = {key: -float(shares[value]) for value, key in keys.items()}
    read: list[dict[str, object]] = [
        {
            "characteristic": name,
            "contrast": str(value),
            "weights": {key: mean[key] + (key == keys.get(str(value))) for key in mean},
        }
        for value in shares.index
        if value != "not known"
    ]
    return added, read


def _independent(matrix: pd.DataFrame) -> list[str]:
    """Keep columns that those before them do not make up."""
    kept: list[str] = []
    values = matrix.to_numpy(float)
    basis = np.empty((len(values), 0))
    for at, name in enumerate(matrix.columns):
        column = values[:, at]
        rest = column - basis @ (basis.T @ column)
        if np.linalg.norm(rest) > 1e-6 * max(float(np.linalg.norm(column)), 1e-9):
            kept.append(str(name))
            basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
    return kept


def _weights(contrast: Mapping[str, object]) -> dict[str, float]:
    return dict(contrast["weights"])  # type: ignore[call-overload, no-any-return]


def _read(
    design: _Design, params: np.ndarray, covariance: np.ndarray, accounts: int
) -> pd.DataFrame:
    rows = []
    for contrast in design.contrasts.to_dict("records"):
        weights = pd.Series(_weights({str(k): v for k, v in contrast.items()}))
        vector = weights.reindex(design.matrix.columns, fill_value=0.0).to_numpy()
        effect = float(vector @ params)
        error = float(np.sqrt(max(vector @ covariance @ vector, 0.0)))
        p = 2 * stats.norm.sf(abs(effect) / error) if error > 0 else 1.0
        rows.append(
            [
                contrast["characteristic"],
                contrast["contrast"],
                effect,
                effect - _NINETY * error,
                effect + _NINETY * error,
                p,
            ]
        )
    names = ["characteristic", "contrast", "effect", "low", "high", "p"]
    table = pd.DataFrame(rows, columns=names)
    usable = table["p"].notna() & np.isfinite(table["effect"])
    table = table[usable].reset_index(drop=True)
    if table.empty:
        return _nothing()
    stands = multipletests(table["p"], alpha=FALSE_SHARE, method="fdr_bh")[0]
    found: pd.DataFrame = table.assign(stands=stands, accounts=float(accounts))
    return found


def _nothing() -> pd.DataFrame:
    text, numbers = ["characteristic", "contrast"], ["effect", "low", "high", "p"]
    table = pd.DataFrame(columns=[*text, *numbers]).astype(
        dict.fromkeys(text, "str") | dict.fromkeys(numbers, "float64")
    )
    return table.assign(stands=pd.Series(dtype=bool), accounts=pd.Series(dtype=float))


def _figure(value: float) -> str:
    if abs(value) >= 1000:
        return amount(value)
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2g}"
