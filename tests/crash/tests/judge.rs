//! The judge can fail: each violation that it looks for is found in a run that was forged so.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fs;

use scorpio_core::SessionId;
use scorpio_crash::{
    backend::Backend,
    child::{Orders, live},
    judge::{Processes, violations},
    ledger::Ledger,
    scenario::script,
};
use scorpio_testkit::StrictProvider;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

/// A run that nothing has disturbed, to be forged.
struct Whole {
    folder: tempfile::TempDir,
    session: SessionId,
}

impl Whole {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let provider = StrictProvider::new(script()).serve().await.unwrap();
        let whole = Self { folder, session: SessionId::parse("judged").unwrap() };
        let orders = Orders {
            store: format!("sqlite://{}", whole.path("whole.db")),
            provider: provider.url(),
            wire: 0,
            ledger: whole.path("whole.ledger").into(),
            session: whole.session.to_string(),
            lease: 30_000,
            takes: 0,
            alone: true,
            decides: true,
        };
        live(orders).await;
        whole
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// What the judge finds in a copy that was changed: the database by a statement, the ledger line by line.
    async fn forged(&self, sql: &str, forge: impl FnOnce(&mut Vec<String>)) -> Vec<String> {
        self.forged_by(Processes::OneByOne, sql, forge).await
    }

    async fn forged_by(
        &self,
        processes: Processes,
        sql: &str,
        forge: impl FnOnce(&mut Vec<String>),
    ) -> Vec<String> {
        let (database, ledger) = (self.path("forged.db"), self.path("forged.ledger"));
        fs::copy(self.path("whole.db"), &database).unwrap();
        let text = fs::read_to_string(self.path("whole.ledger")).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        forge(&mut lines);
        fs::write(&ledger, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
        let url = format!("sqlite://{database}");
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        let sql = format!("pragma foreign_keys = off; {sql}");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        let backend = Backend::open(&url).await;
        let found = violations(&backend, &Ledger::at(&ledger), &self.session, processes).await;
        backend.close().await;
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(format!("{database}{end}"));
        }
        found
    }

    async fn expect(&self, sql: &str, forge: impl FnOnce(&mut Vec<String>), violation: &str) {
        let found = self.forged(sql, forge).await;
        assert!(found.iter().any(|found| found.contains(violation)), "{violation}: {found:#?}");
    }
}

fn as_it_is(_: &mut Vec<String>) {}

/// The place of a tool's effect in the ledger.
fn effect(lines: &[String], tool: &str) -> usize {
    lines.iter().position(|line| line.split('\t').nth(1) == Some(tool)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_violation_is_found() {
    let whole = Whole::new().await;
    assert_eq!(whole.forged("", as_it_is).await, Vec::<String>::new());

    // What the tools did.
    let twice = |lines: &mut Vec<String>| lines.push(lines[effect(lines, "charge")].clone());
    whole.expect("", twice, "charge took effect 2 times").await;
    let never = |tool: &'static str| move |lines: &mut Vec<String>| drop(lines.remove(effect(lines, tool)));
    whole.expect("", never("charge"), "charge answered and did nothing").await;
    whole.expect("", never("notify"), "notify answered and did nothing").await;
    let unknown = |lines: &mut Vec<String>| lines.push(format!("{}\tcharge\t1", "0".repeat(64)));
    whole.expect("", unknown, "charge took effect without a durable record").await;
    let ordered = "insert into crash_orders select * from crash_orders";
    whole.expect(ordered, as_it_is, "its order is there 2 times").await;
    whole.expect("delete from crash_orders", as_it_is, "its order is there 0 times").await;
    let unstarted = "update scorpio_tool_executions set status = 'running',
        body = replace(body, '\"status\":\"completed\"', '\"status\":\"running\"') where tool = 'charge'";
    whole.expect(unstarted, as_it_is, "charge is Running").await;
    let fewer = "delete from scorpio_tool_executions where tool = 'look_up'";
    whole.expect(fewer, as_it_is, "5 tool executions in place of 6").await;

    // What the history says.
    let question = "delete from scorpio_messages where session_id = 'judged' and seq = 1";
    whole.expect(question, as_it_is, "the question was acknowledged and is lost").await;
    let results = "delete from scorpio_messages where session_id = 'judged' and seq = 3";
    whole.expect(results, as_it_is, "calls without results").await;
    let other =
        "update scorpio_messages set body = replace(body, 'deposit done', 'deposit gone') where seq = 3";
    whole.expect(other, as_it_is, "the result of charge is 1 times in the history, or another one").await;
    let answer = "update scorpio_messages set body = replace(body, 'All is planned.', 'Nothing is.')";
    whole.expect(answer, as_it_is, "the answer is missing").await;
    let expert = "delete from scorpio_messages where session_id like 'expert-%' and seq = 2";
    whole.expect(expert, as_it_is, "the expert's session is broken").await;
    let going = "update scorpio_runs set status = 'running', ended = null, finished_at = null
        where session_id = 'judged'";
    whole.expect(going, as_it_is, "is not over").await;

    // A process that has slept may ask the expert once more, and nobody else.
    let again =
        "insert into scorpio_messages (session_id, seq, parent, is_current, message_id, run_id, role, body)
        select session_id, 3, 2, 1, 'again', run_id, role, body from scorpio_messages
        where session_id like 'expert-%' and seq = 1";
    let starts_again = |lines: &mut Vec<String>| lines.push(lines[effect(lines, "consult")].clone());
    let none = Vec::<String>::new();
    assert_eq!(whole.forged_by(Processes::AtOnce, again, starts_again).await, none);
    let broken =
        |found: Vec<String>| found.iter().any(|found| found.contains("the expert's session is broken"));
    assert!(broken(whole.forged(again, starts_again).await));
    assert!(broken(whole.forged_by(Processes::AtOnce, again, as_it_is).await), "who has asked again?");
    assert!(broken(whole.forged_by(Processes::AtOnce, expert, starts_again).await), "there is no answer");

    // What the journal says.
    let forged = "update scorpio_journal set payload = replace(payload, 'call_tools', 'call_model')";
    whole.expect(forged, as_it_is, "journal").await;
    let gap = "delete from scorpio_journal where seq = 3";
    whole.expect(gap, as_it_is, "entries in the journal").await;
    let cut = "delete from scorpio_journal where seq = (select max(seq) from scorpio_journal as j
        where j.run_id = scorpio_journal.run_id)";
    whole.expect(cut, as_it_is, "entries in the journal").await;
}
