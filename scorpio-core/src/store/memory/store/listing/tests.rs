use jiff::Timestamp;

use super::page;
use crate::{
    OwnerId, SessionId,
    store::{NewSession, Page, Session},
};

/// Sessions `s0` to `s8`, all with the same activity but `s4`, which is newer.
fn sessions() -> Vec<Session> {
    let session = |index: i64| {
        let id = SessionId::parse(&format!("s{index}")).unwrap();
        let time = if index == 4 { 2_000 } else { 1_000 };
        let time = Timestamp::from_microsecond(time).unwrap();
        Session::create(NewSession::new(id, OwnerId::local()), time)
    };
    (0..9).map(session).collect()
}

#[test]
fn pages_hold_when_activity_is_the_same() {
    let sessions = sessions();
    let expected = ["s4", "s8", "s7", "s6", "s5", "s3", "s2", "s1", "s0"];
    for (index, id) in expected.iter().enumerate() {
        let id = SessionId::parse(id).unwrap();
        let end = (index + 4).min(9);
        let older = page(sessions.iter().collect(), &Page::OlderThan { id: id.clone(), limit: 3 }).unwrap();
        assert!(
            older
                .sessions
                .iter()
                .map(|session| session.id.as_str())
                .eq(expected[index + 1..end].iter().copied())
        );
        assert_eq!(older.has_more, end < 9);

        let start = index.saturating_sub(3);
        let newer = page(sessions.iter().collect(), &Page::NewerThan { id, limit: 3 }).unwrap();
        assert!(
            newer
                .sessions
                .iter()
                .map(|session| session.id.as_str())
                .eq(expected[start..index].iter().copied())
        );
        assert_eq!(newer.has_more, start > 0);
    }
}
