//! What `#[tool]` and `#[toolset]` make of functions and methods, seen through the erased tool that the engine runs.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, ThreadId},
    time::Duration,
};

use scorpio_core::{
    Agent, Json, OwnerId, Part, SessionId, Trust,
    model::{Model, Scripted, ScriptedTurn},
    tool,
    tool::{
        Effects, Extensions, RetryClass, SharedTool, Tool, ToolContext, ToolError, ToolSpec, Toolset,
        ToolsetContext, erase,
    },
    toolset,
};
use serde_json::{Value, json};

/// Runs a tool as the engine does, with JSON text.
async fn call(tool: impl Tool, arguments: Value) -> Result<Value, String> {
    call_shared(&erase(tool), arguments).await
}

async fn call_shared(tool: &SharedTool, arguments: Value) -> Result<Value, String> {
    let cx = ToolContext::detached();
    let result = tool.call(&cx, &arguments.to_string()).await;
    result.map(|output| output.json.to().unwrap()).map_err(|error| error.message().to_owned())
}

fn parameters(spec: &ToolSpec) -> Value {
    spec.parameters.to().unwrap()
}

/// Where something is to be sent.
#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Address {
    /// Street and number.
    street: String,
    /// The postal code.
    code: Option<u32>,
}

/// Create an order.
///
/// The customer is told by e-mail.
#[tool]
async fn create_order(
    /** The customer's e-mail address. */
    email: String,
    /// What is ordered,
    /// by article number.
    articles: Vec<u32>,
    /// Where it goes.
    address: Address,
    note: Option<String>,
    #[serde(default)]
    #[schemars(range(min = 1, max = 5))]
    priority: u8,
) -> String {
    let Address { street, code } = address;
    format!("{email} {articles:?} {street} {code:?} {note:?} {priority}")
}

#[test]
fn the_schema_has_types_descriptions_and_what_is_required() {
    let tool = erase(create_order);
    assert_eq!(tool.spec().name, "create_order");
    assert_eq!(tool.spec().description, "Create an order.\n\nThe customer is told by e-mail.");
    assert_eq!(
        parameters(tool.spec()),
        json!({
            "type": "object",
            "properties": {
                "email": {"type": "string", "description": "The customer's e-mail address."},
                "articles": {
                    "type": "array",
                    "items": {"type": "integer", "format": "uint32", "minimum": 0},
                    "description": "What is ordered,\nby article number."
                },
                "address": {
                    "type": "object",
                    "description": "Where it goes.",
                    "properties": {
                        "street": {"type": "string", "description": "Street and number."},
                        "code": {
                            "type": ["integer", "null"], "format": "uint32", "minimum": 0,
                            "description": "The postal code."
                        }
                    },
                    "required": ["street"]
                },
                "note": {"type": ["string", "null"]},
                "priority": {"type": "integer", "format": "uint8", "minimum": 1, "maximum": 5, "default": 0}
            },
            "required": ["email", "articles", "address"],
            "additionalProperties": false
        })
    );
}

#[tokio::test]
async fn optional_arguments_may_be_left_out_or_null() {
    let shortest = json!({"email": "a@b.c", "articles": [7], "address": {"street": "Main 1"}});
    assert_eq!(call(create_order, shortest).await.unwrap(), "a@b.c [7] Main 1 None None 0");
    let full = json!({
        "email": "a@b.c", "articles": [], "address": {"street": "Main 1", "code": 1010}, "note": null, "priority": 2
    });
    assert_eq!(call(create_order, full).await.unwrap(), "a@b.c [] Main 1 Some(1010) None 2");
}

#[tokio::test]
async fn wrong_arguments_are_told_with_their_place() {
    let mut arguments = json!({"email": "a@b.c", "articles": [1], "address": {"street": 5}});
    let error = call(create_order, arguments.clone()).await.unwrap_err();
    assert!(error.contains("at `address.street`") && error.contains("expected a string"), "{error}");

    arguments["address"] = json!({"street": "Main 1"});
    arguments["articles"] = json!([1, -2]);
    let error = call(create_order, arguments.clone()).await.unwrap_err();
    assert!(error.contains("at `articles[1]`"), "{error}");

    arguments["articles"] = json!([]);
    arguments["urgent"] = json!(true);
    let error = call(create_order, arguments).await.unwrap_err();
    assert!(error.contains("unknown field `urgent`") && error.contains("`priority`"), "{error}");

    let error = call(create_order, json!({"email": "a@b.c"})).await.unwrap_err();
    assert!(error.contains("missing field `articles`"), "{error}");
}

