//! What makes Responses refuse a request.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::ids::{self, Encrypted, ItemId};
use crate::{
    json::{at, field, items, text},
    openai,
    request::Request,
    rule::{Admission, Refusal, Rule},
    seal::Seal,
};

/// Holds a request to the rules.
pub(crate) fn judge(request: &Request, seal: &Seal) -> Result<Admission, Refusal> {
    openai::headers(request)?;
    let body = request.body();
    if !body.is_object() {
        return Err(Refusal::new(Rule::Shape, "We could not parse the JSON body of your request."));
    }
    openai::required(body, "model")?;
    openai::required(body, "input")?;
    if !field(body, "max_tokens").is_null() {
        let message = "Unsupported parameter: 'max_tokens'. In the Responses API, this parameter has moved to 'max_output_tokens'.";
        return Err(Refusal::new(Rule::TokenLimits, message)
            .param("max_tokens")
            .code("unsupported_parameter"));
    }
    openai::parameters(request)?;
    openai::tools(body, false)?;
    if items(field(body, "tools")).is_empty() && !field(body, "tool_choice").is_null() {
        let message = "Tool choice is only allowed when 'tools' are specified.";
        return Err(Refusal::new(Rule::Shape, message).param("tool_choice"));
    }
    let format = at(body, &["text", "format"]);
    if text(format, "type") == "json_schema" {
        openai::answer_format("text.format", format)?;
    }
    let begin = seal.chain("", &json!([field(body, "instructions"), field(body, "tools")]));
    let input = match field(body, "input") {
        Value::String(text) => vec![json!({"role": "user", "content": text})],
        input => items(input).to_vec(),
    };
    let mut history = History::new(request, seal, begin);
    for (place, item) in input.iter().enumerate() {
        history.item(place, item, input.get(place + 1))?;
    }
    history.end()
}

/// The items that were seen.
struct History<'a> {
    seal: &'a Seal,
    model: &'a str,
    /// Everything that was said, and what was said before the answer that is being looked at.
    prefix: String,
    before_answer: String,
    answer: Option<String>,
    ids: HashSet<&'a str>,
    /// Calls by their ids, and whether they were answered.
    calls: HashMap<&'a str, bool>,
    has_results: bool,
    transformations: Vec<Value>,
}

impl<'a> History<'a> {
    fn new(request: &'a Request, seal: &'a Seal, prefix: String) -> Self {
        Self {
            seal,
            model: request.model(),
            before_answer: prefix.clone(),
            prefix,
            answer: None,
            ids: HashSet::new(),
            calls: HashMap::new(),
            has_results: false,
            transformations: Vec::new(),
        }
    }

    fn item(&mut self, place: usize, item: &'a Value, next: Option<&Value>) -> Result<(), Refusal> {
        let kind = match text(item, "type") {
            "" if !field(item, "role").is_null() => "message",
            kind => kind,
        };
        let is_output = is_output(item);
        let id = text(item, "id");
        if !id.is_empty() && !self.ids.insert(id) {
            return Err(Refusal::new(
                Rule::ReasoningKept,
                format!(
                    "Duplicate item found with id {id}. Remove duplicate items from your input and try again."
                ),
            )
            .param("input"));
        }
        let known = ids::read(self.seal, id);
        if is_output {
            // Results of some calls do not end the wait for the others.
            if self.has_results {
                self.unanswered()?;
            }
            self.enter(known.as_ref());
        } else {
            self.answer = None;
        }
        match kind {
            "reasoning" => self.reasoning(item, known.as_ref(), next)?,
            "function_call" => self.call(place, item)?,
            "function_call_output" => self.result(place, item)?,
            "message" => self.message(place, item)?,
            "web_search_call" | "item_reference" | "compaction" => {}
            _ => {
                let message = format!(
                    "Invalid value: '{kind}'. Supported values are: 'message', 'reasoning', 'function_call', 'function_call_output' and others."
                );
                return Err(Refusal::new(Rule::Shape, message)
                    .param(format!("input[{place}]"))
                    .code("invalid_value"));
            }
        }
        if let Some(needed) = known.filter(|_| kind != "reasoning").and_then(|known| self.missing(&known)) {
            return Err(Refusal::new(
                Rule::ReasoningKept,
                format!("Item '{id}' of type '{kind}' was provided without its required 'reasoning' item: '{needed}'."),
            )
            .param("input"));
        }
        self.prefix = self.seal.chain(&self.prefix, item);
        Ok(())
    }

    /// Notes where the answer begins that the item was in.
    fn enter(&mut self, known: Option<&ItemId<'_>>) {
        let answer = known.map_or("", |known| known.answer);
        let goes_on = self.answer.as_deref().is_some_and(|open| answer.is_empty() || open == answer);
        if !goes_on {
            self.before_answer = self.prefix.clone();
            self.answer = Some(answer.to_owned());
        }
    }

    /// The id of the reasoning that an item needs and that is not there.
    fn missing(&self, item: &ItemId<'_>) -> Option<String> {
        let needs = item.needs?;
        let is_it = |id: &&str| {
            id.starts_with("rs_")
                && ids::read(self.seal, id).is_some_and(|id| id.answer == item.answer && id.place == needs)
        };
        let is_there = self.ids.iter().any(is_it);
        (!is_there).then(|| format!("rs_{}{needs}", item.answer))
    }

