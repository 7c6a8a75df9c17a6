use std::collections::HashSet;

use super::{CITIES, DATABASE, INDEX, MISLEADING, Place, by_city, city_of, key, similar};

fn zone(name: &str) -> String {
    let place = Place::find(name).unwrap();
    place.time_zone.iana_name().unwrap().to_owned()
}

#[test]
fn every_city_of_the_table_is_found_in_its_time_zone() {
    for (zone, cities) in CITIES {
        for city in *cities {
            let place = Place::find(city).unwrap();
            assert_eq!((place.city.as_str(), place.time_zone.iana_name()), (*city, Some(*zone)));
        }
    }
}

#[test]
fn no_city_of_the_table_stands_there_twice() {
    let mut seen = HashSet::new();
    let twice: Vec<_> =
        CITIES.iter().flat_map(|(_, cities)| *cities).filter(|city| !seen.insert(key(city))).collect();
    // The same place, with and without its accent.
    assert_eq!(twice, Vec::<&&str>::new());
    assert!(seen.len() > 400, "{}", seen.len());
}

#[test]
fn every_time_zone_is_found_by_its_name() {
    let now = "2025-07-01T00:00:00Z".parse().unwrap();
    for name in DATABASE.available() {
        let found = Place::find(name.as_str()).unwrap().time_zone;
        if name.as_str().contains('/') {
            assert_eq!(found.iana_name(), Some(name.as_str()));
        }
        // `Cuba` is found as a country, in the time zone of Havana.
        let named = DATABASE.get(name.as_str()).unwrap();
        assert_eq!(found.to_offset(now), named.to_offset(now), "{}", name.as_str());
    }
    for name in MISLEADING {
        assert!(DATABASE.get(name).is_ok(), "{name}");
        assert!(
            by_city(&key(&city_of(name))).is_none_or(|place| place.time_zone.iana_name() != Some(name)),
            "{name}"
        );
    }
}

#[test]
fn spelling_does_not_matter() {
    for name in
        ["São Paulo", "sao paulo", "SAO_PAULO", " Sao  Paulo ", "america/sao_paulo", "America/Sao Paulo"]
    {
        assert_eq!(zone(name), "America/Sao_Paulo", "{name}");
    }
    for name in ["St. Petersburg", "Saint Petersburg", "st petersburg"] {
        assert_eq!(zone(name), "Europe/Moscow", "{name}");
    }
    assert_eq!(zone("Xi'an"), "Asia/Shanghai");
    assert_eq!(zone("ISTANBUL"), "Europe/Istanbul");
    assert_eq!(zone("İstanbul"), "Europe/Istanbul");
    assert_eq!(zone("port au prince"), "America/Port-au-Prince");
    assert_eq!(zone("Kuwait City"), "Asia/Kuwait");
    assert_eq!(zone("utc"), "UTC");
    assert_eq!(zone("etc/gmt-9"), "Etc/GMT-9");
}

#[test]
fn the_best_known_of_several_is_meant() {
    assert_eq!(zone("San Juan"), "America/Puerto_Rico");
    assert_eq!(zone("Samoa"), "Pacific/Apia");
    assert_eq!(zone("Portland"), "America/Los_Angeles");
}

#[test]
fn unknown_places_get_suggestions() {
    assert_eq!(similar(&key("Tokio")).first(), Some(&"Tokyo"));
    assert_eq!(similar(&key("San Fransisco")).first(), Some(&"San Francisco"));
    let error = Place::find("Paris, Texas").unwrap_err();
    assert!(error.message().contains("`Paris, Texas` here. Did you mean Paris"), "{error}");
    let error = Place::find("Qqqq").unwrap_err();
    assert!(!error.message().contains("Did you mean") && error.message().contains("`Asia/Tokyo`"), "{error}");
    assert!(Place::find(" ").unwrap_err().message().contains("empty"));
    assert!(Place::find("../../etc/passwd").is_err());
    assert!(Place::find(&"ß".repeat(5_000)).unwrap_err().message().contains("too long"));
}

#[test]
fn the_index_knows_the_usual_cities() {
    for name in [
        "San Francisco",
        "Beijing",
        "Mumbai",
        "Munich",
        "Barcelona",
        "Tokyo",
        "London",
        "New York",
        "Paris",
        "Sydney",
        "Cairo",
        "Moscow",
        "Rio de Janeiro",
        "Los Angeles",
        "Chicago",
        "Toronto",
        "Berlin",
        "Singapore",
        "Hong Kong",
        "Nairobi",
    ] {
        assert!(INDEX.contains_key(&key(name)), "{name}");
    }
}
