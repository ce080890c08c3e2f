"""What a plan starts from: accounts, contacts today, what they take and what they bring."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats

from kapkit.book.errors import DataError, listing
from kapkit.cultivation.effort import (
    Rules,
    hours_per_contact,
    least_contacts,
    references,
    time_shares,
)
from kapkit.cultivation.heap import Codes
from kapkit.models.curves import calibrate, multiple
from kapkit.models.poisson import Matrix
from kapkit.models.response import PRIOR

_MONTHS = 12

#: Columns of `needed_contacts`.
NEEDED = ["account_id", "kind", "need"]

#: Chances that an account is lost, and the shares of them that twice the contacts avert.
_KEPT = {"leave": "saved", "going": "averted"}

#: Quantile of the 80 % interval that values come with.
_REACH_80 = float(stats.norm.ppf(0.9))


@dataclass(frozen=True)
class Situation:
    """What a plan starts from: accounts, contacts today, what they take and bring.

    ``today``, ``hours`` (of one contact), ``due`` and ``reference`` are accounts x kinds,
    ``share`` is the part each kind has in the response; ``owners`` has the ``hours`` a year of
    each owner. Accounts whose owner has no hours in staff are in ``unplanned``; ``needed`` names
    the unmet needs that ask for a contact.
    """

    accounts: pd.DataFrame
    today: pd.DataFrame
    hours: pd.DataFrame
    due: pd.DataFrame
    reference: pd.DataFrame
    share: pd.Series
    owners: pd.DataFrame
    curves: pd.DataFrame
    rules: Rules
    unplanned: pd.Index
    needed: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=NEEDED))

    @property
    def owner(self) -> Codes:
        """The owner of each account, as a position in ``owners``."""
        found: Codes = self.owners.index.get_indexer(pd.Index(self.accounts["owner"]))
        return found

    @property
    def capacity(self) -> Matrix:
        """Hours a year of each owner."""
        return self.owners["hours"].to_numpy(float)

    @property
    def value_error(self) -> pd.Series:
        """Standard error of each account's contribution; 0 where it came without interval."""
        if not {"low", "high"} <= set(self.accounts):
            return pd.Series(0.0, self.accounts.index)
        return ((self.accounts["high"] - self.accounts["low"]) / (2 * _REACH_80)).fillna(0.0)

    def worth(self) -> Matrix:
        """Give the contribution a year that contacts act on; of loss-making accounts, none.

        Where people typed, or the data show, that contacts keep accounts (``saved``: the share
        of the chance to ``leave`` that twice today's contacts avert; ``averted``: that of the
        chance of ``going``), what they keep counts too; a chance alone counts for nothing.
        """
        base = self.accounts["contribution"].clip(lower=0.0).fillna(0.0)
        kept = sum(
            (self.accounts[risk] * self.accounts[share]).fillna(0.0)
            for risk, share in _KEPT.items()
            if {risk, share} <= set(self.accounts)
        )
        if isinstance(kept, pd.Series):
            twice = multiple(self.curves, np.full(len(base), 2.0)) - 1
            base = base * (1 + kept / np.where(twice > 0, twice, np.inf))
        return base.to_numpy(float)

    def gain(self, contacts: Matrix, curves: pd.DataFrame | None = None) -> Matrix:
        """Give what contacts (accounts x kinds x levels) bring a year beyond today's, in money."""
        flat = contacts.reshape(len(contacts), len(self.share), -1)
        sold = self._multiple(flat, curves) - self._multiple(level(self.today), curves)
        scale = self.worth()[:, None, None] * self.share.to_numpy(float)[:, None]
        found: Matrix = (sold * scale).reshape(contacts.shape)
        return found

    def _multiple(self, contacts: Matrix, curves: pd.DataFrame | None) -> Matrix:
        times = contacts / level(self.reference)
        used = self.curves if curves is None else curves
        return multiple(used, times.reshape(len(times), -1)).reshape(times.shape)


def situation(
    accounts: pd.DataFrame,
    today: pd.DataFrame,
    staff: pd.DataFrame,
    *,
    curves: pd.DataFrame | None = None,
    needed: pd.DataFrame | None = None,
    rules: Rules | None = None,
) -> Situation:
    """Gather what a plan starts from, and set aside the accounts nobody can plan for.

    Parameters
    ----------
    accounts : DataFrame indexed by account
        ``owner``, ``class``, ``contribution`` (expected, a year); optionally its ``low`` and
        ``high`` (80 %), ``travel_minutes``, and ``leave`` with ``saved``, ``going`` with
        ``averted`` (0 to 1, see `Situation.worth`).
    today : DataFrame
        From `today_effort`.
    staff : DataFrame
        Schema ``STAFF``.
    curves : DataFrame indexed by account
        From `calibrate` or `with_judgement`; default: concave with the elasticity .31.
    needed : DataFrame
        From `needed_contacts`.
    rules : Rules
        Default: `Rules()`.

    Returns
    -------
    Situation

    Raises
    ------
    DataError
        If an account is there twice, no contact was logged, or no owner has hours.
    """
    rules = rules or Rules()
    twice = accounts.index[accounts.index.duplicated()]
    if len(twice):
        raise DataError(f"accounts: {listing([str(key) for key in twice])}: more than one row")
    paid = staff.drop_duplicates("owner").set_index("owner")["hours_per_month"] * _MONTHS
    able = accounts["owner"].isin(paid.index[paid > 0])
    if not able.any():
        raise DataError(
            "staff: no owner of these accounts has hours_per_month; give hours, nothing can be "
            "planned without"
        )
    own = accounts[able]
    done = today.reindex(index=own.index, columns=rules.kinds).fillna(0.0)
    hours = hours_per_contact(own, rules)
    if curves is None:
        curves = calibrate(pd.Series(PRIOR, own.index))
    return Situation(
        own,
        done,
        hours,
        least_contacts(own, rules, needed),
        references(done, own["class"]),
        time_shares(done, hours),
        paid[paid.index.isin(own["owner"])].sort_index().to_frame("hours"),
        curves.reindex(own.index),
        rules,
        accounts.index[~able],
        _of(needed, own.index),
    )


def _of(needed: pd.DataFrame | None, accounts: pd.Index) -> pd.DataFrame:
    if needed is None:
        return pd.DataFrame(columns=NEEDED)
    return needed[needed["account_id"].isin(accounts)]


def level(frame: pd.DataFrame) -> Matrix:
    """Give accounts x kinds a third side of one level."""
    return frame.to_numpy(float)[:, :, None]