/// Everything that can be declared.
#[tool(
    name = "declare-all",
    description = concat!("Says", " it."),
    effects = "egress",
    idempotent,
    trusted,
    timeout = "1500ms",
    output_limit = 1_024
)]
fn declared() {}

/// Reads the shelf.
#[tool(pure, effects = "read_private", timeout = 90)]
fn shelf() {}

#[test]
fn declarations_reach_the_spec() {
    let tool = erase(declared);
    let spec = tool.spec();
    assert_eq!((spec.name.as_str(), spec.description.as_str()), ("declare-all", "Says it."));
    assert_eq!(
        (spec.effects, spec.retry, spec.trust),
        (Effects::Egress, RetryClass::Idempotent, Trust::Trusted)
    );
    assert_eq!((spec.timeout, spec.output_limit), (Some(Duration::from_millis(1500)), Some(1024)));

    let tool = erase(shelf);
    let spec = tool.spec();
    assert_eq!(
        (spec.effects, spec.retry, spec.trust),
        (Effects::ReadPrivate, RetryClass::Pure, Trust::Untrusted)
    );
    assert_eq!(spec.timeout, Some(Duration::from_secs(90)));

    let tool = erase(create_order);
    let spec = tool.spec();
    assert_eq!(
        (spec.effects, spec.retry, spec.trust),
        (Effects::Write, RetryClass::AtMostOnce, Trust::Untrusted)
    );
    assert_eq!((spec.timeout, spec.output_limit), (None, None));
}

#[tokio::test]
async fn what_a_tool_declares_is_made_once() {
    assert!(std::ptr::eq(erase(shelf).spec(), erase(shelf).spec()));
    assert!(!std::ptr::eq(erase(shelf).spec(), erase(declared).spec()));
    let (first, second) = (Arc::new(Orders::new()), Arc::new(Orders::new()));
    let first = first.tools(&toolset_context()).await.unwrap();
    let second = second.tools(&toolset_context()).await.unwrap();
    assert!(std::ptr::eq(first[0].spec(), second[0].spec()));
    assert!(!std::ptr::eq(first[0].spec(), first[1].spec()));
}

#[tokio::test]
async fn a_tool_without_parameters_takes_an_empty_object_and_answers_null() {
    let tool = erase(shelf);
    assert_eq!(
        parameters(tool.spec()),
        json!({"type": "object", "properties": {}, "additionalProperties": false})
    );
    assert_eq!(call_shared(&tool, json!({})).await, Ok(Value::Null));
    let nothing = tool.call(&ToolContext::detached(), "").await.unwrap();
    assert_eq!(nothing.json, Json::null());
    assert!(call_shared(&tool, json!({"a": 1})).await.unwrap_err().contains("unknown field `a`"));
}

