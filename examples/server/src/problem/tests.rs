use axum::body::to_bytes;
use scorpio_core::store::StoreErrorKind;

use super::*;

const KINDS: [(ErrorKind, u16); 10] = [
    (ErrorKind::BadRequest, 400),
    (ErrorKind::Unauthorized, 401),
    (ErrorKind::Forbidden, 403),
    (ErrorKind::NotFound, 404),
    (ErrorKind::Conflict, 409),
    (ErrorKind::TooLarge, 413),
    (ErrorKind::UnsupportedMediaType, 415),
    (ErrorKind::RateLimit, 429),
    (ErrorKind::Internal, 500),
    (ErrorKind::Offline, 503),
];

const SURFACES: [Surface; 8] = [
    Surface::Api,
    Surface::Auth,
    Surface::Chat,
    Surface::Stream,
    Surface::History,
    Surface::Model,
    Surface::Tool,
    Surface::Database,
];

#[test]
fn every_kind_and_surface_has_a_status_and_a_code_and_no_cause() {
    for (kind, status) in KINDS {
        for surface in SURFACES {
            let cause = std::io::Error::other("canary: /var/lib/secret.db");
            let problem = Problem::from(ScorpioError::new(kind, surface, "Public.").with_source(cause));
            assert_eq!(problem.0.status.as_u16(), status);
            assert_eq!(problem.0.code, format!("{}:{}", kind.as_str(), surface.as_str()));
            assert!(!problem.0.detail.contains("canary"));
            let expected = if surface == Surface::Database { SOMETHING_WENT_WRONG } else { "Public." };
            assert_eq!(problem.0.detail, expected);
        }
    }
}

#[test]
fn a_fault_of_the_store_says_nothing_about_it() {
    let fault = StoreError::unavailable(std::io::Error::other("canary: no such table: messages"));
    let problem = Problem::from(fault);
    assert_eq!((problem.0.status.as_u16(), problem.0.code.as_str()), (500, "internal:database"));
    assert_eq!(problem.0.detail, SOMETHING_WENT_WRONG);
    let busy = Problem::from(StoreError::new(StoreErrorKind::Busy, "canary"));
    assert_eq!((busy.0.status.as_u16(), busy.0.code.as_str()), (409, "conflict:chat"));
}

#[tokio::test]
async fn the_answer_has_its_headers_and_waits_for_its_body() {
    let problem = Problem::new(ErrorKind::RateLimit, Surface::Chat, "Later.");
    let response = problem.with_retry_after(Duration::from_millis(1_200)).into_response();
    assert_eq!(response.headers()["retry-after"], "2");
    let response = Problem::unauthorized("No.").into_response();
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
    assert!(to_bytes(response.into_body(), 1).await.unwrap().is_empty());
}

#[test]
fn one_wrong_field_is_told_in_the_detail_too() {
    let problem = Problem::field(Surface::Api, "message.parts[0].text", "it is empty");
    assert_eq!(problem.0.detail, "message.parts[0].text: it is empty");
    assert_eq!(problem.on(Surface::Chat).0.code, "bad_request:chat");
}
