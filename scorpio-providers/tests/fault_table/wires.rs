//! The four wires, with the streams that each of them would send.

use std::sync::Arc;

use scorpio_core::model::LlmProvider;
use scorpio_providers::{Anthropic, Gemini, OpenAi, OpenAiApi};

use crate::server::{Reply, Server};

/// A wire.
#[derive(Debug)]
pub struct Wire {
    pub name: &'static str,
    /// What begins an answer and says `Half`.
    pub half: &'static str,
    /// What begins an answer and says nothing yet.
    pub begun: &'static str,
    /// What ends the answer that `half` began.
    pub end: &'static str,
    /// As `end`, without the usage.
    pub end_without_usage: &'static str,
    /// As `end`, with a usage that is negative.
    pub end_with_negative_usage: &'static str,
    /// As `end`, for a model that was stopped by a filter.
    pub end_filtered: &'static str,
    /// As `end`, at the limit of the output.
    pub end_length: &'static str,
    /// As `end`, for a reason that nobody knows.
    pub end_unknown: &'static str,
    /// An answer with a call whose arguments are cut.
    pub call_cut: &'static str,
    /// An answer that contradicts itself, before anything is said.
    pub contradiction: &'static str,
    /// The error of a server that is overloaded, as an event.
    pub error_event: &'static str,
    /// An event with `VALUE` where a text belongs.
    pub event_with_value: &'static str,
    /// An event that nobody knows.
    pub unknown_event: &'static str,
    /// The status 429 of an account that has used up its quota.
    pub quota: &'static str,
}

impl Wire {
    pub fn provider(&self, server: &Server) -> Arc<dyn LlmProvider> {
        let openai = |api| {
            let builder = OpenAi::builder().base_url("http://server/v1").api(api).api_key("sk-0123456789");
            Arc::new(builder.transport(server.clone()).build().unwrap())
        };
        match self.name {
            "openai-chat" => openai(OpenAiApi::ChatCompletions),
            "openai-responses" => openai(OpenAiApi::Responses),
            "anthropic-messages" => {
                let builder = Anthropic::builder().base_url("http://server").api_key("sk-ant-0123456789");
                Arc::new(builder.transport(server.clone()).build().unwrap())
            }
            _ => {
                let builder = Gemini::builder().base_url("http://server").api_key("AIza0123456789");
                Arc::new(builder.transport(server.clone()).build().unwrap())
            }
        }
    }

    /// An answer that is whole.
    pub fn good(&self) -> Reply {
        Reply::events(self.stream(self.end))
    }

    /// `Half` and this end.
    pub fn stream(&self, end: &str) -> String {
        format!("{}{end}", self.half)
    }
}

pub fn wires() -> [Wire; 4] {
    [chat(), responses(), anthropic(), gemini()]
}

fn chat() -> Wire {
    Wire {
        name: "openai-chat",
        half: "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Half\"}}]}\n\n",
        begun: "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
        end: "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
              data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n",
        end_without_usage: "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
        end_with_negative_usage: "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
              data: {\"choices\":[],\"usage\":{\"prompt_tokens\":-1,\"completion_tokens\":-2}}\n\ndata: [DONE]\n\n",
        end_filtered: "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"content_filter\"}]}\n\ndata: [DONE]\n\n",
        end_length: "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\ndata: [DONE]\n\n",
        end_unknown: "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"novelty\"}]}\n\ndata: [DONE]\n\n",
        call_cut: "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"add\",\"arguments\":\"{\\\"a\"}}]}}]}\n\n",
        contradiction: "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n",
        error_event: "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\",\"code\":503}}\n\n",
        event_with_value: "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":VALUE}}]}\n\n",
        unknown_event: "event: novelty\ndata: {\"object\":\"novelty\"}\n\n",
        quota: r#"{"error":{"message":"no money","type":"insufficient_quota","code":"insufficient_quota"}}"#,
    }
}