#[derive(Debug)]
struct User(&'static str);

/// Greet the user.
#[tool(pure)]
fn greet(
    /** How. */
    r#type: String,
    cx: &ToolContext,
    mut times: u8,
) -> Option<String> {
    let user = cx.get::<User>();
    times += 1;
    user.map(|user| format!("{type} {} {times}", user.0))
}

mod elsewhere {
    /// The key of this call.
    #[scorpio_core::tool(trusted)]
    pub(super) async fn key(context: &scorpio_core::tool::ToolContext) -> String {
        context.idempotency_key().to_owned()
    }
}

#[tokio::test]
async fn the_context_is_passed_and_stays_out_of_the_schema() {
    let tool = erase(greet);
    let schema = parameters(tool.spec());
    assert_eq!(schema["required"], json!(["type", "times"]));
    assert_eq!(schema["properties"].as_object().unwrap().len(), 2);

    assert_eq!(call_shared(&tool, json!({"type": "Hello", "times": 1})).await, Ok(Value::Null));
    assert_eq!(call(elsewhere::key, json!({})).await, Ok(json!("detached")));
}

/// Half of an even number.
#[tool(pure)]
fn half(number: u32) -> Result<u32, ToolError> {
    if number % 2 == 1 { Err(ToolError::new("The number is odd.")) } else { Ok(number / 2) }
}

/// Read a number.
#[tool(pure)]
async fn parse(text: String) -> Result<i64, std::num::ParseIntError> {
    text.parse()
}

/// Read a number with a result type of its own.
#[tool(pure)]
fn parse_io(text: String) -> std::io::Result<f64> {
    text.parse().map_err(std::io::Error::other)
}

/// Check a number.
#[tool(pure)]
fn check(number: u32) -> Result<(), ToolError> {
    half::function(number).map(|_| ())
}

#[tokio::test]
async fn fallible_functions_keep_what_the_model_may_not_read() {
    assert_eq!(call(half, json!({"number": 8})).await, Ok(json!(4)));
    assert_eq!(call(half, json!({"number": 7})).await, Err("The number is odd.".to_owned()));
    assert_eq!(call(parse, json!({"text": "-3"})).await, Ok(json!(-3)));
    assert_eq!(call(parse, json!({"text": "x"})).await, Err("The tool failed.".to_owned()));
    assert_eq!(call(parse_io, json!({"text": "2.5"})).await, Ok(json!(2.5)));
    assert_eq!(call(check, json!({"number": 8})).await, Ok(Value::Null));
    assert_eq!(call(check, json!({"number": 7})).await, Err("The number is odd.".to_owned()));
}

#[tokio::test]
async fn a_string_is_plain_text_and_json_is_left_alone() {
    /// As it stands.
    #[tool]
    fn verbatim() -> Json {
        Json::parse("{\"b\":1,  \"a\":1.0}").unwrap()
    }
    /// Hello.
    #[tool]
    fn hello() -> String {
        "Hello, \"you\"".to_owned()
    }
    let cx = ToolContext::detached();
    let text = erase(hello).call(&cx, "{}").await.unwrap();
    assert_eq!(text.json.display_text(), "Hello, \"you\"");
    let json = erase(verbatim).call(&cx, "{}").await.unwrap();
    assert_eq!(json.json.get(), "{\"b\":1,  \"a\":1.0}");
}

/// Where it runs.
#[tool(blocking)]
fn place(cx: &ToolContext, log: bool) -> Result<String, ToolError> {
    if log {
        Ok(format!("{:?} {}", thread::current().id(), cx.call_id()))
    } else {
        Err(ToolError::new("Not now."))
    }
}

/// Fall over.
#[tool(blocking)]
fn fall_over() {
    panic!("fallen")
}

#[tokio::test]
async fn blocking_functions_leave_the_thread_of_the_run() {
    let here: ThreadId = thread::current().id();
    let there = call(place, json!({"log": true})).await.unwrap();
    assert!(there.as_str().unwrap().ends_with(" call"), "{there}");
    assert!(!there.as_str().unwrap().starts_with(&format!("{here:?} ")), "{there}");
    assert_eq!(call(place, json!({"log": false})).await, Err("Not now.".to_owned()));
}

#[tokio::test]
async fn a_panic_on_another_thread_is_a_panic_here() {
    let error = tokio::spawn(call(fall_over, json!({}))).await.unwrap_err();
    assert_eq!(error.into_panic().downcast_ref::<&str>(), Some(&"fallen"));
}

#[tokio::test]
async fn the_function_itself_can_be_called() {
    assert_eq!(half::function(4).unwrap(), 2);
    assert_eq!(parse::function("7".to_owned()).await.unwrap(), 7);
    assert_eq!(greet::function("Hi".to_owned(), &ToolContext::detached(), 1), None);
    assert_eq!(format!("{half:?}"), "half");
}

/// Orders, and how often they were looked at.
struct Orders {
    looked: AtomicUsize,
    written: Mutex<Vec<Order>>,
}

/// An order.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct Order {
    /// Its number.
    number: u32,
}

trait Keyed {
    type Key;
}

impl Keyed for Orders {
    type Key = u32;
}

#[toolset]
impl Orders {
    fn new() -> Self {
        Self { looked: AtomicUsize::new(0), written: Mutex::new(Vec::new()) }
    }

    /// Look up an order.
    #[tool(pure, effects = "read_private")]
    async fn find(
        &self,
        cx: &ToolContext,
        /** Its number. */
        number: <Self as Keyed>::Key,
    ) -> Result<Order, ToolError> {
        tokio::task::yield_now().await;
        self.looked.fetch_add(1, Ordering::Relaxed);
        let orders = self.all();
        let found = orders.into_iter().find(|order| order.number == number);
        found.ok_or_else(|| ToolError::new(format!("There is no order {number} ({}).", cx.call_id())))
    }

