use axum::{
    body::{Body, to_bytes},
    http::Request,
    routing::get,
};
use scorpio_core::model::{Demo, Model};
use tower::ServiceExt;

use super::*;

async fn panics() {
    panic!("canary: /var/lib/secret.db");
}

#[tokio::test]
async fn a_handler_that_panics_is_a_fault_like_others() {
    let app = App::builder(Model::new(Demo::new(), "demo")).build().unwrap();
    let router = guard(Router::new().route("/panics", get(panics)), app);
    for _ in 0..2 {
        let request = Request::get("/panics").body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        let body = String::from_utf8(to_bytes(response.into_body(), 10_000).await.unwrap().into()).unwrap();
        assert!(body.contains(r#""code":"internal:api""#) && !body.contains("canary"), "{body}");
    }
}
