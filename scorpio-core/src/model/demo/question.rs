//! What the demo model understands of what it is asked.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{ToolOutcome, ToolResultPart, tool::ToolCatalog};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Question {
    Sky,
    Calculate(String),
    Time(String),
    Mail(String),
    Think(String),
    Count(u32),
    CountTooFar,
    Help,
}

/// The questions in a message, in order; [`Question::Help`] when it holds none.
pub(super) fn questions(text: &str) -> Vec<Question> {
    let sentences = text.split(['?', '\n', '!']).flat_map(|line| line.split(". "));
    let found: Vec<Question> = sentences.filter_map(|sentence| question(sentence.trim())).collect();
    if found.is_empty() { vec![Question::Help] } else { found }
}

fn question(sentence: &str) -> Option<Question> {
    let sentence = sentence.trim_end_matches('.');
    let sentence = strip_prefix(sentence, "and ").unwrap_or(sentence);
    if let Some(city) = strip_prefix(sentence, "what time is it in ")
        .or_else(|| strip_prefix(sentence, "what's the time in "))
    {
        return Some(Question::Time(city.to_owned()));
    }
    if let Some(expression) = strip_prefix(sentence, "what is ").or_else(|| strip_prefix(sentence, "what's "))
    {
        let looks_right = expression.bytes().any(|byte| byte.is_ascii_digit());
        return looks_right.then(|| Question::Calculate(expression.to_owned()));
    }
    if let Some(to) =
        strip_prefix(sentence, "send an e-mail to ").or_else(|| strip_prefix(sentence, "send an email to "))
    {
        return Some(Question::Mail(to.to_owned()));
    }
    if let Some(about) = strip_prefix(sentence, "think about ") {
        return Some(Question::Think(about.to_owned()));
    }
    if let Some(number) = strip_prefix(sentence, "count to ") {
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        return Some(match digits.parse() {
            Ok(to @ 1..=1000) => Question::Count(to),
            _ => Question::CountTooFar,
        });
    }
    sentence.to_ascii_lowercase().contains("why is the sky blue").then_some(Question::Sky)
}

/// Strips a prefix of ASCII letters, whatever their case.
fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| rest.trim()).filter(|rest| !rest.is_empty())
}

/// In the order in which people read it.
#[derive(Serialize)]
struct Mail<'a> {
    to: &'a str,
    subject: &'a str,
    text: &'a str,
}

impl Question {
    /// The tool that answers it, and the arguments.
    pub(super) fn tool_call(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Calculate(expression) => Some(("calculate", json!({"expression": expression}).to_string())),
            Self::Time(city) => Some(("current_time", json!({"city": city}).to_string())),
            Self::Mail(to) => {
                let mail = Mail {
                    to,
                    subject: "Hello from Scorpio's demo",
                    text: "A model wrote this. It was held back until somebody had read and approved it.",
                };
                Some(("send_email", serde_json::to_string(&mail).unwrap_or_default()))
            }
            _ => None,
        }
    }

    pub(super) fn has_tool(&self, tools: &ToolCatalog) -> bool {
        self.tool_call().is_some_and(|(name, _)| tools.get(name).is_some())
    }

    /// Puts what the tool answered into words.
    pub(super) fn read(&self, result: &ToolResultPart) -> String {
        #[derive(Deserialize)]
        struct LocalTime {
            city: String,
            time: String,
            weekday: String,
            date: String,
        }
        let shown = result.output.display_text();
        if result.status == ToolOutcome::Denied {
            return "All right, I did not do it.".to_owned();
        }
        if result.is_error() {
            return format!("The tool `{}` failed: {shown}", result.name);
        }
        match (self, result.output.to::<LocalTime>()) {
            (Self::Calculate(expression), _) => format!("{expression} = {shown}"),
            (_, Ok(LocalTime { city, time, weekday, date })) => {
                format!("In {city} it is {time} on {weekday}, {date}.")
            }
            _ => shown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_questions_in_one_message() {
        let asked = questions("What is 12*34? And what time is it in Tokyo?");
        assert_eq!(asked, [Question::Calculate("12*34".into()), Question::Time("Tokyo".into())]);
    }

    #[test]
    fn case_and_dots_do_not_matter() {
        assert_eq!(questions("count to 20."), [Question::Count(20)]);
        assert_eq!(questions("THINK ABOUT the sea"), [Question::Think("the sea".into())]);
        assert_eq!(questions("why is the sky blue"), [Question::Sky]);
    }

    #[test]
    fn mail_is_for_whoever_is_named() {
        assert_eq!(
            questions("Send an e-mail to ada@example.com"),
            [Question::Mail("ada@example.com".into())]
        );
    }

    #[test]
    fn what_it_does_not_know_is_help() {
        assert_eq!(questions("Tell me a joke."), [Question::Help]);
        assert_eq!(questions("What is love?"), [Question::Help]);
        assert_eq!(questions(""), [Question::Help]);
    }

    #[test]
    fn counting_has_an_end() {
        assert_eq!(questions("Count to 1,000"), [Question::Count(1000)]);
        assert_eq!(questions("Count to 1001"), [Question::CountTooFar]);
        assert_eq!(questions("Count to 0"), [Question::CountTooFar]);
    }
}
