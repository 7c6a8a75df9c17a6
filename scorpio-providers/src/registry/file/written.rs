//! What stands in a file, checked as far as each value can be on its own.

use std::{collections::BTreeMap, fmt, path::PathBuf, sync::Arc};

use scorpio_core::{
    Json, Price,
    model::{ModelParameters, PromptCache},
};
use serde::{
    Deserialize, Deserializer,
    de::{
        Error, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};
use toml::Spanned;

use crate::registry::{
    Assignment, Audience, ModelOptions, ProviderKind, Role, ThinkTagOptions, choice::check_id,
    name::ModelName, options::check_models, set_up::check_provider_name,
};

/// A file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    #[serde(default)]
    pub(super) providers: BTreeMap<ProviderName, WrittenProvider>,
    #[serde(default)]
    pub(super) roles: BTreeMap<Role, WrittenRole>,
    #[serde(default)]
    pub(super) models: Vec<WrittenChoice>,
    #[serde(default)]
    pub(super) options: BTreeMap<Models, WrittenOptions>,
    #[serde(default)]
    pub(super) prices: BTreeMap<String, WrittenPrice>,
}

/// `[roles.chat]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenRole {
    pub(super) model: Spanned<Names>,
    #[serde(default)]
    pub(super) parameters: WrittenParameters,
}

/// `[[models]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenChoice {
    pub(super) id: Spanned<ChoiceId>,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) model: Spanned<Names>,
    #[serde(default, rename = "for")]
    pub(super) audience: Audience,
    #[serde(default)]
    pub(super) parameters: WrittenParameters,
}

/// `[providers.name]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenProvider {
    pub(super) kind: ProviderKind,
    pub(super) base_url: Option<Address>,
    pub(super) api_key_env: Option<VariableName>,
    pub(super) api_key_file: Option<PathBuf>,
    pub(super) attempts: Option<u32>,
    pub(super) project: Option<String>,
    pub(super) location: Option<String>,
    pub(super) credentials_file: Option<PathBuf>,
    /// There to be refused with better words than any other key that is not known.
    #[serde(rename = "api_key")]
    _api_key: Option<NoKey>,
}

/// `[options."provider:model"]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WrittenOptions {
    think_tags: WrittenTags,
    tools: WrittenTools,
    repair_tool_calls: bool,
}

/// How a model is told of tools.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WrittenTools {
    #[default]
    Native,
    Prompt,
}

/// `true`, `false`, or a table of what is not as usual.
#[derive(Debug, Default)]
struct WrittenTags(Option<ThinkTagOptions>);

impl<'de> Deserialize<'de> for WrittenTags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct YesOrTable;
        impl<'de> Visitor<'de> for YesOrTable {
            type Value = WrittenTags;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`true`, `false`, or a table of `open`, `close`, `starts_inside` and `anywhere`")
            }

            fn visit_bool<E: Error>(self, yes: bool) -> Result<Self::Value, E> {
                Ok(WrittenTags(yes.then(ThinkTagOptions::new)))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                #[derive(Deserialize)]
                #[serde(deny_unknown_fields, default)]
                #[derive(Default)]
                struct Table {
                    open: String,
                    close: String,
                    starts_inside: bool,
                    anywhere: bool,
                }
                let Table { open, close, starts_inside, anywhere } =
                    Table::deserialize(MapAccessDeserializer::new(map))?;
                let options = ThinkTagOptions::new().with_tags(open, close);
                Ok(WrittenTags(Some(options.with_starts_inside(starts_inside).with_anywhere(anywhere))))
            }
        }
        deserializer.deserialize_any(YesOrTable)
    }
}

impl From<WrittenOptions> for ModelOptions {
    fn from(written: WrittenOptions) -> Self {
        let WrittenOptions { think_tags, tools, repair_tool_calls } = written;
        let mut options = Self::new();
        options.think_tags = think_tags.0;
        options.with_prompted_tools(tools == WrittenTools::Prompt).with_tool_call_repair(repair_tool_calls)
    }
}

/// `[prices."provider:model"]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub(super) struct WrittenPrice {
    input: Dollars,
    cache_read: Dollars,
    cache_write: Dollars,
    output: Dollars,
}

