"""Right and wrong bodies of the wires other than Chat Completions."""

from __future__ import annotations

from typing import Any

PARAMETERS = {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]}

RESPONSES: dict[str, Any] = {
    "model": "gpt-5-mini",
    "stream": True,
    "store": False,
    "include": ["reasoning.encrypted_content"],
    "instructions": "Be brief.",
    "max_output_tokens": 512,
    "reasoning": {"effort": "low", "summary": "auto"},
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [
        {"type": "function", "name": "add", "description": "Add.", "parameters": PARAMETERS, "strict": False}
    ],
    "text": {
        "format": {"type": "json_schema", "name": "answer", "schema": {"type": "object"}, "strict": True}
    },
    "prompt_cache_options": {"mode": "explicit", "ttl": "30m"},
    "input": [
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "What is this?"},
                {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "auto"},
                {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="},
            ],
        },
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"},
        {
            "type": "function_call",
            "id": "fc_1",
            "call_id": "call_1",
            "name": "add",
            "arguments": "{}",
            "status": "completed",
        },
        {"type": "function_call_output", "call_id": "call_1", "output": "42"},
        {"role": "assistant", "content": "42."},
    ],
}

ANTHROPIC: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 1024,
    "stream": True,
    "system": "Be brief.",
    "cache_control": {"type": "ephemeral", "ttl": "1h"},
    "thinking": {"type": "adaptive", "block_binding": {"prefix_mismatch_behavior": "drop_block"}},
    "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {"type": "object"}}},
    "tools": [{"name": "add", "description": "Add.", "input_schema": PARAMETERS}],
    "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}},
                {"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "", "signature": "c2ln"},
                {"type": "redacted_thinking", "data": "eA=="},
                {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {"a": 1}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": "42", "is_error": False}
            ],
        },
    ],
}

GEMINI: dict[str, Any] = {
    "systemInstruction": {"parts": [{"text": "Be brief."}]},
    "contents": [
        {
            "role": "user",
            "parts": [
                {"text": "What is this?"},
                {"inlineData": {"mimeType": "image/png", "data": "AA=="}},
                {"fileData": {"mimeType": "application/pdf", "fileUri": "https://example.com/a.pdf"}},
            ],
        },
        {
            "role": "model",
            "parts": [
                {"functionCall": {"id": "x", "name": "add", "args": {"a": 1}}, "thoughtSignature": "c2ln"}
            ],
        },
        {
            "role": "user",
            "parts": [{"functionResponse": {"id": "x", "name": "add", "response": {"result": 42}}}],
        },
    ],
    "tools": [
        {"functionDeclarations": [{"name": "add", "description": "Add.", "parametersJsonSchema": PARAMETERS}]}
    ],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["add"]}},
    "generationConfig": {
        "maxOutputTokens": 512,
        "responseMimeType": "application/json",
        "responseJsonSchema": {"type": "object"},
        "thinkingConfig": {"includeThoughts": True, "thinkingLevel": "LOW"},
    },
}

FULL_BY_WIRE: dict[str, dict[str, Any]] = {
    "openai-responses": RESPONSES,
    "anthropic-messages": ANTHROPIC,
    "gemini-generate-content": GEMINI,
}

# Where to spoil a full body, with what (None removes), and the path that the report must name.
WRONG_BY_WIRE: dict[str, list[tuple[list[Any], Any, str]]] = {
    "openai-responses": [
        (["tools", 0, "strict"], None, "tools[0].strict"),
        (["tools", 0, "function"], {"name": "add"}, "tools[0].function"),
        (["input", 3, "output"], {"sum": 42}, "input[3].output"),
        (["input", 2, "arguments"], {"a": 1}, "input[2].arguments"),
        (["input", 1, "summary"], None, "input[1].summary"),
        (["max_completion_tokens"], 5, "max_completion_tokens"),
        (["include"], ["everything"], "include"),
        (["stream"], 1, "stream"),
    ],
    "anthropic-messages": [
        (["max_tokens"], None, "max_tokens"),
        (["messages", 0, "role"], "system_", "messages[0].role"),
        (["messages", 1, "content", 0, "signature"], None, "messages[1].content[0].signature"),
        (["messages", 1, "content", 2, "input"], '{"a":1}', "messages[1].content[2].input"),
        (["messages", 2, "content", 0, "tool_use_id"], None, "messages[2].content[0].tool_use_id"),
        (["tools", 0, "parameters"], {}, "tools[0].parameters"),
        (["cache_control", "ttl"], "2h", "cache_control.ttl"),
        (["tool_choice"], "auto", "tool_choice"),
    ],
    "gemini-generate-content": [
        (["contents"], None, "contents"),
        (["contents", 1, "parts", 0, "thought_signature"], "c2ln", "contents[1].parts[0].thought_signature"),
        (["contents", 2, "parts", 0, "functionResponse", "response"], "42", "contents[2].parts[0]"),
        (["generationConfig", "max_tokens"], 5, "generationConfig.max_tokens"),
        (["tools", 0, "functions"], [], "tools[0].functions"),
        (["max"], 1, "max"),
    ],
}
