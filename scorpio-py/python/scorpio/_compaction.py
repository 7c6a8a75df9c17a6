"""How conversations go on that are too long for a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from scorpio._errors import ConfigurationError
from scorpio._models import ScriptedModel
from scorpio._registry import Model
from scorpio._scorpio import ModelCore, ScriptedCore

WrittenModel: TypeAlias = str | ModelCore | ScriptedCore
WrittenCompaction: TypeAlias = tuple[int, int, WrittenModel | None, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compaction:
    """Lets a long conversation go on: a summary takes the place of its older part in what the model is sent.

    The history itself stays whole; the summary is one more message of it. It is written before a turn when the history
    has more tokens than the threshold, and when the provider says that it is too long.

    Attributes:
        threshold: The most tokens that a history may have before a turn.
        keep: About how many tokens of the newest history stay as they are.
        model: Who writes the summary; the agent's own model unless set.
        instructions: What that model is asked for, in place of the engine's own words.

    Example:
        >>> import scorpio
        >>> agent = scorpio.Agent("patient", model="scripted:demo", compaction=scorpio.Compaction(threshold=100_000))
    """

    threshold: int = 150_000
    keep: int = 20_000
    model: str | Model | ScriptedModel | None = None
    instructions: str | None = None

    def __post_init__(self) -> None:
        """Checks that something would be left out."""
        if not 0 <= self.keep < self.threshold:
            raise ConfigurationError("`keep` must be less than `threshold`, and not negative")


def written_model(model: str | Model | ScriptedModel, option: str) -> WrittenModel:
    """A model as the engine reads it.

    Raises:
        TypeError: When it is none.
    """
    if isinstance(model, str):
        return model
    if not isinstance(model, (Model, ScriptedModel)):
        raise TypeError(f"`{option}` is a name, a Model or a ScriptedModel, not {type(model).__name__}")
    return model._core


def written_compaction(compaction: Compaction | None) -> WrittenCompaction | None:
    """Compaction as the engine reads it."""
    if compaction is None:
        return None
    model = None if compaction.model is None else written_model(compaction.model, "Compaction.model")
    return compaction.threshold, compaction.keep, model, compaction.instructions
