//! The model `scripted:demo`: it needs no key, says that it is a demo, and exercises everything that a real model does.

mod question;

use std::time::Duration;

use async_trait::async_trait;

use self::question::{Question, questions};
use super::{
    CallContext, Capabilities, LlmProvider, ModelError, ModelRequest, ModelStream, ProviderId, ScriptedTurn,
    WireKey, scripted::WIRE,
};
use crate::{Message, Role, ToolResultPart, tool::ToolCatalog};

const PACE: Duration = Duration::from_millis(20);
const COUNT_PACE: Duration = Duration::from_millis(50);
const HELP: &str = "I am Scorpio's demo model: I follow a script and need no key. Try one of these:\n\n\
- **Why is the sky blue?** streams a text.\n\
- **What is 12*34?** calls a tool.\n\
- **What time is it in Tokyo?** calls another. Ask both at once and both run at once.\n\
- **Send an e-mail to ada@example.com** calls a tool that asks you first.\n\
- **Think about the night sky** shows reasoning.\n\
- **Count to 200** streams slowly, so that you can stop it, or reload the page in the middle.\n\n\
Set `OPENAI_API_KEY` to talk to a real model.";

/// The demo model.
///
/// It answers these, wherever Scorpio runs, and calls the tools of these names when the agent has them:
///
/// | asked | it |
/// |---|---|
/// | Why is the sky blue? | streams `It's just blue duh!` word by word |
/// | What is 12*34? | calls `calculate {"expression": "12*34"}` and answers with the result |
/// | What time is it in Tokyo? | calls `current_time {"city": "Tokyo"}` and answers with the result |
/// | Send an e-mail to … | calls `send_email {"to": …, "subject": …, "text": …}` and answers with the result |
/// | Think about … | streams reasoning, then an answer |
/// | Count to N | streams the numbers up to N, at most 1,000, 50 ms apart |
/// | several of these at once | calls all their tools in one turn |
/// | anything else | says that it is a demo and what it can do |
///
/// ```
/// use scorpio_core::{Agent, model::{Demo, Model}};
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> scorpio_core::Result<()> {
/// let agent = Agent::builder("demo").with_model(Model::new(Demo::new(), "demo")).build()?;
/// assert_eq!(agent.run("Why is the sky blue?").await?.text(), "It's just blue duh!");
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Demo {
    id: ProviderId,
}

impl Demo {
    /// The demo model.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self { id: "scripted".into() }
    }
}

#[async_trait]
impl LlmProvider for Demo {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn capabilities(&self, _model: &str) -> Capabilities {
        Capabilities::all()
    }

    fn wire(&self, _model: &str) -> WireKey {
        WIRE
    }

    async fn stream(&self, request: ModelRequest, _cx: &CallContext) -> Result<ModelStream, ModelError> {
        answer(&request).play()
    }
}

/// The answer to the last message of the user, given the results of the tools that were called for it.
fn answer(request: &ModelRequest) -> ScriptedTurn {
    let messages: Vec<&Message> = request.transcript.messages().collect();
    let asked = messages.iter().rposition(|message| message.role == Role::User);
    let (text, since) = match asked.and_then(|at| messages.split_at_checked(at)) {
        Some((_, [user, since @ ..])) => (user.text(), since),
        _ => (String::new(), [].as_slice()),
    };
    let results: Vec<&ToolResultPart> = since.iter().flat_map(|message| message.tool_results()).collect();
    let questions = questions(&text);
    if results.is_empty() && questions.iter().any(|question| question.has_tool(&request.tools)) {
        return call_tools(&questions, &request.tools);
    }
    let mut results = results.into_iter();
    questions.iter().enumerate().fold(ScriptedTurn::new().paced(PACE), |turn, (index, question)| {
        let gap = if index == 0 { "" } else { "\n\n" };
        let result = if question.has_tool(&request.tools) { results.next() } else { None };
        say(turn, gap, question, result)
    })
}

fn call_tools(questions: &[Question], tools: &ToolCatalog) -> ScriptedTurn {
    let calls = questions.iter().filter(|question| question.has_tool(tools)).filter_map(Question::tool_call);
    calls.enumerate().fold(ScriptedTurn::new().paced(PACE), |turn, (index, (name, arguments))| {
        turn.tool_call(format!("call_{}", index + 1), name, &arguments)
    })
}

fn say(turn: ScriptedTurn, gap: &str, question: &Question, result: Option<&ToolResultPart>) -> ScriptedTurn {
    match question {
        Question::Sky => turn.text(&format!("{gap}It's just blue duh!")),
        Question::Think(about) => turn
            .reasoning(&format!(
                "The user wants me to think about {about}. I am a demo and cannot, but I can show what thinking looks like."
            ))
            .text(&format!("{gap}I thought about {about}, as far as a demo can. A real model would have more to say.")),
        Question::Count(to) => count(turn, gap, *to),
        Question::CountTooFar => turn.text(&format!("{gap}I count to 1,000 at most.")),
        Question::Help => turn.text(&format!("{gap}{HELP}")),
        Question::Calculate(_) | Question::Time(_) | Question::Mail(_) => {
            let text = match (result, question.tool_call()) {
                (Some(result), _) => question.read(result),
                (None, Some((tool, _))) => format!("I would call the tool `{tool}` for this, but I was not given it."),
                (None, None) => String::new(),
            };
            turn.text(&format!("{gap}{text}"))
        }
    }
}

fn count(turn: ScriptedTurn, gap: &str, to: u32) -> ScriptedTurn {
    let numbers: Vec<String> = (1..=to)
        .map(|number| match number {
            1 => format!("{gap}1"),
            _ => format!(", {number}"),
        })
        .collect();
    turn.paced(COUNT_PACE).deltas(numbers.iter().map(String::as_str)).paced(PACE)
}
