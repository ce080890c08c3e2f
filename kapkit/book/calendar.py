"""When the people of a region work: whose holidays they keep, and days without contacts."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

CLOSED_COLUMNS = ["first", "last", "owner", "account_id"]


class CountrySection(BaseModel):
    """Whose weekends and public holidays are kept: ISO 3166 codes, as DE with BY."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    country: str | None = None
    subdivision: str | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        """Refuse a country or subdivision whose holidays nobody knows."""
        import holidays

        if self.country is None:
            if self.subdivision is not None:
                raise ValueError("a subdivision needs its country")
            return self
        try:
            holidays.country_holidays(self.country, subdiv=self.subdivision)
        except NotImplementedError:
            raise ValueError(
                f"no holidays are known for {' '.join(filter(None, self._named()))}; use the ISO "
                "3166 code, as DE with subdivision BY"
            ) from None
        return self

    def _named(self) -> tuple[str | None, str | None]:
        return self.country, self.subdivision


class ClosedSection(BaseModel):
    """Days without contacts, both ends included: of a region, an owner, an account, or of all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first: dt.date
    last: dt.date
    region: str | None = None
    owner: str | None = None
    account_id: str | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"last ({self.last}) is before first ({self.first})")
        return self


class CalendarSection(CountrySection):
    """The company's country, those of regions that have another, and days without contacts."""

    regions: dict[str, CountrySection] = Field(default_factory=dict)
    closed: list[ClosedSection] = Field(default_factory=list)


@dataclass(frozen=True)
class WorkCalendar:
    """When a region's people work.

    ``country`` and ``subdivision`` name whose holidays are kept (None: not known); ``closed`` has
    the spans without contacts: ``first``, ``last``, ``owner`` and ``account_id`` (missing: all).
    """

    country: str | None
    subdivision: str | None
    closed: pd.DataFrame


def calendar_of_region(calendar: Mapping[str, Any], region: str | None) -> Mapping[str, Any]:
    """Keep of a book's calendar what holds for one region, as plain values.

    >>> kept = calendar_of_region({"country": "SE", "regions": {"NA": {"country": "US"}}}, "NA")
    >>> kept["country"], kept["closed"]
    ('US', [])
    """
    own = calendar.get("regions", {}).get(region) or calendar
    closed = [span for span in calendar.get("closed", []) if span["region"] in (None, region)]
    place = {name: own.get(name) for name in ("country", "subdivision")}
    return {**place, "closed": closed}


def work_calendar(calendar: Mapping[str, Any], region: str | None) -> WorkCalendar:
    """Lay one region's calendar out."""
    kept = calendar_of_region(calendar, region)
    closed = pd.DataFrame(kept["closed"], columns=CLOSED_COLUMNS)
    days = {name: pd.to_datetime(closed[name]) for name in ("first", "last")}
    who = {name: closed[name].astype("str") for name in ("owner", "account_id")}
    return WorkCalendar(kept["country"], kept["subdivision"], closed.assign(**days, **who))