impl From<WrittenPrice> for Price {
    fn from(written: WrittenPrice) -> Self {
        let WrittenPrice { input, cache_read, cache_write, output } = written;
        Self { input: input.0, cache_read: cache_read.0, cache_write: cache_write.0, output: output.0 }
    }
}

/// [`ModelParameters`], with the fields of the provider's own as a table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WrittenParameters {
    max_output_tokens: Option<u32>,
    temperature: Option<f32>,
    reasoning_effort: Option<Arc<str>>,
    parallel_tool_calls: Option<bool>,
    prompt_cache: PromptCache,
    extra: Option<Extra>,
}

impl From<WrittenParameters> for ModelParameters {
    fn from(written: WrittenParameters) -> Self {
        let mut parameters = Self::new().with_prompt_cache(written.prompt_cache);
        parameters.max_output_tokens = written.max_output_tokens;
        parameters.temperature = written.temperature;
        parameters.reasoning_effort = written.reasoning_effort;
        parameters.parallel_tool_calls = written.parallel_tool_calls;
        parameters.extra = written.extra.map(|extra| extra.0);
        parameters
    }
}

/// Fields of a provider's own, as JSON.
#[derive(Debug)]
struct Extra(Json);

impl<'de> Deserialize<'de> for Extra {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let table = serde_json::Map::deserialize(deserializer)?;
        Json::new(&table).map(Self).map_err(D::Error::custom)
    }
}

/// One name of a model, or several in the order in which they are asked.
#[derive(Debug)]
pub(super) struct Names(pub(super) Vec<ModelName>);

impl Names {
    pub(super) fn assignment(self, parameters: WrittenParameters) -> Assignment {
        let mut names = self.0.iter().map(ModelName::as_str);
        let first = Assignment::new(names.next().unwrap_or_default());
        names.fold(first, Assignment::or).with_parameters(parameters.into())
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;
        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a model, such as \"openai:gpt-5-mini\", or a list of names")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Names, E> {
                ModelName::parse(name).map(|name| Names(vec![name])).map_err(E::custom)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, names: A) -> Result<Names, A::Error> {
                let names = Vec::<String>::deserialize(SeqAccessDeserializer::new(names))?;
                if names.is_empty() {
                    return Err(A::Error::custom("the list is empty: name at least one model"));
                }
                let parsed = names.iter().map(|name| ModelName::parse(name));
                parsed.collect::<Result<_, _>>().map(Names).map_err(A::Error::custom)
            }
        }
        deserializer.deserialize_any(OneOrMore)
    }
}

/// Declares a text that is only good in some form.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) struct $name(String);

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let check: fn(&str) -> Result<(), String> = $check;
                check(&text).map_err(D::Error::custom)?;
                Ok(Self(text))
            }
        }
    };
}

checked_text! {
    /// The id of a choice.
    ChoiceId, check_id
}

checked_text! {
    /// The name of a provider.
    ProviderName, check_provider_name
}

checked_text! {
    /// The models that options are for.
    Models, check_models
}

checked_text! {
    /// The address of a server. What is wrong is told without the text, which may hold a secret.
    Address, |url| {
        let is_http = url.starts_with("https://") || url.starts_with("http://");
        if is_http { Ok(()) } else { Err("an address begins with `https://` or `http://`".to_owned()) }
    }
}

checked_text! {
    /// The name of a variable. A key that was put here by mistake is not repeated.
    VariableName, |name| {
        let is_allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        if !name.is_empty() && name.chars().all(is_allowed) {
            return Ok(());
        }
        Err("this is the name of a variable of the environment that holds the key, in capital letters, digits and `_`; \
             the key itself has no place in this file".to_owned())
    }
}

/// A key in the file, which is refused.
#[derive(Debug)]
struct NoKey;

impl<'de> Deserialize<'de> for NoKey {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom(
            "a key has no place in this file: put it into a variable of the environment and name that with `api_key_env`, \
             or into a file of its own and name that with `api_key_file`",
        ))
    }
}

/// US dollars.
#[derive(Debug, Default)]
struct Dollars(f64);

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let dollars = f64::deserialize(deserializer)?;
        if dollars.is_finite() && dollars >= 0.0 {
            return Ok(Self(dollars));
        }
        Err(D::Error::custom("a price is a number of US dollars for a million tokens, 0 or more"))
    }
}
