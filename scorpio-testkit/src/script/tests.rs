use super::*;

#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (script, expected) in [
        ("", "EOF while parsing"),
        ("{}", "missing field `choose`"),
        (r#"{"choose": "randomly"}"#, "`choose`: unknown variant `randomly`"),
        (r#"{"choose": "in_order"}"#, "want `turns`"),
        (r#"{"choose": "by_question", "turns": []}"#, "wants `dialogues`"),
        (r#"{"choose": "in_order", "turns": [], "turn": []}"#, "unknown field `turn`"),
        (r#"{"choose": "in_order", "turns": [{"says": []}]}"#, "`turns[0].says`: unknown field `says`"),
        (r#"{"choose": "in_order", "turns": [{"say": [{"shout": "x"}]}]}"#, "unknown variant `shout`"),
        (r#"{"choose": "in_order", "turns": [{"say": [{"call": {}}]}]}"#, "missing field `name`"),
        (r#"{"choose": "in_order", "turns": [{"stop": "never"}]}"#, "`turns[0].stop`"),
        (r#"{"choose": "in_order", "turns": [{"faults": [{"kind": "gone"}]}]}"#, "`turns[0].faults[0].kind`"),
        (r#"{"choose": "in_order", "turns": [{"style": {"pings": -1}}]}"#, "`turns[0].style.pings`"),
        (r#"{"choose": "in_order", "turns": []} more"#, "trailing characters"),
    ] {
        let error = Script::from_json(script).unwrap_err().to_string();
        assert!(error.contains(expected), "{script}: {error}");
    }
}

#[test]
fn a_script_may_say_everything() {
    let script = r#"{"choose": "by_question", "dialogues": [{
        "when": {"user": "sum", "model": "m", "wire": "openai-chat"},
        "turns": [{
            "say": [{"text": "a"}, {"reasoning": "b"}, "hidden_reasoning", {"call": {"name": "n"}}, {"server_search": {"query": "q"}}],
            "stop": "length",
            "usage": {"input": 1, "reasoning": 2},
            "faults": [{"kind": "rate_limited", "headers": {"retry-after-ms": "20"}}, {"kind": "truncated", "after_events": 3}],
            "never_answers": true,
            "style": {"characters": 1, "pings": 2, "crlf": true, "split_bytes": 3, "interleaved": true}
        }]
    }]}"#;
    let Plan::ByQuestion(dialogues) = Script::from_json(script).unwrap().0 else { panic!() };
    let turn = &dialogues[0].turns[0];
    assert_eq!((turn.say.len(), turn.faults.len(), turn.usage.input), (5, 2, 1));
}
