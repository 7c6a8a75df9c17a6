//! The bench, end to end: every client holds every conversation, and everything is reported. No time is asserted.

use std::process::Command;

use serde_json::Value;

#[test]
fn every_client_holds_the_same_conversations() {
    let file = std::env::temp_dir().join(format!("scorpio-benches-{}.json", std::process::id()));
    let output = Command::new(env!("CARGO_BIN_EXE_scorpio-benches"))
        .args(["--quick", "--json"])
        .arg(&file)
        // Both programs are built already: there is nothing to ask cargo for.
        .env_remove("CARGO")
        .output()
        .expect("the bench starts");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}\n{stderr}");

    let report = std::fs::read(&file).expect("the report was written");
    std::fs::remove_file(&file).expect("the report can be removed");
    let report: Value = serde_json::from_slice(&report).expect("the report is JSON");
    let cases = report["cases"].as_array().expect("there are cases");
    assert_eq!(cases.len(), 9);
    for case in cases {
        let name = case["case"].as_str().expect("a case has a name");
        let clients = case["clients"].as_array().expect("a case has clients");
        let text = &clients[0]["samples"][0]["text"];
        let runs = &clients[0]["samples"][0]["runs"];
        assert!(text.as_str().is_some_and(|text| text.starts_with("word000 ")), "{name}: {text}");
        for client in clients {
            let sample = &client["samples"][0];
            assert_eq!((&sample["text"], &sample["runs"]), (text, runs), "{name}");
            assert!(client["allocations"]["count"].as_u64().is_some_and(|count| count > 0), "{name}");
        }
        let is_ours = |client: &Value| client["name"] == "scorpio" || client["name"] == "provider";
        assert!(clients.iter().any(is_ours), "{name}");
        let ratio = case["ratio"]["median"].as_f64().expect("there is a ratio");
        assert!(ratio.is_finite() && ratio > 0.0, "{name}: {ratio}");
        let (cell, printed) = (format!("{ratio:.2} ({ratio:.2}–{ratio:.2})"), stdout.lines());
        let mut rows = printed.filter(|line| line.starts_with(&format!("| {name} ")));
        assert!(rows.any(|row| row.contains(&cell)), "no {cell} for {name} in\n{stdout}");
    }
    assert!(stdout.contains("µs to the first delta"), "{stdout}");
}

#[test]
fn commits_and_turns_are_compared() {
    let output = Command::new(env!("CARGO_BIN_EXE_scorpio-benches"))
        .args(["--quick", "stores"])
        .output()
        .expect("the bench starts");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}\n{stderr}");
    for (name, lines) in
        [("SQLite, scorpio", 3), ("SQLite, plain sqlx", 3), ("SQLite, bare insert", 2), ("in memory", 1)]
    {
        let rows = stdout.lines().filter(|line| line.starts_with(&format!("| {name} ")));
        assert_eq!(rows.count(), lines, "{name} in\n{stdout}");
    }
}
