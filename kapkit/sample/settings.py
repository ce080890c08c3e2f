"""What is true of a simulated world and can be set: effects, habits, hazards."""

from dataclasses import dataclass, fields

from kapkit.book.errors import DataError

_SHARES = (
    "programme_no_effect",
    "selection",
    "wave_share",
    "bad_deliveries",
    "credit_notes",
    "logging",
    "batching",
)


@dataclass(frozen=True)
class Settings:
    """The causes in a simulated world, each with its strength.

    Effects are on the log of the pace of orders, so 0.10 is about 10 % more orders.

    Attributes
    ----------
    programme_effect, programme_effect_sd, programme_no_effect : float
        Mean effect over all accounts, its spread among those it works on, and the share
        on which it does not work at all.
    waves, wave_share, selection : int, float, float
        How many waves enter the programme, which share of each region a wave takes, and how much
        last year's revenue decides who (1: alone; 0: a lot is drawn).
    elasticity, elasticity_sd : float
        Relative gain in orders per relative gain in contacts, over accounts.
    calls_follow_size, calls_follow_demand, effort_sd : float
        Exponents of contacts on last year's revenue and on the last quarter against it; log
        spread of contacts that follows nothing (a randomised pilot, when the others are 0).
    satisfaction_effect : float
        Gain in orders per unit of satisfaction (its standard deviation is about 1).
    leave_rate, leave_satisfaction, leave_contacts : float
        Mean chance to leave a year, and the fall of its log per unit of satisfaction and of log
        contacts.
    demand_sd : float
        Log spread of an account's own passing demand, the source of regression to the mean.
    competitor_entries : float
        Competitors that come to an account, a year.
    bad_deliveries : float
        Share of orders delivered badly.
    credit_notes : float
        Share of lines that are taken back; part of the dirt, so 0 where there is none.
    logging, batching : float
        Mean share of contacts that owners log, and of those logged only at month end.
    survey_satisfaction, leniency : float
        Gain in the log odds to answer per unit of satisfaction; rise of answers a year.
    """

    programme_effect: float = 0.10
    programme_effect_sd: float = 0.08
    programme_no_effect: float = 0.30
    waves: int = 3
    wave_share: float = 0.05
    selection: float = 0.7
    elasticity: float = 0.31
    elasticity_sd: float = 0.12
    calls_follow_size: float = 0.6
    calls_follow_demand: float = 0.5
    effort_sd: float = 0.0
    satisfaction_effect: float = 0.12
    leave_rate: float = 0.08
    leave_satisfaction: float = 0.6
    leave_contacts: float = 0.0
    demand_sd: float = 0.30
    competitor_entries: float = 0.08
    bad_deliveries: float = 0.05
    credit_notes: float = 0.012
    logging: float = 0.67
    batching: float = 0.30
    survey_satisfaction: float = 0.6
    leniency: float = 0.10

    def __post_init__(self) -> None:
        wrong = [name for name in _SHARES if not 0 <= getattr(self, name) <= 1]
        wrong += [
            f.name
            for f in fields(self)
            if f.name.endswith(("_sd", "_rate", "_entries", "waves")) and getattr(self, f.name) < 0
        ]
        if wrong:
            raise DataError(
                f"settings: {', '.join(wrong)} out of range; "
                "shares lie in 0 to 1, rates and spreads are not negative"
            )
