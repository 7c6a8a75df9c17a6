"""The exceptions of Scorpio."""

from __future__ import annotations

__all__ = [
    "AuthenticationError",
    "ConfigurationError",
    "ConflictError",
    "JournalError",
    "ModelError",
    "NotFoundError",
    "RateLimitError",
    "ScorpioError",
    "StoreError",
    "ToolError",
]


class ScorpioError(Exception):
    """Something went wrong in the engine.

    ``str(error)`` is a sentence that may be shown to a user: it names no host, path, key or text of a provider.
    What the operator needs stands in ``detail`` and, from Python 3.11 on, below the traceback.

    Attributes:
        message: The sentence.
        kind: What kind of thing went wrong, such as ``"rate_limit"``, ``"not_found"`` or ``"offline"``.
        code: ``kind`` and where it happened, such as ``"rate_limit:model"``.
        retryable: Whether the same call may succeed later.
        retry_after: How many seconds to wait before another try, if that is known.
        detail: What the operator should know. It may quote a provider; keep it out of user interfaces.
    """

    message: str
    kind: str
    code: str
    retryable: bool
    retry_after: float | None
    detail: str | None
    _code = "internal:api"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
        detail: str | None = None,
    ) -> None:
        """Makes an error; programs seldom need to."""
        super().__init__(message)
        code = code or self._code
        self.message = message
        self.kind = code.partition(":")[0]
        self.code = code
        self.retryable = retryable
        self.retry_after = retry_after
        self.detail = detail
        if detail is not None:
            # What `add_note` does from Python 3.11 on; older ones ignore it.
            self.__notes__ = [detail]

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions are pickled by their positional arguments alone, and these have others.
        return _restore, (type(self), self.message, self.__dict__)


class ModelError(ScorpioError):
    """A model could not be asked, or did not answer as it should.

    Attributes:
        status: The HTTP status, if there was an answer.
        request_id: The provider's id of the request, to quote to its support.
    """

    status: int | None = None
    request_id: str | None = None


class RateLimitError(ModelError):
    """The provider refuses for now: too much in too short a time. See ``retry_after``."""


class AuthenticationError(ModelError):
    """The provider's key is missing, wrong, or may not do this."""


class NotFoundError(ScorpioError):
    """It does not exist, or it is somebody else's."""


class ConflictError(ScorpioError):
    """It clashes with the present state: an answer is being written in this session, or an id is taken."""


class StoreError(ScorpioError):
    """The store does not answer, or fails."""

    _code = "internal:database"


class JournalError(StoreError):
    """The journal of a run was changed after it was written.

    Attributes:
        step: The first step that does not fit, from 1.
    """

    step: int = 0


class ConfigurationError(ScorpioError, ValueError):
    """An argument or a setting is wrong: an unknown provider, a malformed id, two tools of one name."""

    _code = "bad_request:api"


class ToolError(Exception):
    """Raised by a tool to tell the model what went wrong.

    The model reads the message and goes on. Of any other exception it only learns that the tool failed, because
    its text may hold paths, hosts or secrets.

    Example:
        >>> import scorpio
        >>> @scorpio.tool
        ... def price(article: str) -> float:
        ...     "Look up a price."
        ...     raise scorpio.ToolError(f"There is no article {article}.")
    """


def _restore(kind: type[ScorpioError], message: str, state: dict[str, object]) -> ScorpioError:
    error = kind(message)
    error.__dict__.update(state)
    return error


def _broken_journal(step: int, message: str) -> JournalError:
    """Makes the exception for a journal that does not hold. The engine calls this."""
    error = JournalError(message)
    error.step = step
    return error


def _from_engine(
    code: str,
    message: str,
    retryable: bool,
    retry_after: float | None,
    detail: str | None,
    model_error_kind: str | None,
    status: int | None,
    request_id: str | None,
) -> ScorpioError:
    """Makes the exception for an error of the engine, which calls this."""
    kind, _, surface = code.partition(":")
    cls: type[ScorpioError] = ScorpioError
    if model_error_kind is not None or surface == "model":
        by_kind: dict[str | None, type[ModelError]] = {"rate_limited": RateLimitError, "auth": AuthenticationError}
        cls = by_kind.get(model_error_kind, ModelError)
    elif kind == "not_found":
        cls = NotFoundError
    elif kind == "conflict":
        cls = ConflictError
    elif surface == "database":
        cls = StoreError
    elif kind in ("bad_request", "too_large"):
        cls = ConfigurationError
    error = cls(message, code=code, retryable=retryable, retry_after=retry_after, detail=detail)
    if isinstance(error, ModelError):
        error.status = status
        error.request_id = request_id
    return error
