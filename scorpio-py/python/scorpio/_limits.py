"""How much a run may use, and what models cost."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from scorpio._errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

WrittenLimits: TypeAlias = tuple[int, int, int | None, float | None, float | None]
WrittenPrice: TypeAlias = tuple[str, float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a run may use. Hitting a limit is an outcome, not an error: what was done until then is kept.

    Attributes:
        turns: The most model calls.
        tool_calls: The most tool calls.
        tokens: The most tokens, in and out. The turn that passes it is kept; no further one begins.
        cost_usd: The most money, in US dollars. It needs an agent with `prices` that know the model.
        wall: The most time from the beginning of the run, in seconds.

    Example:
        >>> import scorpio
        >>> scorpio.Limits(turns=5, wall=120).turns
        5
    """

    turns: int = 20
    tool_calls: int = 200
    tokens: int | None = None
    cost_usd: float | None = None
    wall: float | datetime.timedelta | None = None

    def __post_init__(self) -> None:
        """Checks that no limit is negative, and that there is a turn."""
        if self.turns < 1:
            raise ConfigurationError("`turns` must be at least 1")
        for name in ("tool_calls", "tokens", "cost_usd"):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise ConfigurationError(f"`{name}` must not be negative")
        wall = seconds(self.wall)
        if wall is not None and not wall > 0:
            raise ConfigurationError("`wall` must be more than 0 seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars for a million tokens of one model.

    Attributes:
        input: Uncached input.
        output: Output.
        cache_read: Input read from the provider's cache.
        cache_write: Input written to it.
    """

    input: float
    output: float
    cache_read: float = 0.0
    cache_write: float = 0.0


def seconds(time: float | datetime.timedelta | None) -> float | None:
    """A span of time in seconds."""
    return time.total_seconds() if isinstance(time, datetime.timedelta) else time


def written_limits(limits: Limits | None) -> WrittenLimits | None:
    """Limits as the engine reads them."""
    if limits is None:
        return None
    return limits.turns, limits.tool_calls, limits.tokens, limits.cost_usd, seconds(limits.wall)


def written_prices(prices: Mapping[str, Price] | None) -> list[WrittenPrice]:
    """Prices as the engine reads them."""
    return [
        (model, price.input, price.output, price.cache_read, price.cache_write)
        for model, price in (prices or {}).items()
    ]