fn responses() -> Wire {
    Wire {
        name: "openai-responses",
        half: "data: {\"type\":\"response.created\",\"response\":{}}\n\n\
               data: {\"type\":\"response.output_item.added\",\"output_index\":0,\"item\":{\"type\":\"message\",\"id\":\"m\"}}\n\n\
               data: {\"type\":\"response.output_text.delta\",\"output_index\":0,\"item_id\":\"m\",\"delta\":\"Half\"}\n\n",
        begun: "data: {\"type\":\"response.created\",\"response\":{}}\n\n",
        end: "data: {\"type\":\"response.output_item.done\",\"output_index\":0,\"item\":{\"type\":\"message\",\"id\":\"m\",\"content\":[{\"type\":\"output_text\",\"text\":\"Half\"}]}}\n\n\
              data: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\",\"usage\":{\"input_tokens\":1,\"output_tokens\":2}}}\n\n",
        end_without_usage: "data: {\"type\":\"response.output_item.done\",\"output_index\":0,\"item\":{\"type\":\"message\",\"id\":\"m\",\"content\":[]}}\n\n\
              data: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\"}}\n\n",
        end_with_negative_usage: "data: {\"type\":\"response.output_item.done\",\"output_index\":0,\"item\":{\"type\":\"message\",\"id\":\"m\",\"content\":[]}}\n\n\
              data: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\",\"usage\":{\"input_tokens\":-1,\"output_tokens\":-2}}}\n\n",
        end_filtered: "data: {\"type\":\"response.output_item.done\",\"output_index\":0,\"item\":{\"type\":\"message\",\"id\":\"m\",\"content\":[]}}\n\n\
              data: {\"type\":\"response.incomplete\",\"response\":{\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":\"content_filter\"}}}\n\n",
        end_length: "data: {\"type\":\"response.output_item.done\",\"output_index\":0,\"item\":{\"type\":\"message\",\"id\":\"m\",\"content\":[]}}\n\n\
              data: {\"type\":\"response.incomplete\",\"response\":{\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":\"max_output_tokens\"}}}\n\n",
        end_unknown: "data: {\"type\":\"response.output_item.done\",\"output_index\":0,\"item\":{\"type\":\"message\",\"id\":\"m\",\"content\":[]}}\n\n\
              data: {\"type\":\"response.incomplete\",\"response\":{\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":\"novelty\"}}}\n\n",
        call_cut: "data: {\"type\":\"response.output_item.added\",\"output_index\":0,\"item\":{\"type\":\"function_call\",\"id\":\"f\",\"call_id\":\"c\",\"name\":\"add\"}}\n\n\
               data: {\"type\":\"response.function_call_arguments.delta\",\"output_index\":0,\"item_id\":\"f\",\"delta\":\"{\\\"a\"}\n\n",
        contradiction: "data: {\"type\":\"response.output_text.delta\",\"output_index\":0,\"item_id\":\"m\",\"delta\":\"A\"}\n\n",
        error_event: "event: error\ndata: {\"type\":\"error\",\"code\":\"server_error\",\"message\":\"overloaded\"}\n\n",
        event_with_value: "data: {\"type\":\"response.output_text.delta\",\"output_index\":0,\"item_id\":\"m\",\"delta\":VALUE}\n\n",
        unknown_event: "event: novelty\ndata: {\"type\":\"response.novelty\"}\n\n",
        quota: r#"{"error":{"message":"no money","type":"insufficient_quota","code":"insufficient_quota"}}"#,
    }
}

fn anthropic() -> Wire {
    Wire {
        name: "anthropic-messages",
        half: "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":1}}}\n\n\
               data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n\
               data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Half\"}}\n\n",
        begun: "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":1}}}\n\n",
        end: "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n\
              data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":2}}\n\n\
              data: {\"type\":\"message_stop\"}\n\n",
        end_without_usage: "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n\
              data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n",
        end_with_negative_usage: "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n\
              data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":-2}}\n\n\
              data: {\"type\":\"message_stop\"}\n\n",
        end_filtered: "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n\
              data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"refusal\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n",
        end_length: "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n\
              data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"max_tokens\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n",
        end_unknown: "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n\
              data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"novelty\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n",
        call_cut: "data: {\"type\":\"message_start\",\"message\":{}}\n\n\
               data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"add\",\"input\":{}}}\n\n\
               data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"a\"}}\n\n",
        contradiction: "data: {\"type\":\"message_start\",\"message\":{}}\n\ndata: {\"type\":\"message_start\",\"message\":{}}\n\n",
        error_event: "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"overloaded\"}}\n\n",
        event_with_value: "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":VALUE}}\n\n",
        unknown_event: "event: ping\ndata: {\"type\":\"ping\"}\n\nevent: novelty\ndata: {\"type\":\"novelty\"}\n\n",
        quota: r#"{"type":"error","error":{"type":"rate_limit_error","message":"no money","details":{"error_code":"enforced_spend_limit_reached"}}}"#,
    }
}

fn gemini() -> Wire {
    Wire {
        name: "gemini-generate-content",
        half: "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Half\"}],\"role\":\"model\"}}]}\n\n",
        begun: "data: {\"usageMetadata\":{\"promptTokenCount\":1}}\n\n",
        end: "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":1,\"candidatesTokenCount\":2}}\n\n",
        end_without_usage: "data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\n\n",
        end_with_negative_usage: "data: {\"candidates\":[{\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":-1,\"candidatesTokenCount\":-2}}\n\n",
        end_filtered: "data: {\"candidates\":[{\"finishReason\":\"SAFETY\"}]}\n\n",
        end_length: "data: {\"candidates\":[{\"finishReason\":\"MAX_TOKENS\"}]}\n\n",
        end_unknown: "data: {\"candidates\":[{\"finishReason\":\"NOVELTY\"}]}\n\n",
        call_cut: "data: {\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"name\":\"add\",\"args\":{\"a\":1}}}]}}]}\n\n",
        contradiction: "data: {\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"args\":{}}}]}}]}\n\n",
        error_event: "data: {\"error\":{\"code\":503,\"message\":\"overloaded\",\"status\":\"UNAVAILABLE\"}}\n\n",
        event_with_value: "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":VALUE}]}}]}\n\n",
        unknown_event: "data: {\"novelty\":true}\n\n",
        quota: r#"{"error":{"code":429,"message":"no money","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel"}]}]}}"#,
    }
}
