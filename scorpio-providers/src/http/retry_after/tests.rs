use reqwest::header::HeaderValue;

use super::*;

/// 1994-11-06 08:49:00 UTC.
const NOW: u64 = 784_111_740;

fn wait(headers: &[(&'static str, &'static str)]) -> Option<Duration> {
    let headers =
        headers.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
    retry_after(&headers.collect(), SystemTime::UNIX_EPOCH + Duration::from_secs(NOW))
}

#[test]
fn reads_numbers_and_dates() {
    let seconds = Duration::from_secs;
    assert_eq!(wait(&[("retry-after", "7")]), Some(seconds(7)));
    assert_eq!(wait(&[("retry-after", " 1.5 ")]), Some(Duration::from_millis(1500)));
    assert_eq!(wait(&[("retry-after-ms", "250")]), Some(Duration::from_millis(250)));
    assert_eq!(wait(&[("retry-after-ms", "250"), ("retry-after", "7")]), Some(Duration::from_millis(250)));
    assert_eq!(wait(&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]), Some(seconds(37)));
    assert_eq!(wait(&[("retry-after", "1000000000")]), Some(FOREVER));
    assert_eq!(wait(&[("retry-after", "1e400")]), Some(FOREVER));
}

#[test]
fn ignores_what_is_no_time_to_wait() {
    let garbage = [
        "",
        "soon",
        "-1",
        "0",
        "-0",
        "NaN",
        "inf",
        "-inf",
        "infinity",
        "+inf",
        "1,5",
        "0x10",
        "Sun, 06 Nov 1994 08:48:00 GMT",
    ];
    for value in garbage {
        assert_eq!(wait(&[("retry-after", value)]), None, "{value}");
        assert_eq!(wait(&[("retry-after-ms", value)]), None, "{value}");
        let both = [("retry-after-ms", value), ("retry-after", "7")];
        assert_eq!(wait(&both), Some(Duration::from_secs(7)), "{value}");
    }
}
