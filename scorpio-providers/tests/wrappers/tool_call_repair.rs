//! Tool calls that are not quite right.

use std::sync::Arc;

use scorpio_core::{
    Agent, Json, Part, ToolCallPart,
    model::{Model, ModelEvent, PartKind, Scripted, ScriptedTurn},
    tool,
    tool::{ToolCatalog, erase},
};
use scorpio_providers::ToolCallRepair;

use crate::support::{Puppet, Turn, answer, items_of, request, shown, whole};

/// Look the weather up.
#[tool]
fn get_weather(city: String, days: Option<u8>) -> String {
    format!("{city}: {} days of sun", days.unwrap_or(1))
}

/// Set a user's name.
#[tool]
fn set_user(name: String) -> String {
    name
}

/// Send it to the first printer.
#[tool]
fn print_on_printer1(text: String) -> String {
    text
}

/// Add numbers up.
#[tool]
fn add_numbers(numbers: Vec<f64>) -> f64 {
    numbers.iter().sum()
}

fn tools() -> Arc<ToolCatalog> {
    let tools = vec![erase(get_weather), erase(set_user), erase(print_on_printer1), erase(add_numbers)];
    Arc::new(ToolCatalog::new(tools).unwrap())
}

/// The call as it comes out: the name at its beginning, and the finished part.
async fn mended(call: ToolCallPart) -> (String, ToolCallPart) {
    let provider = ToolCallRepair::new(Puppet::new(move |_| {
        let kind = PartKind::ToolCall { call_id: call.call_id.clone(), name: call.name.clone() };
        let end = ModelEvent::PartEnd { index: 0, part: Box::new(Part::ToolCall(call.clone())) };
        Turn::new().event(ModelEvent::PartStart { index: 0, kind }).delta(&call.arguments).event(end).finish()
    }));
    let events = whole(items_of(&provider, request().with_tools(tools()), &Default::default()).await);
    let [
        ModelEvent::PartStart { kind: PartKind::ToolCall { name, .. }, .. },
        _,
        ModelEvent::PartEnd { part, .. },
        _,
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    let Part::ToolCall(call) = &**part else { panic!("{part:?}") };
    (name.to_string(), call.clone())
}

async fn name(name: &str) -> String {
    let (at_start, call) = mended(ToolCallPart::new("call_1", name, "{}")).await;
    assert_eq!(at_start, &*call.name);
    call.name.to_string()
}

async fn arguments(tool: &str, arguments: &str) -> String {
    mended(ToolCallPart::new("call_1", tool, arguments)).await.1.arguments.to_string()
}

#[tokio::test]
async fn names_that_mean_one_tool_are_mended() {
    for written in [
        "get_weather",
        "Get_Weather",
        "GET-WEATHER",
        "getWeather",
        "GetWeather",
        "get weather",
        "`get_weather()`",
        "functions.get_weather",
        "tools/getWeather",
        "default_api:get_weather",
        // One letter.
        "get_wether",
        "get_weathr",
        "get_weatther",
        "get_waether",
        "getWeathers",
    ] {
        assert_eq!(name(written).await, "get_weather", "{written}");
    }
    for written in [
        // Another verb, another number, too far off, nothing.
        "get_user",
        "unset_user",
        "print_on_printer2",
        "print_on_printer",
        "weather",
        "get_whether_x",
        "got_weather",
        "",
        "()",
        "add",
    ] {
        assert_eq!(name(written).await, written);
    }
    let long = "x".repeat(100_000);
    assert_eq!(name(&long).await, long);
}

/// Look users up.
#[tool]
fn list_users(team: String) -> String {
    team
}

/// Look somebody up.
#[tool]
fn list_user(name: String) -> String {
    name
}

#[tokio::test]
async fn a_name_that_could_mean_two_is_left_alone() {
    let tools = Arc::new(ToolCatalog::new(vec![erase(list_users), erase(list_user)]).unwrap());
    for (written, expected) in
        [("list_userss", "list_users"), ("list_userz", "list_userz"), ("ListUser", "list_user")]
    {
        let script = Scripted::new().turn(ScriptedTurn::new().tool_call("call_1", written, "{}"));
        let answer = answer(&ToolCallRepair::new(script), request().with_tools(Arc::clone(&tools))).await;
        assert_eq!(shown(&answer), [("call", format!("{expected} {{}}"))]);
    }
}

#[tokio::test]
async fn arguments_that_can_be_read_in_one_way_are_mended() {
    for (written, expected) in [
        ("{'city': 'Oslo',}", r#"{"city":"Oslo"}"#),
        ("```json\n{\"city\": \"Oslo\"}\n```", "{\"city\": \"Oslo\"}\n"),
        (r#""{\"city\": \"Oslo\"}""#, r#"{"city": "Oslo"}"#),
        (r#"{"city": "Oslo""#, r#"{"city":"Oslo"}"#),
        // Nothing to mend, or no way to.
        (r#"{ "city" :"Oslo"}"#, r#"{ "city" :"Oslo"}"#),
        ("", ""),
        (r#"{"city": "Os"#, r#"{"city": "Os"#),
        ("Oslo", "Oslo"),
        // A string where the schema wants one, whatever it looks like.
        (r#"{"city": "[1]"}"#, r#"{"city": "[1]"}"#),
    ] {
        assert_eq!(arguments("get_weather", written).await, expected, "{written}");
    }
    for (written, expected) in [
        (r#"{"numbers": "[1, 2.50]"}"#, r#"{"numbers":[1, 2.50]}"#),
        (r#"{"numbers": "{}"}"#, r#"{"numbers": "{}"}"#),
        (r#"{"numbers": "1, 2"}"#, r#"{"numbers": "1, 2"}"#),
        (r#"{"others": "[1]"}"#, r#"{"others": "[1]"}"#),
    ] {
        assert_eq!(arguments("add_numbers", written).await, expected, "{written}");
    }
    // Of a tool that there is not, nothing is known but that it wants an object.
    assert_eq!(arguments("no_such_tool", "{a: '[]'}").await, r#"{"a":"[]"}"#);
}

#[tokio::test]
async fn what_a_provider_signed_stays_as_it_came() {
    let native = Json::parse(r#"{"signature":"abc"}"#).unwrap();
    let call = ToolCallPart::new("call_1", "Get_Weather", "{'a': 1}").with_native(native);
    assert_eq!(mended(call.clone()).await.1, call);
}

#[tokio::test]
async fn a_run_goes_on_where_a_call_cannot_be_mended() {
    let script = Scripted::new()
        .turn(ScriptedTurn::new().tool_call("call_1", "get_weather", r#"{"city": "Os"#))
        .turn(ScriptedTurn::new().tool_call("call_2", "getWeather", "{city: 'Oslo', days: 3}"))
        .text("Sun.");
    let agent = Agent::builder("test")
        .with_model(Model::new(ToolCallRepair::new(script.clone()), "any"))
        .tool(get_weather)
        .build()
        .unwrap();
    assert_eq!(agent.run("Weather?").await.unwrap().text(), "Sun.");
    let messages: Vec<_> = script.requests()[2].transcript.messages().cloned().collect();
    let results: Vec<_> = messages.iter().flat_map(|message| message.tool_results()).collect();
    assert!(results[0].is_error());
    assert_eq!(results[1].output.display_text(), "Oslo: 3 days of sun");
    // The model is shown what it meant, not what it wrote.
    let calls: Vec<_> = messages.iter().flat_map(|message| message.tool_calls()).collect();
    assert_eq!(
        (&*calls[0].arguments, &*calls[1].arguments),
        (r#"{"city": "Os"#, r#"{"city":"Oslo","days":3}"#)
    );
    assert_eq!(&*calls[1].name, "get_weather");
}