    fn reasoning(
        &mut self,
        item: &Value,
        known: Option<&ItemId<'_>>,
        next: Option<&Value>,
    ) -> Result<(), Refusal> {
        let id = text(item, "id");
        if field(item, "summary").as_array().is_none() {
            return Err(
                Refusal::new(Rule::Shape, "Missing required parameter: 'input[].summary'.").param("input")
            );
        }
        if !next.is_some_and(is_output) {
            let message =
                format!("Item '{id}' of type 'reasoning' was provided without its required following item.");
            return Err(Refusal::new(Rule::ReasoningKept, message).param("input"));
        }
        let content = text(item, "encrypted_content");
        if content.is_empty() {
            let message = format!(
                "Item with id '{id}' not found. Items are not persisted when `store` is set to false. Try again with `store` set to true, or remove this item from your input."
            );
            return Err(Refusal::new(Rule::ReasoningKept, message).param("input").status(404));
        }
        let found = ids::decrypt(self.seal, self.model, &self.before_answer, id, content);
        let reason = match found {
            _ if known.is_none() => None,
            Encrypted::Good => return Ok(()),
            Encrypted::OtherModel => Some("model"),
            Encrypted::OtherPrefix => Some("prefix_mismatch"),
            Encrypted::Broken => None,
        };
        match reason {
            Some(reason) => {
                self.transformations.push(json!({"id": id, "action": "removed", "reason": reason}));
                Ok(())
            }
            None => {
                let message = format!(
                    "The encrypted content for item {id} could not be verified. Reason: Encrypted content could not be decrypted or parsed."
                );
                Err(Refusal::new(Rule::ReasoningKept, message).code("invalid_encrypted_content"))
            }
        }
    }

    fn call(&mut self, place: usize, item: &'a Value) -> Result<(), Refusal> {
        openai::tool_name(&format!("input[{place}].name"), text(item, "name"))?;
        let id = text(item, "call_id");
        if id.is_empty() || field(item, "arguments").as_str().is_none() {
            let message = format!("Missing required parameter: 'input[{place}].call_id'.");
            return Err(Refusal::new(Rule::Shape, message).param(format!("input[{place}]")));
        }
        if self.calls.insert(id, false).is_some() {
            let message = format!("Duplicate function call with call_id {id}.");
            return Err(Refusal::new(Rule::CallsAnswered, message).param("input"));
        }
        self.has_results = false;
        Ok(())
    }

    fn result(&mut self, place: usize, item: &Value) -> Result<(), Refusal> {
        let id = text(item, "call_id");
        match self.calls.get_mut(id) {
            None => {
                let message = format!("No tool call found for function call output with call_id {id}.");
                return Err(Refusal::new(Rule::NoOrphanResults, message).param("input"));
            }
            Some(true) => {
                let message = format!("Duplicate function call output with call_id {id}.");
                return Err(Refusal::new(Rule::CallsAnswered, message).param("input"));
            }
            Some(answered) => *answered = true,
        }
        if !matches!(field(item, "output"), Value::String(_) | Value::Array(_)) {
            let path = format!("input[{place}].output");
            let message = format!("Invalid type for '{path}': expected a string or an array.");
            return Err(Refusal::new(Rule::Shape, message).param(path).code("invalid_type"));
        }
        self.has_results = true;
        Ok(())
    }

    fn message(&mut self, place: usize, item: &Value) -> Result<(), Refusal> {
        let role = text(item, "role");
        if !matches!(role, "user" | "assistant" | "system" | "developer") {
            let message = format!(
                "Invalid value: '{role}'. Supported values are: 'assistant', 'system', 'developer', and 'user'."
            );
            return Err(Refusal::new(Rule::Roles, message)
                .param(format!("input[{place}].role"))
                .code("invalid_value"));
        }
        if !matches!(field(item, "content"), Value::String(_) | Value::Array(_)) {
            let path = format!("input[{place}].content");
            let message = format!("Missing required parameter: '{path}'.");
            return Err(Refusal::new(Rule::Shape, message).param(path).code("missing_required_parameter"));
        }
        if role != "assistant" {
            self.unanswered()?;
        }
        Ok(())
    }

    fn unanswered(&self) -> Result<(), Refusal> {
        let mut open: Vec<&&str> =
            self.calls.iter().filter(|(_, is_answered)| !**is_answered).map(|(id, _)| id).collect();
        open.sort();
        match open.first() {
            Some(id) => {
                let message = format!("No tool output found for function call {id}.");
                Err(Refusal::new(Rule::CallsAnswered, message).param("input"))
            }
            None => Ok(()),
        }
    }

    fn end(self) -> Result<Admission, Refusal> {
        self.unanswered()?;
        Ok(Admission { prefix: self.prefix, transformations: self.transformations })
    }
}

/// Whether the model wrote it.
fn is_output(item: &Value) -> bool {
    matches!(text(item, "type"), "reasoning" | "function_call" | "web_search_call")
        || text(item, "role") == "assistant"
}
