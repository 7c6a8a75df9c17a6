"""Which tool calls somebody is asked about before they run, what is asked, and what is decided."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from scorpio import _json, _messages

if TYPE_CHECKING:
    import datetime

_logger = logging.getLogger("scorpio")

_POLICIES = ("declared", "destructive", "all")


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve:
    """The call may run. The word ``"approve"`` stands for `Approve()`.

    Attributes:
        arguments: What it runs with in place of the model's arguments. The model is told.
        always: Whether this tool may run in this session from now on without anybody being asked.

    Example:
        >>> import scorpio
        >>> scorpio.Approve(arguments={"to": "ada@example.org"}).always
        False
    """

    arguments: Mapping[str, Any] | None = None
    always: bool = False


@dataclass(frozen=True, slots=True)
class Deny:
    """The call must not run. The word ``"deny"`` stands for `Deny()`.

    Attributes:
        reason: What the model is told.

    Example:
        >>> import scorpio
        >>> scorpio.Deny("The amount is wrong.").reason
        'The amount is wrong.'
    """

    reason: str | None = None


Decision: TypeAlias = Literal["approve", "deny"] | Approve | Deny
"""What somebody decides about a tool call."""


@dataclass(frozen=True, slots=True)
class ProposedCall:
    """A tool call that a model asks for, as the function of ``approve=`` sees it.

    Attributes:
        name: The tool's name.
        arguments: The arguments, as the model wrote them: checked by the tool only later.
        effects: What the tool can do to the world.
        run_id: The run.
        session: Its session.
    """

    name: str
    arguments: dict[str, Any]
    effects: Literal["none", "read_private", "write", "egress"]
    run_id: str
    session: str


ApprovalPolicy: TypeAlias = (
    Literal["declared", "destructive", "all"]
    | Collection[str]
    | Callable[[ProposedCall], Literal["allow", "ask"] | Deny]
)
"""What ``approve=`` takes: a word, the names of tools, or a function."""


@dataclass(frozen=True, slots=True)
class PendingApproval:
    """A tool call that waits for somebody's decision.

    Attributes:
        call_id: The call, as the model named it.
        approval_id: The id of the question. Decisions are taken by either id.
        name: The tool's name.
        arguments: What it would run with: most often, but not always, a dictionary.
        reason: ``"policy"`` when the tool is not to run without somebody's word, ``"outcome_unknown"`` when its
            process ended in the middle of the call and nobody knows whether it took effect: may it run again?
        run_id: The run that waits.
        requested_at: When somebody was asked.
        expires_at: When the answer is no; ``None`` is never.
    """

    call_id: str
    approval_id: str
    name: str
    arguments: Any
    reason: Literal["policy", "outcome_unknown"]
    run_id: str
    requested_at: datetime.datetime
    expires_at: datetime.datetime | None


WrittenPolicy: TypeAlias = str | list[str] | Callable[[str, str, str, str, str], tuple[str, str]]


def written_policy(policy: ApprovalPolicy) -> WrittenPolicy:
    """A policy as the engine reads it.

    Raises:
        TypeError: When it is none.
        ValueError: When it is a word that is none.
    """
    if isinstance(policy, str):
        if policy not in _POLICIES:
            words = ", ".join(map(repr, _POLICIES))
            raise ValueError(f"`approve` is {words}, a collection of names or a function, not {policy!r}")
        return policy
    if callable(policy):
        return _Judge(policy)
    names = list(policy)
    if not all(isinstance(name, str) for name in names):
        raise TypeError("`approve` is a word, a collection of the names of tools, or a function")
    return names


class _Judge:
    """A function of the program, as the engine asks it."""

    def __init__(self, policy: Callable[[ProposedCall], Literal["allow", "ask"] | Deny]) -> None:
        self._policy = policy

    def __call__(self, name: str, text: str, effects: Any, run_id: str, session: str) -> tuple[str, str]:
        """Answers ``allow``, ``ask`` or ``deny``, and why. Whatever goes wrong is a no."""
        try:
            arguments = json.loads(text) if text.strip() else {}
        except ValueError:
            arguments = None
        if not isinstance(arguments, dict):
            # The tool will not run with them, and tells the model why.
            return "allow", ""
        try:
            verdict: object = self._policy(ProposedCall(name, arguments, effects, run_id, session))
        except Exception as error:
            _logger.error("the policy of approval failed on tool %s", name, exc_info=error)
            return "deny", "The policy of approval failed."
        if isinstance(verdict, Deny):
            return "deny", verdict.reason or "it was refused."
        if verdict == "allow" or verdict == "ask":
            return str(verdict), ""
        _logger.error("the policy of approval answered %r about tool %s", verdict, name)
        return "deny", "The policy of approval failed."


def written_decision(decision: Decision) -> str:
    """The JSON text that the engine reads a decision from.

    Raises:
        TypeError: When it is none.
    """
    if decision == "approve":
        decision = Approve()
    elif decision == "deny":
        decision = Deny()
    if isinstance(decision, Approve):
        arguments = None if decision.arguments is None else dict(decision.arguments)
        return _json.dumps({"approve": {"arguments": arguments, "always": decision.always}})
    if isinstance(decision, Deny):
        return _json.dumps({"deny": {"reason": decision.reason}})
    raise TypeError(f'a decision is "approve", "deny", an Approve or a Deny, not {decision!r}')


def written_decisions(decisions: Mapping[str, Decision] | None) -> list[tuple[str, str]]:
    """Decisions as the engine reads them."""
    return [(call, written_decision(decision)) for call, decision in (decisions or {}).items()]


def decision_from_engine(text: str) -> Approve | Deny:
    """Reads the engine's JSON text of a decision, which calls this."""
    ((kind, content),) = json.loads(text).items()
    if kind == "approve":
        return Approve(arguments=content.get("arguments"), always=content.get("always", False))
    return Deny(content.get("reason"))


def pending_from_engine(text: str) -> list[PendingApproval]:
    """Reads the engine's JSON text of calls that wait, which calls this."""
    return [_pending(call, call["approval"]) for call in json.loads(text) if call.get("approval")]


def _pending(call: dict[str, Any], approval: dict[str, Any]) -> PendingApproval:
    expires_at = approval.get("expires_at")
    return PendingApproval(
        call_id=call["call_id"],
        approval_id=approval["id"],
        name=call["tool"],
        arguments=_arguments(call["arguments"]),
        reason=approval["reason"],
        run_id=call["run"],
        requested_at=_messages.read_time(approval["requested_at"]),
        expires_at=_messages.read_time(expires_at) if expires_at else None,
    )


def _arguments(text: str) -> Any:
    try:
        return json.loads(text) if text.strip() else {}
    except ValueError:
        return text
