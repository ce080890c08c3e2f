"""What people decide about effort: minutes, cadence, bounds, and what they know of its effect."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal["visit", "call", "email", "demo", "training"]
Minutes = Annotated[float, Field(gt=0)]
Contacts = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Answers = Annotated[list[float], Field(min_length=4, max_length=4)]


class EffortSection(BaseModel):
    """Rules of the plan of contacts; what is left out keeps its default.

    ``minutes`` a contact of each kind takes; ``travel_minutes`` there and back where an account
    has none of its own; ``cadence`` the least contacts a year by class and kind; ``least`` and
    ``most`` bound the plan in multiples of today's; ``response`` holds a class's sales with no,
    half, 1.5 times and unlimited effort, in multiples of today's; ``saved`` the share of the
    chance to leave that twice today's contacts avert, by class, as a trial
    has shown; typed, it stands in the place of what the data tell.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    minutes: dict[Kind, Minutes] = Field(default_factory=dict)
    travel_minutes: Contacts | None = None
    cadence: dict[str, dict[Kind, Contacts]] = Field(default_factory=dict)
    least: Share | None = None
    most: Annotated[float, Field(ge=1)] | None = None
    response: dict[str, Answers] = Field(default_factory=dict)
    saved: dict[str, Share] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _answers_rise(self) -> Self:
        for name, (none, half, more, most) in self.response.items():
            if not 0 <= none < half < 1 < more < most:
                raise ValueError(
                    f"response.{name}: sales with no, half, today's (1), 1.5 times and unlimited "
                    "effort do not rise; ask again"
                )
        return self
