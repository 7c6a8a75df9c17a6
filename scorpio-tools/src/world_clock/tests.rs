use std::sync::Arc;

use jiff::Timestamp;
use scorpio_core::{
    OwnerId, SessionId, Trust,
    tool::{Effects, Extensions, RetryClass, ToolContext, Toolset, ToolsetContext, erase},
};

use super::{LocalTime, WorldClock, current_time};

fn at(now: &str) -> WorldClock {
    let now: Timestamp = now.parse().unwrap();
    WorldClock::with_clock(move || now)
}

fn ask(clock: &WorldClock, city: &str) -> LocalTime {
    clock.current_time(city.to_owned()).unwrap()
}

#[test]
fn a_city_has_its_own_day() {
    let clock = at("2026-11-21T23:05:09Z");
    let tokyo = ask(&clock, "tokyo");
    assert_eq!(
        serde_json::to_string(&tokyo).unwrap(),
        r#"{"city":"Tokyo","time_zone":"Asia/Tokyo","time":"08:05","date":"2026-11-22","weekday":"Sunday","utc_offset":"+09:00"}"#
    );
    let francisco = ask(&clock, "San Francisco");
    assert_eq!((francisco.date.as_str(), francisco.weekday.as_str()), ("2026-11-21", "Saturday"));
    assert_eq!((francisco.time.as_str(), francisco.utc_offset.as_str()), ("15:05", "-08:00"));
    assert_eq!(ask(&clock, "Kathmandu").utc_offset, "+05:45");
    assert_eq!(ask(&clock, "UTC").utc_offset, "+00:00");
}

#[test]
fn summer_time_counts() {
    assert_eq!(ask(&at("2025-01-15T12:00:00Z"), "Berlin").utc_offset, "+01:00");
    assert_eq!(ask(&at("2025-07-15T12:00:00Z"), "Berlin").utc_offset, "+02:00");
    assert_eq!(ask(&at("2025-03-30T00:59:59Z"), "Berlin").time, "01:59");
    assert_eq!(ask(&at("2025-03-30T01:00:00Z"), "Berlin").time, "03:00");
}

#[tokio::test]
async fn models_get_it_as_a_tool() {
    let cx = ToolsetContext::new(SessionId::new(), OwnerId::local(), Extensions::new());
    let tools = Arc::new(at("2026-11-22T05:05:00Z")).tools(&cx).await.unwrap();
    let answer = tools[0].call(&ToolContext::detached(), r#"{"city": "Tokyo"}"#).await.unwrap();
    assert_eq!(answer.json.to::<serde_json::Value>().unwrap()["time"], "14:05");
    let error = tools[0].call(&ToolContext::detached(), r#"{"city": "Tokio"}"#).await.unwrap_err();
    assert!(error.message().contains("Did you mean Tokyo"), "{error}");
}

#[test]
fn both_forms_declare_the_same() {
    let alone = erase(current_time);
    let spec = alone.spec();
    assert_eq!((spec.retry, spec.effects, spec.trust), (RetryClass::Pure, Effects::None, Trust::Trusted));
    let cx = ToolsetContext::new(SessionId::new(), OwnerId::local(), Extensions::new());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let tools = runtime.block_on(Arc::new(WorldClock::new()).tools(&cx)).unwrap();
    assert_eq!(tools[0].spec(), spec);
}