    /// Write an order.
    #[scorpio_core::tool(name = "write_order", blocking)]
    fn write(&self, cx: &ToolContext, order: Order) -> String {
        self.written.lock().unwrap().push(order);
        format!("{} {:?}", cx.call_id(), thread::current().id())
    }

    /// Only on machines that do not exist.
    #[cfg(target_pointer_width = "16")]
    #[tool]
    fn never(&self, unknown: DoesNotExist) {}

    fn all(&self) -> Vec<Order> {
        self.written.lock().unwrap().clone()
    }
}

fn toolset_context() -> ToolsetContext {
    ToolsetContext::new(SessionId::new(), OwnerId::local(), Extensions::new())
}

#[tokio::test]
async fn methods_become_tools_that_share_their_value() {
    let orders = Arc::new(Orders::new());
    let tools = Arc::clone(&orders).tools(&toolset_context()).await.unwrap();
    let names: Vec<_> = tools.iter().map(|tool| tool.spec().name.as_str()).collect();
    assert_eq!(names, ["find", "write_order"]);
    let [find, write] = tools.as_slice() else { panic!("two tools") };
    assert_eq!(find.spec().retry, RetryClass::Pure);
    assert_eq!(parameters(find.spec())["properties"]["number"]["description"], "Its number.");

    let written = call_shared(write, json!({"order": {"number": 7}})).await.unwrap();
    assert!(written.as_str().unwrap().starts_with("call "), "{written}");
    assert!(!written.as_str().unwrap().ends_with(&format!("{:?}", thread::current().id())), "{written}");
    assert_eq!(call_shared(find, json!({"number": 7})).await, Ok(json!({"number": 7})));
    assert_eq!(call_shared(find, json!({"number": 8})).await, Err("There is no order 8 (call).".to_owned()));
    let error = call_shared(write, json!({"order": {"number": "7"}})).await.unwrap_err();
    assert!(error.contains("at `order.number`"), "{error}");

    assert_eq!(orders.looked.load(Ordering::Relaxed), 2);
    assert_eq!(orders.find(&ToolContext::detached(), 7).await.unwrap(), Order { number: 7 });
}

#[tokio::test]
async fn an_agent_runs_both_kinds() {
    let model =
        Scripted::new()
            .turn(
                ScriptedTurn::new()
                    .tool_call("call_1", "write_order", r#"{"order": {"number": 7}}"#)
                    .tool_call("call_2", "half", r#"{"number": 8}"#),
            )
            .text("Done.");
    let agent = Agent::builder("clerk")
        .with_model(Model::new(model, "scripted"))
        .tool(half)
        .toolset(Orders::new())
        .build()
        .unwrap();
    let outcome = agent.run("Order 7.").await.unwrap();
    assert_eq!(outcome.text(), "Done.");
    let answers: Vec<_> =
        outcome.report().messages().flat_map(|message| &message.parts).filter_map(answer).collect();
    let [written, four] = answers.as_slice() else { panic!("two answers: {answers:?}") };
    assert!(written.starts_with("call_1 "), "{written}");
    assert_eq!(four, "4");
}

fn answer(part: &Part) -> Option<String> {
    match part {
        Part::ToolResult(result) => Some(result.output.display_text()),
        _ => None,
    }
}

/// A scope in which the usual names mean something else.
mod hostile {
    use scorpio_core::{tool, toolset};

    pub(super) type Option = u8;
    type Vec = u8;
    type Box = u8;

    /// A unit struct of this name stands in the way of variables.
    #[tool]
    pub(super) fn input(first: Option, second: Vec, third: Box) -> u32 {
        u32::from(first) + u32::from(second) + u32::from(third)
    }

    /// As does this one.
    #[tool(blocking)]
    pub(super) fn tools() {}

    #[derive(Debug)]
    pub(super) struct Result;

    #[toolset]
    impl Result {
        /// Nothing special.
        #[tool]
        fn cx(&self, tool: String) -> String {
            tool
        }
    }
}

#[tokio::test]
async fn names_in_scope_do_not_clash_with_the_generated_code() {
    assert_eq!(call(hostile::input, json!({"first": 1, "second": 2, "third": 3})).await, Ok(json!(6)));
    assert_eq!(call(hostile::tools, json!({})).await, Ok(Value::Null));
    let tools = Arc::new(hostile::Result).tools(&toolset_context()).await.unwrap();
    assert_eq!(call_shared(&tools[0], json!({"tool": "x"})).await, Ok(json!("x")));
}
