"""What is raised, and what it tells."""

from __future__ import annotations

import pickle
import traceback

import pytest

import scorpio

from .support import agent_of


def failing(**error: object) -> scorpio.Agent:
    turn = scorpio.ScriptedTurn(error=scorpio.ScriptedError(**error))  # type: ignore[arg-type]
    return agent_of(scorpio.ScriptedModel([turn]))


def raised_by(**error: object) -> scorpio.ScorpioError:
    with pytest.raises(scorpio.ScorpioError) as caught:
        failing(**error).run_sync("Go.")
    return caught.value


@pytest.mark.parametrize(
    ("kind", "cls", "code", "retryable"),
    [
        ("rate_limited", scorpio.RateLimitError, "rate_limit:model", True),
        ("auth", scorpio.AuthenticationError, "internal:model", False),
        ("overloaded", scorpio.ModelError, "offline:model", True),
        ("unreachable", scorpio.ModelError, "offline:model", True),
        ("truncated", scorpio.ModelError, "offline:model", True),
        ("timeout", scorpio.ModelError, "offline:model", True),
        ("quota", scorpio.ModelError, "offline:model", False),
        ("not_found", scorpio.ModelError, "not_found:model", False),
        ("invalid_request", scorpio.ModelError, "bad_request:model", False),
        ("context_overflow", scorpio.ModelError, "bad_request:model", False),
        ("protocol", scorpio.ModelError, "internal:model", False),
        ("too_large", scorpio.ModelError, "internal:model", False),
        ("configuration", scorpio.ModelError, "internal:model", False),
    ],
)
def test_errors_of_the_model(kind: str, cls: type, code: str, retryable: bool) -> None:
    error = raised_by(kind=kind)
    assert type(error) is cls
    assert (error.code, error.kind, error.retryable) == (code, code.partition(":")[0], retryable)


def test_what_an_error_of_the_model_tells() -> None:
    error = raised_by(kind="rate_limited", message="slow down, org-1", status=429, request_id="req_7", retry_after=1.5)
    assert isinstance(error, scorpio.RateLimitError)
    assert str(error) == error.message == "The model is busy. Please try again in a moment."
    assert (error.status, error.request_id, error.retry_after) == (429, "req_7", 1.5)
    # The provider's own words are for the operator: below a traceback, and not in the text that users are shown.
    assert error.detail == "slow down, org-1 (status 429) (request req_7)"
    assert "org-1" not in str(error)
    assert error.__notes__ == [error.detail]


def test_notes_stand_below_the_traceback() -> None:
    error = raised_by(kind="auth", message="wrong key")
    shown = "".join(traceback.format_exception(error))
    if hasattr(error, "add_note"):
        assert shown.rstrip().endswith("wrong key")


def test_a_script_that_is_over_says_so() -> None:
    with pytest.raises(scorpio.ModelError) as caught:
        agent_of(scorpio.ScriptedModel([])).run_sync("Go.")
    assert caught.value.detail == "the script has no further turn"


def test_errors_survive_pickling() -> None:
    error = raised_by(kind="rate_limited", status=429, retry_after=2.0)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_configuration() -> None:
    for model, words in [
        ("gpt-5-mini", "write `openai:gpt-5-mini`"),
        ("nobody:nothing", "there is no provider `nobody`"),
        ("scripted:other", "only `scripted:demo`"),
    ]:
        with pytest.raises(scorpio.ConfigurationError, match=words) as caught:
            scorpio.Agent("test", model=model)
        assert isinstance(caught.value, ValueError)
        assert caught.value.kind == "bad_request"


def test_a_missing_key_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(scorpio.ConfigurationError, match="OPENAI_API_KEY"):
        scorpio.Agent("test", model="openai:gpt-5-mini")


def test_bad_arguments() -> None:
    agent = agent_of(scorpio.ScriptedModel(["Hi."] * 3))
    for session in ("", "../etc", "a b", "x" * 129):
        with pytest.raises(scorpio.ConfigurationError, match="session id"):
            agent.run_sync("Hi.", session=session)
    with pytest.raises(scorpio.ConfigurationError, match="owner id"):
        agent.run_sync("Hi.", owner="")
    with pytest.raises(scorpio.ConfigurationError, match="message id"):
        agent.run_sync(scorpio.Message.user("Hi.", id="a/b"))
    with pytest.raises(scorpio.ConfigurationError, match="`turns` must be at least 1"):
        scorpio.Limits(turns=0)
    with pytest.raises(scorpio.ConfigurationError, match="`tokens` must not be negative"):
        scorpio.Limits(tokens=-1)
    with pytest.raises(scorpio.ConfigurationError, match="`wall` must be more than 0"):
        scorpio.Limits(wall=0)
    with pytest.raises(TypeError, match="`model` is a name, a Model or a ScriptedModel"):
        scorpio.Agent("test", model=3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="`store` is a store such as a SqliteStore, not str"):
        scorpio.Agent("test", model="scripted:demo", store="chat.db")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"use scorpio\.Store\.open"):
        scorpio.Store()
    with pytest.raises(scorpio.ConfigurationError, match="no span of time"):
        scorpio.Agent("test", model="scripted:demo", tool_timeout=-1)


def test_sessions_of_others_are_absent() -> None:
    agent = agent_of(scorpio.ScriptedModel(["Hi."] * 2))
    agent.run_sync("Hi.", session="chat-1", owner="ada")
    with pytest.raises(scorpio.NotFoundError) as caught:
        agent.run_sync("Hi.", session="chat-1", owner="bob")
    assert caught.value.code == "not_found:chat"
