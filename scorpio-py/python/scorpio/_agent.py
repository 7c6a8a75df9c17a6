"""Agents: what they are made of, and how they are asked."""

from __future__ import annotations

import asyncio
import datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from scorpio import _approvals, _compaction, _limits, _messages
from scorpio._errors import ConfigurationError
from scorpio._event_log import EventLog
from scorpio._outcome import Outcome
from scorpio._output import Shape, shape_of
from scorpio._scorpio import AgentCore
from scorpio._stores import MemoryStore, Store
from scorpio._stream import RunStream
from scorpio._tool import Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from scorpio._approvals import ApprovalPolicy, Decision
    from scorpio._compaction import Compaction
    from scorpio._limits import Limits, Price
    from scorpio._messages import Message
    from scorpio._models import ScriptedModel
    from scorpio._registry import Model
    from scorpio._scorpio import OutcomeCore, RunCore

T = TypeVar("T")

_A_DAY = datetime.timedelta(days=1)


class Agent:
    """A model with instructions, tools and limits, ready to answer. One agent serves any number of runs at once.

    Example:
        >>> import scorpio
        >>> @scorpio.tool
        ... def add(a: float, b: float) -> float:
        ...     "Add two numbers."
        ...     return a + b
        >>> agent = scorpio.Agent("calculator", model="scripted:demo", tools=[add])
        >>> agent.run_sync("Hello.").status
        'done'
    """

    def __init__(
        self,
        name: str,
        *,
        model: str | Model | ScriptedModel,
        tools: Iterable[Tool[..., Any] | Callable[..., Any]] = (),
        instructions: str | None = None,
        store: Store | None = None,
        limits: Limits | None = None,
        prices: Mapping[str, Price] | None = None,
        max_output_tokens: int | None = None,
        temperature: float | None = None,
        reasoning_effort: str | None = None,
        parallel_tools: int | None = None,
        tool_timeout: float | datetime.timedelta | None = None,
        approve: ApprovalPolicy = "declared",
        approval_patience: float | datetime.timedelta | None = _A_DAY,
        compaction: Compaction | None = None,
        event_log: EventLog | None = None,
        lease: float | datetime.timedelta | None = None,
        store_patience: float | datetime.timedelta | None = None,
    ) -> None:
        """Makes an agent.

        Args:
            name: For logs and for people.
            model: ``"provider:name"``, such as ``"openai:gpt-5-mini"``, ``"anthropic:claude-sonnet-5"``,
                ``"ollama:qwen3"`` or ``"scripted:demo"``, which needs nothing. Keys come from the environment
                (``OPENAI_API_KEY``). `Models` gives models by role, with parameters and prices of their own, which the
                arguments here replace. Tests give a `ScriptedModel`.
            tools: Functions that the model may call; ``@scorpio.tool`` gives them options.
            instructions: What the model is told before every conversation.
            store: Where sessions are kept; in memory unless set.
            limits: How much each run may use.
            prices: What models cost, by ``"provider:name"``; a name that ends in ``*`` stands for all that begin so.
            max_output_tokens: The most tokens that the model may write in a turn.
            temperature: The sampling temperature. Many models refuse one.
            reasoning_effort: How much the model thinks, in its provider's own word, such as ``"low"``.
            parallel_tools: How many tools of a turn run at once; 32 unless set.
            tool_timeout: How many seconds a tool may take that does not say so itself; 60 unless set.
            approve: Which tool calls somebody is asked about before they run: those of tools that are made with
                ``approval=True`` (``"declared"``), these and all that write or send something out
                (``"destructive"``), ``"all"``, or those of these names. A function is given a `ProposedCall` and
                answers ``"allow"``, ``"ask"`` or ``Deny("reason")``; it must be quick, and answer the same for the
                same call. What it raises is a no. Tools with ``approval=True`` are asked about in any case.
            approval_patience: How many seconds somebody has to answer; then the call counts as refused and the run
                goes on. ``None`` waits for ever.
            compaction: How conversations go on that are too long for the model; unset, they end in an error.
            event_log: Where events are kept for those who come back to a run.
            lease: For how many seconds a run belongs to this process without a sign of life: so long it takes until
                another one may take it up. 30 unless set.
            store_patience: How many seconds a run waits for a store that does not answer before it fails; 600 unless
                set.

        Raises:
            ConfigurationError: When there is no such provider or it is not set up, or two tools have the same name.
        """
        if store is not None and not isinstance(store, Store):
            raise TypeError(f"`store` is a store such as a SqliteStore, not {type(store).__name__}")
        if event_log is not None and not isinstance(event_log, EventLog):
            raise TypeError(f"`event_log` is an EventLog, not {type(event_log).__name__}")
        self._name = name
        self._store = MemoryStore() if store is None else store
        self._core = AgentCore(
            name,
            model=_compaction.written_model(model, "model"),
            tools=[tool if isinstance(tool, Tool) else Tool(tool) for tool in tools],
            instructions=instructions,
            store=self._store._core,
            limits=_limits.written_limits(limits),
            prices=_limits.written_prices(prices),
            max_output_tokens=max_output_tokens,
            temperature=temperature,
            reasoning_effort=reasoning_effort,
            parallel_tools=parallel_tools,
            tool_timeout=_limits.seconds(tool_timeout),
            event_log=event_log._core if event_log else None,
            approve=_approvals.written_policy(approve),
            approval_patience=_limits.seconds(approval_patience),
            compaction=_compaction.written_compaction(compaction),
            lease=_limits.seconds(lease),
            store_patience=_limits.seconds(store_patience),
        )

    @property
    def name(self) -> str:
        """Its name."""
        return self._name

    @property
    def store(self) -> Store:
        """Where its sessions are."""
        return self._store

    @overload
    async def run(
        self,
        message: str | Message | None,
        *,
        output: None = None,
        session: str | None = None,
        limits: Limits | None = None,
        branch_after: int | None = None,
        owner: str = "local",
    ) -> Outcome[None]: ...

    @overload
    async def run(
        self,
        message: str | Message | None,
        *,
        output: type[T],
        session: str | None = None,
        limits: Limits | None = None,
        branch_after: int | None = None,
        owner: str = "local",
    ) -> Outcome[T]: ...

    async def run(
        self,
        message: str | Message | None,
        *,
        output: type[Any] | None = None,
        session: str | None = None,
        limits: Limits | None = None,
        branch_after: int | None = None,
        owner: str = "local",
    ) -> Outcome[Any]:
        """Asks the agent something and waits for the answer. Cancelling the awaiting task stops the run.

        Args:
            message: The message. ``None`` answers the session as it stands, as after a failure.
            output: A type that the answer is to have: a dataclass, a pydantic model, or anything else that tools may
                take. It comes back as ``outcome.output``. An answer that does not fit is given back to the model twice.
            session: The session to go on with, made if it is not there: ASCII letters, digits and ``-_.:|``. Without
                one the run has a session of its own, which ``outcome.session`` names.
            limits: How much this run may use, in place of what the agent says.
            branch_after: The ``seq`` of the message after which the session goes on, 0 for its beginning. What came
                after it stays as another branch: see `Store.branches`.
            owner: Whose session it is.

        Raises:
            ModelError: When the model failed, or its answer does not have the shape that was asked for.
            ConflictError: When an answer is being written in this session.
            NotFoundError: When the session is somebody else's.
            ConfigurationError: When an argument is wrong.
            StoreError: When the store failed.
        """
        shape = _shape(output)
        run = self._begin(message, shape, session, limits, branch_after, owner, watched=False)
        return _outcome(await _ended(run), shape)

    @overload
    def run_sync(
        self,
        message: str | Message | None,
        *,
        output: None = None,
        session: str | None = None,
        limits: Limits | None = None,
        branch_after: int | None = None,
        owner: str = "local",
    ) -> Outcome[None]: ...

    @overload
    def run_sync(
        self,
        message: str | Message | None,
        *,
        output: type[T],
        session: str | None = None,
        limits: Limits | None = None,
        branch_after: int | None = None,
        owner: str = "local",
    ) -> Outcome[T]: ...

    def run_sync(
        self,
        message: str | Message | None,
        *,
        output: type[Any] | None = None,
        session: str | None = None,
        limits: Limits | None = None,
        branch_after: int | None = None,
        owner: str = "local",
    ) -> Outcome[Any]:
        """As `run`, without an event loop: blocks this thread until there is an answer.

        ``async`` tools run on an event loop of the package's own, in a thread of its own. Ctrl-C stops the run and
        raises ``KeyboardInterrupt``. An event loop that is running in this thread stands still meanwhile: use `run`
        there.
        """
        shape = _shape(output)
        run = self._begin(message, shape, session, limits, branch_after, owner, watched=False)
        return _outcome(cast("OutcomeCore", run.begin().wait()), shape)

    @overload
    def stream(
        self,
        message: str | Message | None,
        *,
        output: None = None,
        session: str | None = None,
        limits: Limits | None = None,
        branch_after: int | None = None,
        owner: str = "local",
    ) -> RunStream[None]: ...

    @overload
    def stream(
        self,
        message: str | Message | None,
        *,
        output: type[T],
        session: str | None = None,
        limits: Limits | None = None,
        branch_after: int | None = None,
        owner: str = "local",
    ) -> RunStream[T]: ...

    def stream(
        self,
        message: str | Message | None,
        *,
        output: type[Any] | None = None,
        session: str | None = None,
        limits: Limits | None = None,
        branch_after: int | None = None,
        owner: str = "local",
    ) -> RunStream[Any]:
        """Asks the agent something and watches it answer. The arguments are those of `run`.

        Returns:
            The events, for ``async for`` or ``for``. The run begins when the first one is asked for.
        """
        shape = _shape(output)
        run = self._begin(message, shape, session, limits, branch_after, owner, watched=True)
        return RunStream(run, lambda core: _outcome(core, shape))

    @overload
    async def resume(
        self,
        run_id: str,
        decisions: Mapping[str, Decision] | None = None,
        *,
        output: None = None,
        by: str | None = None,
        owner: str = "local",
    ) -> Outcome[None]: ...

    @overload
    async def resume(
        self,
        run_id: str,
        decisions: Mapping[str, Decision] | None = None,
        *,
        output: type[T],
        by: str | None = None,
        owner: str = "local",
    ) -> Outcome[T]: ...

    async def resume(
        self,
        run_id: str,
        decisions: Mapping[str, Decision] | None = None,
        *,
        output: type[Any] | None = None,
        by: str | None = None,
        owner: str = "local",
    ) -> Outcome[Any]:
        """Goes on with a run that waits for decisions, or whose process is gone, and waits for the answer.

        Any process may do so, after any time: the store holds all that it takes. Cancelling the awaiting task stops the
        run; decisions that were taken stay taken.

        Args:
            run_id: The run. It must be one of an agent of this name.
            decisions: What is decided, by the ``call_id`` or the ``approval_id`` of each call in ``outcome.pending``:
                ``"approve"``, ``"deny"``, an `Approve` or a `Deny`. Calls that are not named go on waiting.
            output: The type that the answer is to have, if `run` was given one.
            by: Who decides, in the program's own words. It is kept with the decisions.
            owner: Whose run it is.

        Raises:
            NotFoundError: When there is no such run, it is over, or nobody is asked about one of the calls.
            ConflictError: When somebody has decided already, or another process is busy with the run.
            ConfigurationError: When the run is another agent's, or an argument is wrong.
            ModelError: As `run`.
            StoreError: As `run`.

        Example:
            >>> import scorpio
            >>> @scorpio.tool(approval=True)
            ... def send(to: str) -> str:
            ...     "Send an e-mail."
            ...     return f"sent to {to}"
            >>> turn = scorpio.ScriptedTurn(tool_calls=[("send", {"to": "ada"})])
            >>> agent = scorpio.Agent("clerk", model=scorpio.ScriptedModel([turn, "Done."]), tools=[send])
            >>> outcome = agent.run_sync("Write to Ada.")
            >>> [(call.name, call.arguments) for call in outcome.pending]
            [('send', {'to': 'ada'})]
            >>> agent.resume_sync(outcome.run_id, {outcome.pending[0].call_id: "approve"}).text
            'Done.'
        """
        shape = _shape(output)
        return _outcome(await _ended(self._go_on(run_id, decisions, by, shape, owner, watched=False)), shape)

    @overload
    def resume_sync(
        self,
        run_id: str,
        decisions: Mapping[str, Decision] | None = None,
        *,
        output: None = None,
        by: str | None = None,
        owner: str = "local",
    ) -> Outcome[None]: ...

    @overload
    def resume_sync(
        self,
        run_id: str,
        decisions: Mapping[str, Decision] | None = None,
        *,
        output: type[T],
        by: str | None = None,
        owner: str = "local",
    ) -> Outcome[T]: ...

    def resume_sync(
        self,
        run_id: str,
        decisions: Mapping[str, Decision] | None = None,
        *,
        output: type[Any] | None = None,
        by: str | None = None,
        owner: str = "local",
    ) -> Outcome[Any]:
        """As `resume`, without an event loop."""
        shape = _shape(output)
        run = self._go_on(run_id, decisions, by, shape, owner, watched=False)
        return _outcome(cast("OutcomeCore", run.begin().wait()), shape)

    @overload
    def resume_stream(
        self,
        run_id: str,
        decisions: Mapping[str, Decision] | None = None,
        *,
        output: None = None,
        by: str | None = None,
        owner: str = "local",
    ) -> RunStream[None]: ...

    @overload
    def resume_stream(
        self,
        run_id: str,
        decisions: Mapping[str, Decision] | None = None,
        *,
        output: type[T],
        by: str | None = None,
        owner: str = "local",
    ) -> RunStream[T]: ...

    def resume_stream(
        self,
        run_id: str,
        decisions: Mapping[str, Decision] | None = None,
        *,
        output: type[Any] | None = None,
        by: str | None = None,
        owner: str = "local",
    ) -> RunStream[Any]:
        """As `resume`, watched: the events from here on. The run goes on when the first one is asked for."""
        shape = _shape(output)
        run = self._go_on(run_id, decisions, by, shape, owner, watched=True)
        return RunStream(run, lambda core: _outcome(core, shape))

    async def messages(self, session: str, *, owner: str = "local") -> list[Message]:
        """The messages of a session, oldest first; empty when there is no such session."""
        return await self._store.messages(session, owner=owner)

    def messages_sync(self, session: str, *, owner: str = "local") -> list[Message]:
        """As `messages`, without an event loop."""
        return self._store.messages_sync(session, owner=owner)

    def _begin(
        self,
        message: str | Message | None,
        shape: Shape[Any] | None,
        session: str | None,
        limits: Limits | None,
        branch_after: int | None,
        owner: str,
        *,
        watched: bool,
    ) -> RunCore:
        if message is None and session is None:
            text = "without a message there must be a session to answer"
            raise ConfigurationError(text)
        return self._core.run(
            None if message is None else _messages.to_engine(message),
            watched=watched,
            session=session,
            owner=owner,
            limits=_limits.written_limits(limits),
            shape=shape.written() if shape else None,
            branch_after=branch_after,
        )

    def _go_on(
        self,
        run_id: str,
        decisions: Mapping[str, Decision] | None,
        by: str | None,
        shape: Shape[Any] | None,
        owner: str,
        *,
        watched: bool,
    ) -> RunCore:
        return self._core.resume(
            run_id,
            watched=watched,
            owner=owner,
            decisions=_approvals.written_decisions(decisions),
            by=by,
            shape=shape.written() if shape else None,
        )

    def __repr__(self) -> str:
        """Its name."""
        return f"<scorpio.Agent {self._name!r}>"


async def _ended(run: RunCore) -> OutcomeCore:
    operation = run.begin(asyncio.get_running_loop())
    try:
        return cast("OutcomeCore", await operation.future())
    except asyncio.CancelledError:
        run.cancel()
        # The session is in order before whoever cancelled goes on.
        await operation.settled()
        raise


def _shape(output: type[T] | None) -> Shape[T] | None:
    return None if output is None else shape_of(output)


def _outcome(core: OutcomeCore, shape: Shape[Any] | None) -> Outcome[Any]:
    return Outcome(core, None) if shape is None else shape.outcome(core)
