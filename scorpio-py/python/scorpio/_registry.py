"""Models by role and by choice, and the doctor that asks their providers whether everything is in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from scorpio._scorpio import ModelsCore

if TYPE_CHECKING:
    import os

    from scorpio._scorpio import ModelCore, Operation


class Model:
    """A model of `Models`, with what is sent along with its calls. `Agent` takes it as its `model`."""

    __slots__ = ("_core",)
    _core: ModelCore

    def __init__(self) -> None:
        """`Models` has models; programs do not make them."""
        raise TypeError('use scorpio.Models, or a name such as "openai:gpt-5-mini"')

    @classmethod
    def _of(cls, core: ModelCore) -> Model:
        model = object.__new__(cls)
        model._core = core
        return model

    def __str__(self) -> str:
        """Its name, as ``"provider:name"``."""
        return self._core.name

    def __repr__(self) -> str:
        """Its name."""
        return f"<scorpio.Model {self._core.name}>"


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model that people may choose.

    Attributes:
        id: What programs call it: `Models` has the model under it.
        name: What people call it.
        description: What it is good for.
        audience: Who may use it. Whoever is registered may use what guests may.
    """

    id: str
    name: str
    description: str | None
    audience: Literal["guests", "registered"]


class Models:
    """The models of a program: by role, and for people to choose from.

    Example:
        >>> import scorpio
        >>> models = scorpio.Models.parse('''
        ... [roles.chat]
        ... model = "scripted:demo"
        ...
        ... [roles.title]
        ... model = ["ollama:llama3.2:3b", "scripted:demo"]  # the second answers when the first does not
        ... parameters = { max_output_tokens = 60 }
        ... ''')
        >>> str(models.title)
        'ollama:llama3.2:3b'
        >>> str(models.planner)  # a role without a model of its own has that of the chat
        'scripted:demo'
        >>> scorpio.Agent("demo", model=models.chat).run_sync("Why is the sky blue?").text
        "It's just blue duh!"
    """

    __slots__ = ("_core",)
    _core: ModelsCore

    def __init__(self) -> None:
        """Use `from_toml`, `parse` or `from_env`."""
        raise TypeError("use scorpio.Models.from_toml, scorpio.Models.parse or scorpio.Models.from_env")

    @classmethod
    def _of(cls, core: ModelsCore) -> Models:
        models = object.__new__(cls)
        models._core = core
        return models

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str]) -> Models:
        """The models that a TOML file describes.

        Args:
            path: The file.

        Raises:
            ConfigurationError: When it cannot be read or makes no sense; the error names the line, the key and what is
                allowed. A missing key is told when the model is asked for.
        """
        return cls._of(ModelsCore.read(path))

    @classmethod
    def parse(cls, toml: str) -> Models:
        """The models that a TOML text describes. As `from_toml`."""
        return cls._of(ModelsCore.parse(toml))

    @classmethod
    def from_env(cls) -> Models:
        """The models that the environment allows.

        They are those of the file that ``SCORPIO_MODELS`` names, or one of each provider whose key is set, or else
        ``scripted:demo``.
        """
        return cls._of(ModelsCore.from_env())

    @property
    def chat(self) -> Model:
        """For talking with people.

        Raises:
            ConfigurationError: When it cannot be set up, as when its key is missing. So do the other roles.
        """
        return Model._of(self._core.role("chat"))

    @property
    def reasoning(self) -> Model:
        """For thinking for long before an answer."""
        return Model._of(self._core.role("reasoning"))

    @property
    def title(self) -> Model:
        """For short texts on the side, such as the title of a chat."""
        return Model._of(self._core.role("title"))

    @property
    def artifact(self) -> Model:
        """For writing documents."""
        return Model._of(self._core.role("artifact"))

    @property
    def planner(self) -> Model:
        """For making plans and keeping to them."""
        return Model._of(self._core.role("planner"))

    @property
    def choices(self) -> list[ModelChoice]:
        """What people may choose, the default first."""
        return [ModelChoice(*written) for written in self._core.choices()]

    def __getitem__(self, id: str) -> Model:
        """The model of the choice with this id.

        Raises:
            KeyError: When there is no such choice.
            ConfigurationError: When it cannot be set up.
        """
        if all(choice.id != id for choice in self.choices):
            raise KeyError(id)
        return Model._of(self._core.chosen(id))


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that the doctor found. ``str(finding)`` is a sentence.

    Attributes:
        severity: How bad it is: ``"wrong"`` will not work, ``"doubtful"`` may be as it should be.
        subject: What it is about, such as ``"the provider `openai`"``.
        text: What is said about it, and what to do. It never holds a key.
    """

    severity: Literal["ok", "doubtful", "wrong"]
    subject: str
    text: str
    _sentence: str

    def __str__(self) -> str:
        """A sentence."""
        return self._sentence


@dataclass(frozen=True, slots=True)
class Report:
    """What the doctor found. ``print(report)`` shows a line for each finding.

    Attributes:
        findings: In the order of the providers' names.
    """

    findings: list[Finding]

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is wrong."""
        return all(finding.severity != "wrong" for finding in self.findings)

    def __str__(self) -> str:
        """A line for each finding."""
        return "\n".join(f"{finding.severity:<8}  {finding}" for finding in self.findings)


async def doctor(models: Models | None = None) -> Report:
    """Asks every provider which models it has, which costs nothing, and says what is wrong and what to do about it.

    Args:
        models: The models to look at; those of `Models.from_env` unless given.
    """
    return _report(await _examine(models).future())


def doctor_sync(models: Models | None = None) -> Report:
    """As `doctor`, without an event loop.

    Example:
        >>> import scorpio
        >>> models = scorpio.Models.parse('roles.chat.model = "scripted:demo"')
        >>> print(scorpio.doctor_sync(models))
        ok        The provider `scripted` follows a script and needs nothing.
    """
    return _report(_examine(models).wait())


def _examine(models: Models | None) -> Operation:
    return (models or Models.from_env())._core.doctor()


def _report(found: object) -> Report:
    written = cast("list[tuple[Literal['ok', 'doubtful', 'wrong'], str, str, str]]", found)
    return Report([Finding(*finding) for finding in written])
