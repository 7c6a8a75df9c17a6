"""How a run went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast

from scorpio._errors import ConflictError

if TYPE_CHECKING:
    from scorpio._approvals import PendingApproval
    from scorpio._messages import Message
    from scorpio._scorpio import OutcomeCore, Usage

T_co = TypeVar("T_co", covariant=True)

NO_OUTPUT: Any = object()
"""What stands for the answer of a run that waits and is to have a shape."""


class Outcome(Generic[T_co]):
    """How a run that did not fail went. What was done is in the session either way."""

    __slots__ = ("_core", "_output")

    def __init__(self, core: OutcomeCore, output: T_co) -> None:
        """Runs make outcomes; programs do not."""
        self._core = core
        self._output = output

    @property
    def text(self) -> str:
        """The text of the last message of the model; empty when there is none."""
        return self._core.text

    @property
    def output(self) -> T_co:
        """The answer in the shape that `output=` asked for, and otherwise `None`.

        Raises:
            ConflictError: When the run waits for a decision, and there is no answer yet.
        """
        if self._output is NO_OUTPUT:
            raise ConflictError("The run waits for a decision and has no answer yet.", code="conflict:chat")
        return self._output

    @property
    def status(self) -> Literal["done", "paused", "stopped"]:
        """How far it came.

        It is ``"done"`` when the model had nothing more to do, ``"paused"`` when somebody must decide about the calls
        in `pending` before it goes on (see `Agent.resume`), ``"stopped"`` when a limit or a cancel stopped it.
        """
        return cast('Literal["done", "paused", "stopped"]', self._core.status)

    @property
    def reason(self) -> str:
        """Why the model stopped (``"stop"``, ``"length"``, ``"content_filter"``…), or what stopped the run.

        The latter is ``"approval"`` while it is paused, ``"cancelled"``, or the limit: ``"turns"``, ``"tool_calls"``,
        ``"tokens"``, ``"cost"`` or ``"wall_clock"``.
        """
        return self._core.reason

    @property
    def pending(self) -> list[PendingApproval]:
        """The calls that wait for somebody's decision; none unless the run is paused."""
        return self._core.pending

    @property
    def usage(self) -> Usage:
        """What it cost, in tokens."""
        return self._core.usage

    @property
    def cost_usd(self) -> float:
        """What it cost in US dollars, as far as the agent's prices know."""
        return self._core.cost_usd

    @property
    def turns(self) -> int:
        """How many times the model was asked."""
        return self._core.turns

    @property
    def uncertain_calls(self) -> int:
        """How many model calls may have been paid for without an answer, because a process ended meanwhile."""
        return self._core.uncertain_calls

    @property
    def run_id(self) -> str:
        """The run."""
        return self._core.run_id

    @property
    def session(self) -> str:
        """The session: pass it to the next run to go on."""
        return self._core.session

    @property
    def messages(self) -> list[Message]:
        """The messages that the run added to the session, oldest first; its input is not among them."""
        return self._core.messages

    def __repr__(self) -> str:
        """The status and the beginning of the text."""
        text = self.text
        shown = text if len(text) <= 60 else text[:59] + "…"
        return f"<scorpio.Outcome {self.status} ({self.reason}): {shown!r}>"
