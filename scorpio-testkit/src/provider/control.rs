//! The provider's own addresses, for whoever runs it as a program.

use bytes::Bytes;
use http::{Method, Response};
use serde_json::{Value, json};

use super::{StrictProvider, respond::plain};
use crate::{body::AnswerBody, request::Asked, script::Script};

const JSON: &str = "application/json";

impl StrictProvider {
    /// The answer to a request that is about the provider itself.
    pub(super) fn control(&self, method: &Method, path: &str, body: &Bytes) -> Option<Response<AnswerBody>> {
        let answer = |status, body: Value| Some(plain(status, JSON, body.to_string()));
        match (method.as_str(), path) {
            ("GET", "/health") => answer(200, json!({"status": "ok"})),
            ("GET", "/__scorpio/requests") => {
                let asked: Vec<Value> = self.state().asked.iter().map(Asked::to_json).collect();
                answer(200, json!({"requests": asked, "turns_left": self.turns_left()}))
            }
            ("DELETE", "/__scorpio/requests") => {
                self.forget();
                answer(200, json!({"requests": []}))
            }
            ("POST", "/__scorpio/script") => {
                let read = match std::str::from_utf8(body) {
                    Ok(text) => Script::from_json(text).map_err(|error| error.to_string()),
                    Err(error) => Err(format!("the script is not UTF-8: {error}")),
                };
                match read {
                    Ok(script) => {
                        self.replace_script(script);
                        answer(200, json!({"status": "ok"}))
                    }
                    Err(message) => answer(422, json!({"error": message})),
                }
            }
            _ => None,
        }
    }
}
