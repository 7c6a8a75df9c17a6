//! What time it is elsewhere.

mod cities;
mod place;

use std::{fmt, sync::Arc};

use jiff::{Timestamp, tz::TimeZone};
use scorpio_core::{tool, tool::ToolError, toolset};
use serde::Serialize;

use self::place::Place;

/// What time and what day it is in a city.
#[tool(pure, trusted)]
pub fn current_time(
    /// A well-known city such as `Tokyo`, without its country, or an IANA time zone such as `Asia/Tokyo`.
    city: String,
) -> Result<LocalTime, ToolError> {
    WorldClock::new().current_time(city)
}

/// The tool [`current_time`](struct@current_time) by a clock of one's own, as a toolset of one tool.
///
/// ```
/// use scorpio_tools::WorldClock;
/// let clock = WorldClock::with_clock(|| "2026-11-22T05:05:00Z".parse().unwrap());
/// let tokyo = clock.current_time("tokyo".to_owned()).unwrap();
/// assert_eq!((tokyo.time.as_str(), tokyo.utc_offset.as_str()), ("14:05", "+09:00"));
/// ```
#[derive(Clone)]
pub struct WorldClock {
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

/// The time in a city, in the local calendar.
///
/// ```
/// let local = scorpio_tools::current_time::function("Asia/Tokyo".to_owned()).unwrap();
/// assert_eq!(local.city, "Tokyo");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LocalTime {
    /// The city, as it is usually written.
    pub city: String,
    /// The IANA name of its time zone.
    pub time_zone: String,
    /// Hours and minutes, from `00:00` to `23:59`.
    pub time: String,
    /// Year, month and day: `2026-11-22`.
    pub date: String,
    /// The English name of the day.
    pub weekday: String,
    /// The difference to UTC at this time, summer time included: `+09:00`.
    pub utc_offset: String,
}

#[toolset]
impl WorldClock {
    /// The clock of this machine.
    pub fn new() -> Self {
        Self::with_clock(Timestamp::now)
    }

    /// A clock that asks `now` what time it is.
    pub fn with_clock(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { now: Arc::new(now) }
    }

    /// What time and what day it is in a city.
    ///
    /// # Errors
    ///
    /// When there is no such city or time zone. The model is told what it may have meant.
    #[tool(pure, trusted, description = "What time and what day it is in a city.")]
    pub fn current_time(
        &self,
        /// A well-known city such as `Tokyo`, without its country, or an IANA time zone such as `Asia/Tokyo`.
        city: String,
    ) -> Result<LocalTime, ToolError> {
        Ok(LocalTime::new((self.now)(), Place::find(&city)?))
    }
}

impl LocalTime {
    fn new(now: Timestamp, Place { city, time_zone }: Place) -> Self {
        let name = time_zone.iana_name().unwrap_or("UTC").to_owned();
        let local = now.to_zoned(TimeZone::clone(&time_zone));
        Self {
            city,
            time_zone: name,
            time: local.strftime("%H:%M").to_string(),
            date: local.strftime("%Y-%m-%d").to_string(),
            weekday: local.strftime("%A").to_string(),
            utc_offset: local.strftime("%:z").to_string(),
        }
    }
}

impl Default for WorldClock {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for WorldClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorldClock").field("now", &(self.now)()).finish()
    }
}

#[cfg(test)]
mod tests;
