"""Tools: typed Python functions that a model can call."""

from __future__ import annotations

import datetime
import functools
import inspect
import json
import logging
import sys
import typing
from typing import TYPE_CHECKING, Any, Generic, Literal, ParamSpec, TypeAlias, TypeVar, overload

from scorpio import _docstring, _json, _schema
from scorpio._errors import ToolError
from scorpio._scorpio import ToolContext

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    _RetryClass: TypeAlias = Literal["pure", "idempotent", "at_most_once", "transactional"]
    _OnUnknown: TypeAlias = Literal["ask", "fail"]
    _Effects: TypeAlias = Literal["none", "read_private", "write", "egress"]

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)

_RETRY_CLASSES = ("pure", "idempotent", "at_most_once", "transactional")
_ON_UNKNOWN = ("ask", "fail")
_EFFECTS = ("none", "read_private", "write", "egress")

Answer: TypeAlias = tuple[bool, str, str | None]
"""Whether it went well, what the model reads, and why it went wrong, for the log."""

_logger = logging.getLogger("scorpio")


class Tool(Generic[P, R_co]):
    """A function that a model can call. ``@scorpio.tool`` makes one; calling it calls the function.

    Attributes:
        name: What the model calls it by.
        description: What the model is told about it.
        parameters: The JSON schema of its arguments.
        timeout: How many seconds it may take; ``None`` leaves it to the agent.
        retry: What a restart may do with a call that was started and has no result.
        on_unknown: What becomes of such a call if it must not run twice.
        approval: Whether somebody is asked before it runs.
        effects: What it can do to the world.
        trusted: Whether its answers hold no text that strangers wrote.
        is_async: Whether it runs on the event loop instead of a thread.
    """

    name: str
    description: str
    parameters: dict[str, Any]
    timeout: float | None
    retry: _RetryClass
    on_unknown: _OnUnknown
    approval: bool
    effects: _Effects
    trusted: bool
    is_async: bool
    _function: Callable[P, R_co]

    def __init__(
        self,
        function: Callable[P, R_co],
        *,
        name: str | None = None,
        description: str | None = None,
        timeout: float | datetime.timedelta | None = None,
        retry: _RetryClass = "at_most_once",
        effects: _Effects = "write",
        approval: bool = False,
        on_unknown: _OnUnknown = "ask",
        trusted: bool = False,
        _local_names: Mapping[str, Any] | None = None,
    ) -> None:
        """Use ``@scorpio.tool``, which passes its options on to here."""
        own_name = getattr(function, "__name__", None)
        if not (own_name or name):
            raise TypeError(f"a tool is a function, not {type(function).__name__}")
        if inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function):
            raise TypeError(
                f"`{own_name}` is a generator: a tool returns its answer, and tells of progress by ToolContext"
            )
        functools.update_wrapper(self, function)
        documentation = _docstring.parse(inspect.getdoc(function))
        self.name = name or str(own_name)
        self.description = documentation.description if description is None else description
        self.timeout = timeout.total_seconds() if isinstance(timeout, datetime.timedelta) else timeout
        if self.timeout is not None and not self.timeout > 0:
            raise ValueError(f"the timeout of tool `{self.name}` must be more than 0 seconds")
        self.retry = _one_of(retry, _RETRY_CLASSES, "retry", self.name)
        self.effects = _one_of(effects, _EFFECTS, "effects", self.name)
        self.on_unknown = _one_of(on_unknown, _ON_UNKNOWN, "on_unknown", self.name)
        self.approval = approval
        self.trusted = trusted
        self.is_async = inspect.iscoroutinefunction(function)
        self._function = function
        signature = _Signature(function, self.name, documentation.parameters, _local_names)
        self.parameters = signature.codec.schema
        self._decode = signature.codec.decode
        self._context_parameter = signature.context_parameter
        self._positional = signature.positional
        self._is_method = signature.is_method

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Calls the function, as if it were no tool."""
        return self._function(*args, **kwargs)

    def __get__(self, instance: object, owner: type | None = None) -> Tool[..., R_co]:
        """A tool in a class becomes a tool of the object that it is taken from."""
        if instance is None or not self._is_method:
            return self
        bound: Tool[..., R_co] = object.__new__(Tool)
        bound.__dict__.update(self.__dict__)
        function: Callable[..., R_co] = self._function
        bound._function = functools.partial(function, instance)
        bound._is_method = False
        return bound

    def __repr__(self) -> str:
        """Its name and arguments."""
        return f"<scorpio.Tool {self.name}({', '.join(self.parameters['properties'])})>"

    def _arguments(self, context: ToolContext, text: str) -> tuple[list[Any], dict[str, Any]]:
        """What to call the function with."""
        if self._is_method:
            raise ToolError("This tool needs an object that it was not given.")
        try:
            value = json.loads(text) if text.strip() else {}
        except ValueError as error:
            raise ToolError(f"The arguments are not one JSON object: {error}.") from None
        try:
            named = self._decode(value)
        except _schema.InvalidValueError as error:
            raise ToolError(error.sentence("The arguments")) from None
        if self._context_parameter is not None:
            named[self._context_parameter] = context
        positional = [named.pop(parameter, default) for parameter, default in self._positional.items()]
        return positional, named

    def _call_sync(self, context: ToolContext, text: str) -> Answer:
        """Calls a plain function for the engine."""
        try:
            positional, named = self._arguments(context, text)
            return True, _json.dumps(self._function(*positional, **named)), None
        except BaseException as error:  # noqa: BLE001 - whatever a tool raises ends the tool, not the run
            return self._failure(error)

    async def _call_async(self, context: ToolContext, text: str) -> Answer:
        """As `_call_sync`, for an `async` function."""
        try:
            positional, named = self._arguments(context, text)
            answer = await typing.cast("Coroutine[Any, Any, object]", self._function(*positional, **named))
            return True, _json.dumps(answer), None
        except Exception as error:  # noqa: BLE001 - cancelling goes through, and all else ends the tool, not the run
            return self._failure(error)

    def _failure(self, error: BaseException) -> Answer:
        if isinstance(error, ToolError):
            return False, str(error) or "The tool failed.", None
        _logger.error("tool %s failed", self.name, exc_info=error)
        return False, "The tool failed.", f"{type(error).__qualname__}: {error}"


class _Signature:
    """What the parameters of a function mean to a model."""

    codec: _schema.Codec
    context_parameter: str | None
    positional: dict[str, Any]
    is_method: bool

    def __init__(
        self,
        function: Callable[..., object],
        name: str,
        descriptions: Mapping[str, str],
        local_names: Mapping[str, Any] | None,
    ) -> None:
        hints = _hints(function, name, local_names)
        self.context_parameter = None
        self.positional = {}
        parameters = list(inspect.signature(function).parameters.values())
        self.is_method = bool(parameters) and parameters[0].name == "self" and "self" not in hints
        arguments = []
        # What a partial function has bound is the program's business: the model neither sees nor changes it.
        bound = function.keywords if isinstance(function, functools.partial) else {}
        for parameter in parameters[1:] if self.is_method else parameters:
            if parameter.name in bound:
                continue
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                raise TypeError(f"tool `{name}`: a model cannot fill in `{parameter}`; name each argument")
            if parameter.name not in hints:
                raise TypeError(f"tool `{name}`: the argument `{parameter.name}` has no type annotation")
            hint = hints[parameter.name]
            if parameter.kind is parameter.POSITIONAL_ONLY:
                self.positional[parameter.name] = parameter.default
            if hint is ToolContext:
                self.context_parameter = parameter.name
                continue
            required = parameter.default is parameter.empty
            argument = _schema.Parameter(parameter.name, hint, descriptions.get(parameter.name), required=required)
            arguments.append(argument if required else argument._replace(default=parameter.default))
        try:
            self.codec = _schema.compile_object(arguments, local_names)
        except _schema.UnsupportedTypeError as error:
            raise TypeError(f"tool `{name}`: {error}") from None


def _hints(function: Callable[..., object], name: str, local_names: Mapping[str, Any] | None) -> dict[str, Any]:
    annotated: Any = function.func if isinstance(function, functools.partial) else function
    try:
        return typing.get_type_hints(inspect.unwrap(annotated), localns=local_names, include_extras=True)
    except NameError as error:
        raise TypeError(f"tool `{name}`: an annotation could not be resolved: {error}") from None


def _one_of(value: Any, allowed: tuple[str, ...], option: str, name: str) -> Any:
    if value not in allowed:
        raise ValueError(f"tool `{name}`: `{option}` must be one of {', '.join(map(repr, allowed))}, not {value!r}")
    return value


@overload
def tool(function: Callable[P, R_co], /) -> Tool[P, R_co]: ...


@overload
def tool(
    function: None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    timeout: float | datetime.timedelta | None = None,
    retry: _RetryClass = "at_most_once",
    effects: _Effects = "write",
    approval: bool = False,
    on_unknown: _OnUnknown = "ask",
    trusted: bool = False,
) -> Callable[[Callable[P, R_co]], Tool[P, R_co]]: ...


def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    timeout: float | datetime.timedelta | None = None,
    retry: _RetryClass = "at_most_once",
    effects: _Effects = "write",
    approval: bool = False,
    on_unknown: _OnUnknown = "ask",
    trusted: bool = False,
) -> Any:
    """Makes a tool of a typed function, plain or ``async``.

    The schema comes from the annotations: ``str``, ``int``, ``float``, ``bool``, ``list``, ``dict``, tuples, sets,
    unions, ``Literal``, enums, dataclasses, ``TypedDict``, named tuples, dates, UUIDs, paths, and pydantic models where
    pydantic is installed. Descriptions come from the docstring (Google, NumPy or Sphinx style) or from
    ``Annotated[type, "description"]``. What the model sends is checked and converted before the function is called;
    where it is wrong, the model is told the place. An argument annotated with `ToolContext` is given the context of
    the call and is not shown to the model.

    A plain function runs on a thread, an ``async`` one on the event loop that awaits the run. What the function returns
    is sent to the model as JSON, a ``str`` as it is. Raise `ToolError` to tell the model what went wrong; of any other
    exception it learns only that the tool failed, and the logger ``scorpio`` gets the traceback.

    Args:
        function: The function, when used without parentheses.
        name: What the model calls it by; the function's name otherwise.
        description: What the model is told; the docstring otherwise.
        timeout: How many seconds it may take. An ``async`` function is then cancelled; a plain one goes on in its
            thread, and its answer is dropped. The agent's ``tool_timeout`` holds otherwise.
        retry: What a restart may do with a call that was started and has no result: ``"pure"`` has no effect,
            ``"idempotent"`` may run again with the same idempotency key, ``"at_most_once"`` must never run twice. The
            effect of a ``"transactional"`` one is what it says to the store's database by `ToolContext.execute`: it
            happens exactly once.
        effects: What it can do to the world: ``"none"``, ``"read_private"``, ``"write"`` or ``"egress"``.
        approval: Whether somebody is asked before it runs, whatever the agent's ``approve``.
        on_unknown: What becomes of an ``"at_most_once"`` call whose process ended in the middle of it: ``"ask"`` has
            the run wait until somebody says whether it may run again, ``"fail"`` tells the model that the outcome is
            unknown and goes on.
        trusted: Whether its answers hold no text that strangers wrote.

    Returns:
        The tool. Calling it calls the function.

    Raises:
        TypeError: When an argument has no annotation, or one that has no JSON schema.
        ValueError: When an option is wrong.

    Example:
        >>> import scorpio
        >>> @scorpio.tool
        ... def add(a: float, b: float) -> float:
        ...     "Add two numbers."
        ...     return a + b
        >>> add(2, 40)
        42
        >>> add.parameters["required"]
        ['a', 'b']
    """
    # Annotations that are strings may name what is local to where the function is written, which no module knows.
    frame = sys._getframe(1)

    def decorate(function: Callable[..., Any]) -> Tool[..., Any]:
        return Tool(
            function,
            name=name,
            description=description,
            timeout=timeout,
            retry=retry,
            effects=effects,
            approval=approval,
            on_unknown=on_unknown,
            trusted=trusted,
            _local_names=frame.f_locals,
        )

    return decorate if function is None else decorate(function)
