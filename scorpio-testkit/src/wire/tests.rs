use super::*;

#[test]
fn addresses() {
    for (path, wire, model) in [
        ("/v1/chat/completions", Wire::OpenAiChat, None),
        ("/any/base/chat/completions", Wire::OpenAiChat, None),
        ("/v1/responses", Wire::OpenAiResponses, None),
        ("/v1/messages", Wire::AnthropicMessages, None),
        (
            "/v1beta/models/gemini-3:streamGenerateContent?alt=sse",
            Wire::GeminiGenerateContent,
            Some("gemini-3"),
        ),
        ("/v1beta/models/gemini-3:generateContent", Wire::GeminiGenerateContent, Some("gemini-3")),
        (
            "/v1/projects/p/locations/l/publishers/anthropic/models/claude@1:streamRawPredict",
            Wire::AnthropicMessages,
            Some("claude@1"),
        ),
    ] {
        let route = Route::of(&Method::POST, &path.parse().unwrap()).unwrap();
        assert_eq!((route.wire, route.model.as_deref()), (wire, model), "{path}");
        assert_eq!(Route::of(&Method::GET, &path.parse().unwrap()), None);
    }
    assert_eq!(Route::of(&Method::POST, &"/v1/models/x:countTokens".parse().unwrap()), None);
}
