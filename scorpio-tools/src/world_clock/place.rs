//! Finds the time zone of a city. The cities are those after which time zones are named, and those of the table.

use std::{cmp::Ordering, collections::HashMap, sync::LazyLock};

use jiff::tz::{TimeZone, TimeZoneDatabase};
use scorpio_core::tool::ToolError;

use super::cities::CITIES;

/// Longer names are no cities; the longest that is known has 30 characters.
const LONGEST: usize = 100;

/// The regions whose time zones are named after places.
const REGIONS: [&str; 10] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
];

/// Names of time zones that would be taken for other places.
const MISLEADING: [&str; 10] = [
    "Australia/ACT",
    "Australia/LHI",
    "Australia/NSW",
    "Australia/North",
    "Australia/South",
    "Australia/Victoria",
    "Australia/West",
    "America/North_Dakota/Center",
    "America/Indiana/Petersburg",
    "America/Virgin",
];

/// How alike two names must be for one to be suggested instead of the other, from 0 to 1.
const ALIKE: f64 = 0.82;

/// A city and its time zone.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) city: String,
    pub(super) time_zone: TimeZone,
}

impl Place {
    /// The place of this name, however it is written.
    pub(super) fn find(name: &str) -> Result<Self, ToolError> {
        if name.chars().nth(LONGEST).is_some() {
            return Err(ToolError::new("The name is too long for a city; give the name of one city."));
        }
        let key = key(name);
        if key.is_empty() {
            return Err(ToolError::new("Which city? The name is empty."));
        }
        by_city(&key).or_else(|| by_time_zone(name)).ok_or_else(|| unknown(name.trim(), &key))
    }
}

fn by_city(key: &str) -> Option<Place> {
    // Kuwait is `Asia/Kuwait`, Kuwait City is not there.
    let (city, zone) = INDEX.get(key).or_else(|| INDEX.get(key.strip_suffix(" city")?))?;
    Some(Place { city: city.clone(), time_zone: DATABASE.get(zone).ok()? })
}

fn by_time_zone(name: &str) -> Option<Place> {
    let time_zone = DATABASE.get(&name.trim().replace(' ', "_")).ok()?;
    let city = city_of(time_zone.iana_name()?);
    Some(Place { city, time_zone })
}

fn unknown(name: &str, key: &str) -> ToolError {
    let similar = similar(key);
    let meant = match similar.as_slice() {
        [] => String::new(),
        names => format!(" Did you mean {}?", names.join(" or ")),
    };
    ToolError::new(format!(
        "There is no city or time zone `{name}` here.{meant} Leave out the country, name a large city nearby, or give an IANA \
         time zone such as `Asia/Tokyo`."
    ))
}

/// The names that are most like this one, the best first. `Tokyo, Japan` is like `Tokyo`.
fn similar(key: &str) -> Vec<&'static str> {
    let before_comma = key.split(',').next().unwrap_or(key).trim();
    let mut names: Vec<_> = INDEX
        .iter()
        .map(|(known, (city, _))| (strsim::jaro_winkler(before_comma, known), city.as_str()))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    // The names decide a draw, because the index has no order.
    names.sort_unstable_by(|(a, a_name), (b, b_name)| match b.total_cmp(a) {
        Ordering::Equal => a_name.cmp(b_name),
        ordering => ordering,
    });
    names.dedup_by_key(|(_, name)| *name);
    names.into_iter().take(3).map(|(_, name)| name).collect()
}

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// From the key of a city to the way it is written and its time zone.
static INDEX: LazyLock<HashMap<String, (String, String)>> = LazyLock::new(|| {
    let mut index = HashMap::new();
    for zone in DATABASE.available() {
        let zone = zone.as_str();
        let region = zone.split('/').next().unwrap_or_default();
        if REGIONS.contains(&region) && zone.contains('/') && !MISLEADING.contains(&zone) {
            let city = city_of(zone);
            index.insert(key(&city), (city, zone.to_owned()));
        }
    }
    // The table comes second: its San Juan is the one in Puerto Rico, not the one in Argentina.
    for (zone, cities) in CITIES {
        for city in *cities {
            index.insert(key(city), ((*city).to_owned(), (*zone).to_owned()));
        }
    }
    index
});

fn city_of(zone: &str) -> String {
    zone.rsplit('/').next().unwrap_or(zone).replace('_', " ")
}

/// A name without what people write differently: case, accents, dots, hyphens and spaces.
fn key(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            '_' | '-' | '–' => key.push(' '),
            '.' | '\'' | '’' | '`' => {}
            letter => match plain(letter) {
                Some(letters) => key.push_str(letters),
                None => key.push(letter),
            },
        }
    }
    let words: Vec<_> =
        key.split_whitespace().map(|word| if word == "saint" { "st" } else { word }).collect();
    words.join(" ")
}

/// The letters of the Latin alphabet for one with an accent.
fn plain(letter: char) -> Option<&'static str> {
    Some(match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' | 'ạ' | 'ả' | 'ấ' | 'ầ' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'č' => "c",
        'đ' | 'ď' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' | 'ế' | 'ề' => "e",
        'ğ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' | 'ị' => "i",
        'ł' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ő' | 'ồ' | 'ố' => "o",
        'œ' => "oe",
        'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ț' | 'ť' => "t",
        'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' | 'ư' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        // The dot of a capital I with a dot, in lower case.
        '\u{307}' => "",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
