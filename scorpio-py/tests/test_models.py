"""Models by role and by choice, what becomes of a model that fails, and the doctor."""

from __future__ import annotations

import asyncio
import pathlib

import pytest

import scorpio

from .support import WAIT
from .test_openai import Server, server

__all__ = ["server"]

CHOICES = """
[[models]]
id = "demo"
name = "Demo"
model = "scripted:demo"

[[models]]
id = "deep"
name = "Deep"
description = "For hard questions."
model = "acme:large"
for = "registered"

[roles.title]
model = "acme:small"
parameters = { max_output_tokens = 60, temperature = 0.5 }

[prices."acme:*"]
input = 1000000.0

[providers.acme]
kind = "openai"
"""


def models_of(server: Server, more: str = "") -> scorpio.Models:
    return scorpio.Models.parse(f'{CHOICES}base_url = "http://127.0.0.1:{server.server_port}/v1"\n{more}')


@pytest.mark.parametrize("name", ["anthropic:claude-sonnet-5", "gemini:gemini-3.6-flash", "azure:any"])
def test_every_provider_is_known_by_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = ["ANTHROPIC_API_KEY", "GEMINI_API_KEY", "AZURE_OPENAI_API_KEY"]
    for variable in [*variables, "ANTHROPIC_AUTH_TOKEN", "GOOGLE_API_KEY", "AZURE_OPENAI_ENDPOINT"]:
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(scorpio.ConfigurationError, match="is not set"):
        scorpio.Agent("test", model=name)
    for variable in variables:
        monkeypatch.setenv(variable, "key-0123456789")
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://acme.openai.azure.com")
    scorpio.Agent("test", model=name)


def test_models_that_need_help_get_it(server: Server) -> None:
    options = """
[options."acme:*"]
think_tags = { open = "[", close = "]", anywhere = true }
tools = "prompt"
repair_tool_calls = true
"""

    @scorpio.tool
    def add(a: float, b: float) -> float:
        "Add two numbers."
        return a + b

    agent = scorpio.Agent("test", model=models_of(server, options)["deep"], tools=[add])
    assert agent.run_sync("a[hm]b").text == "It is ab"
    (request,) = server.requests
    assert "tools" not in request
    assert '"name":"add"' in request["messages"][0]["content"]


def test_roles_choices_parameters_and_prices(server: Server) -> None:
    models = models_of(server)
    assert [str(model) for model in (models.chat, models.reasoning, models.artifact, models.planner)] == [
        "scripted:demo"
    ] * 4
    assert str(models.title) == "acme:small"
    assert repr(models["deep"]) == "<scorpio.Model acme:large>"
    assert models.choices == [
        scorpio.ModelChoice("demo", "Demo", None, "guests"),
        scorpio.ModelChoice("deep", "Deep", "For hard questions.", "registered"),
    ]
    with pytest.raises(KeyError):
        models["none"]
    outcome = scorpio.Agent("test", model=models.title, temperature=0.25).run_sync("Hello.")
    (request,) = server.requests
    assert request["model"] == "small"
    assert request["max_completion_tokens"] == 60
    assert request["temperature"] == 0.25
    assert request["authorization"] is None, "no key goes to an address that it is not meant for"
    assert outcome.cost_usd == pytest.approx(10.0)
    free = scorpio.Agent("test", model=models["deep"], prices={"acme:*": scorpio.Price(input=0, output=0)})
    assert free.run_sync("Hello.").cost_usd == 0


def test_what_is_wrong_with_a_file_is_told_with_its_line(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "models.toml"
    file.write_text('[roles.chat]\nmodle = "scripted:demo"\n')
    with pytest.raises(scorpio.ConfigurationError, match=r"models\.toml, line 2: roles\.chat.*unknown field `modle`"):
        scorpio.Models.from_toml(file)
    file.write_text(
        '[roles.chat]\nmodel = "scripted:demo"\n[roles.title]\nmodel = "nokey:any"\n'
        '[providers.nokey]\nkind = "openai"\napi_key_env = "SCORPIO_TEST_NO_KEY"\n'
    )
    models = scorpio.Models.from_toml(str(file))
    assert str(models.chat) == "scripted:demo"
    with pytest.raises(scorpio.ConfigurationError, match=r"the role `title`.*SCORPIO_TEST_NO_KEY is not set"):
        _ = models.title
    with pytest.raises(TypeError, match=r"scorpio\.Models\.from_toml"):
        scorpio.Models()
    with pytest.raises(TypeError, match=r"scorpio\.Models"):
        scorpio.Model()


def test_the_environment_says_what_there_is(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "GEMINI_API_KEY", "GOOGLE_API_KEY", "SCORPIO_MODELS"]:
        monkeypatch.delenv(variable, raising=False)
    assert str(scorpio.Models.from_env().chat) == "openai:gpt-5-mini"
    monkeypatch.delenv("OPENAI_API_KEY")
    assert str(scorpio.Models.from_env().chat) == "scripted:demo"


def test_another_try_and_another_model_are_events(server: Server) -> None:
    server.broken = (503, {"retry-after-ms": "1"}, {"error": {"message": "busy"}})
    models = scorpio.Models.parse(
        f"""
        [roles.chat]
        model = ["acme:large", "scripted:demo"]
        [providers.acme]
        kind = "openai"
        base_url = "http://127.0.0.1:{server.server_port}/v1"
        """
    )

    async def main() -> list[scorpio.Event]:
        return [event async for event in scorpio.Agent("test", model=models.chat).stream("Why is the sky blue?")]

    events = asyncio.run(asyncio.wait_for(main(), WAIT))
    tries = [event for event in events if isinstance(event, scorpio.Retrying)]
    assert [(event.attempt, event.error, event.turn) for event in tries] == [(2, "overloaded", 1), (3, "overloaded", 1)]
    assert all(0 < event.after < 5 and event.type == "retrying" for event in tries)
    (fell_back,) = [event for event in events if isinstance(event, scorpio.FellBack)]
    assert (fell_back.model, fell_back.error, fell_back.turn) == ("scripted:demo", "overloaded", 1)
    assert "FellBack(seq=" in repr(fell_back)
    assert "".join(event.delta for event in events if isinstance(event, scorpio.TextDelta)) == "It's just blue duh!"


def test_an_answer_that_breaks_off_is_asked_for_again() -> None:
    model = scorpio.ScriptedModel([scorpio.ScriptedTurn(text="Half of it", cut=True), "All of it."])
    text = ""
    for event in scorpio.Agent("test", model=model).stream("Tell me."):
        match event:
            case scorpio.TextDelta(delta):
                text += delta
            case scorpio.StreamReset(error, turn):
                assert (error, turn, text) == ("truncated", 1, "Half of it")
                text = ""
    assert text == "All of it."


def test_the_doctor(server: Server) -> None:
    models = scorpio.Models.parse(
        '[roles.chat]\nmodel = "scripted:demo"\n[roles.title]\nmodel = "acme:any"\n'
        '[providers.acme]\nkind = "openai"\nbase_url = "http://127.0.0.1:9/v1"\n'
    )
    report = scorpio.doctor_sync(models)
    assert not report.is_healthy
    acme, scripted = report.findings
    assert (acme.severity, acme.subject) == ("wrong", "the provider `acme`")
    assert "cannot be reached at http://127.0.0.1:9/v1" in acme.text
    assert (scripted.severity, str(scripted)) == ("ok", "The provider `scripted` follows a script and needs nothing.")
    assert str(report).startswith("wrong     The provider `acme` cannot be reached")
    assert asyncio.run(asyncio.wait_for(scorpio.doctor(models), WAIT)) == report
