use super::*;

fn history(roles: &[Role]) -> Vec<StoredMessage> {
    let message = |(at, role): (usize, &Role)| {
        let id = MessageId::parse(&format!("m{at}")).unwrap();
        StoredMessage::new(at as u64 + 1, at as u64, Message::new(*role, Vec::new()).with_id(id))
    };
    roles.iter().enumerate().map(message).collect()
}

fn asked(history: &[StoredMessage], named: Option<&str>) -> Option<usize> {
    let id = named.map(|id| MessageId::parse(id).unwrap());
    question(history, id.as_ref()).ok()
}

#[test]
fn an_answer_belongs_to_the_question_before_it() {
    use Role::{Assistant, Tool, User};
    let history = history(&[User, Assistant, Tool, Assistant, User, Assistant]);
    assert_eq!(asked(&history, None), Some(4));
    assert_eq!(asked(&history, Some("m5")), Some(4));
    assert_eq!(asked(&history, Some("m4")), Some(4));
    assert_eq!(asked(&history, Some("m3")), Some(0));
    assert_eq!(asked(&history, Some("m0")), Some(0));
    assert_eq!(asked(&history, Some("m6")), None);
    assert_eq!(asked(&[], None), None);
}
