use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

#[test]
fn allows_a_burst_and_then_one_for_each_interval() {
    let limiter = LocalLimiter::new(RateLimit::new(5, Duration::from_secs(900)));
    for _ in 0..5 {
        assert_eq!(limiter.take("ada", at(0)), Ok(()));
    }
    assert_eq!(limiter.take("ada", at(0)), Err(Duration::from_secs(180)));
    assert_eq!(limiter.take("ada", at(179)), Err(Duration::from_secs(1)));
    assert_eq!(limiter.take("ada", at(180)), Ok(()));
    assert_eq!(limiter.take("ada", at(180)), Err(Duration::from_secs(180)));
}

#[test]
fn keeps_keys_apart_and_forgets_on_demand() {
    let limiter = LocalLimiter::new(RateLimit::new(1, Duration::from_secs(60)));
    assert_eq!(limiter.take("ada", at(0)), Ok(()));
    assert_eq!(limiter.take("eve", at(0)), Ok(()));
    assert!(limiter.take("ada", at(0)).is_err());
    limiter.forget("ada");
    assert_eq!(limiter.take("ada", at(0)), Ok(()));
}

#[test]
fn drops_keys_that_owe_nothing() {
    let limiter = LocalLimiter::new(RateLimit::new(1, Duration::from_secs(1)));
    for key in 0..CROWDED {
        limiter.take(&key.to_string(), at(0)).unwrap();
    }
    limiter.take("late", at(10)).unwrap();
    assert_eq!(limiter.owed_until.lock().unwrap().len(), 1);
}
