//! Names of tools that are not quite right.

use scorpio_core::tool::ToolCatalog;

/// The fewest letters of a name in which one may be wrong.
const SHORTEST: usize = 6;

/// Longer names are not looked at.
const LONGEST: usize = 256;

/// The tool that was meant by `name`, which is none's. None if it is one's, or if it could mean several.
pub(super) fn meant<'a>(name: &str, tools: &'a ToolCatalog) -> Option<&'a str> {
    if name.len() > LONGEST || tools.get(name).is_some() {
        return None;
    }
    // Some write the name of what the tools are in before them.
    let last = name.rsplit(['.', ':', '/']).next().unwrap_or(name);
    let is_same = |name: &str| {
        let folded = folded(name);
        only(tools, move |tool| !folded.is_empty() && self::folded(tool) == folded)
    };
    is_same(name).or_else(|| is_same(last)).or_else(|| only(tools, |tool| is_near(last, tool)))
}

/// The only tool that is so.
fn only(tools: &ToolCatalog, is_so: impl Fn(&str) -> bool) -> Option<&str> {
    let mut those = tools.specs().map(|spec| spec.name.as_str()).filter(|name| is_so(name));
    those.next().filter(|_| those.next().is_none())
}

/// The letters and digits, all of them small.
fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether one letter makes the difference, and not one that changes what is done, or to which of several.
fn is_near(name: &str, tool: &str) -> bool {
    let (words, words_of_tool) = (words(name), words(tool));
    let first_is_same = match (&*words, &*words_of_tool) {
        // The only word says all, so at least it must begin alike.
        ([word], [of_tool]) => word.chars().next() == of_tool.chars().next(),
        ([first, ..], [first_of_tool, ..]) => first == first_of_tool,
        _ => false,
    };
    let digits = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
    words.len() == words_of_tool.len()
        && first_is_same
        && digits(name) == digits(tool)
        && folded(tool).len() >= SHORTEST
        && strsim::osa_distance(&words.concat(), &words_of_tool.concat()) == 1
}

/// The words of a name, in small letters: `get_the-weather` and `getTheWeather` have three.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut was_small = false;
    for c in name.chars() {
        if (!c.is_alphanumeric() || (was_small && c.is_uppercase())) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        was_small = c.is_lowercase() || c.is_ascii_digit();
        word.extend(c.to_lowercase().filter(|c| c.is_alphanumeric()));
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}
