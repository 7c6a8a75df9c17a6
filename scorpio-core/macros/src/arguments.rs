//! What stands in the parentheses of `#[tool(…)]`.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{
    Expr, ExprLit, Ident, Lit, LitInt, LitStr, Path, Token,
    ext::IdentExt,
    parse::{Parse, ParseStream},
};

const KNOWN: &str = "`name`, `description`, `effects`, `pure`, `idempotent`, `transactional`, `approval`, `on_unknown`, `trusted`, `timeout`, `output_limit`, `blocking` and `crate`";
const EFFECTS: &str = "\"none\", \"read_private\", \"write\" and \"egress\"";
const TIMEOUT: &str = "a timeout is \"500ms\", \"30s\", \"2m\" or a number of seconds, and more than zero";

/// The arguments of `#[tool]`, checked one by one and against each other.
#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) name: Option<LitStr>,
    pub(crate) description: Option<Expr>,
    pub(crate) effects: Option<(Effects, Span)>,
    pub(crate) pure: Option<Span>,
    pub(crate) idempotent: Option<Span>,
    pub(crate) transactional: Option<Span>,
    pub(crate) approval: Option<Span>,
    pub(crate) on_unknown: Option<UnknownOutcome>,
    pub(crate) trusted: Option<Span>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) output_limit: Option<usize>,
    pub(crate) blocking: Option<Span>,
    pub(crate) core: Option<Path>,
}

/// What the tool can do to the world.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effects {
    None,
    ReadPrivate,
    Write,
    Egress,
}

impl Effects {
    fn parse(text: &LitStr) -> syn::Result<Self> {
        match text.value().as_str() {
            "none" => Ok(Self::None),
            "read_private" => Ok(Self::ReadPrivate),
            "write" => Ok(Self::Write),
            "egress" => Ok(Self::Egress),
            other => {
                Err(syn::Error::new(text.span(), format!("unknown effects \"{other}\"; there are {EFFECTS}")))
            }
        }
    }

    fn variant(self) -> TokenStream {
        match self {
            Self::None => quote!(None),
            Self::ReadPrivate => quote!(ReadPrivate),
            Self::Write => quote!(Write),
            Self::Egress => quote!(Egress),
        }
    }
}

/// What becomes of a call whose outcome is unknown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnknownOutcome {
    Ask,
    Fail,
}

impl UnknownOutcome {
    fn parse(text: &LitStr) -> syn::Result<Self> {
        match text.value().as_str() {
            "ask" => Ok(Self::Ask),
            "fail" => Ok(Self::Fail),
            "probe" => Err(syn::Error::new(
                text.span(),
                "only an `impl Tool` can find out what became of a call: it says so in its spec, and implements `reconcile`",
            )),
            other => Err(syn::Error::new(
                text.span(),
                format!("unknown policy \"{other}\"; there are \"ask\" and \"fail\""),
            )),
        }
    }

    fn variant(self) -> TokenStream {
        match self {
            Self::Ask => quote!(Ask),
            Self::Fail => quote!(Fail),
        }
    }
}

impl Arguments {
    /// The calls on a `ToolSpec` that say the same. Its description and name are not among them.
    pub(crate) fn spec_calls(&self, core: &Path) -> TokenStream {
        let mut calls = TokenStream::new();
        if let Some(effects) = self.declared_effects() {
            let variant = effects.variant();
            calls.extend(quote!(.with_effects(#core::tool::Effects::#variant)));
        }
        if self.pure.is_some() {
            calls.extend(quote!(.with_retry(#core::tool::RetryClass::Pure)));
        }
        if self.idempotent.is_some() {
            calls.extend(quote!(.with_retry(#core::tool::RetryClass::Idempotent)));
        }
        if self.transactional.is_some() {
            calls.extend(quote!(.with_retry(#core::tool::RetryClass::Transactional)));
        }
        if self.approval.is_some() {
            calls.extend(quote!(.with_approval(true)));
        }
        if let Some(policy) = self.on_unknown {
            let variant = policy.variant();
            calls.extend(quote!(.with_unknown_outcome(#core::tool::UnknownOutcome::#variant)));
        }
        if self.trusted.is_some() {
            calls.extend(quote!(.with_trust(#core::Trust::Trusted)));
        }
        if let Some(timeout) = self.timeout {
            let (seconds, nanoseconds) = (timeout.as_secs(), timeout.subsec_nanos());
            calls.extend(quote!(.with_timeout(::core::time::Duration::new(#seconds, #nanoseconds))));
        }
        if let Some(bytes) = self.output_limit {
            calls.extend(quote!(.with_output_limit(#bytes)));
        }
        calls
    }

    fn declared_effects(&self) -> Option<Effects> {
        let of_pure = self.pure.map(|_| Effects::None);
        self.effects.map(|(effects, _)| effects).or(of_pure)
    }

    fn read(&mut self, key: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        match key.to_string().as_str() {
            "name" => set(&mut self.name, key, tool_name(value(key, input)?)?),
            "description" => set(&mut self.description, key, description(value(key, input)?)?),
            "effects" => {
                let text: LitStr = value(key, input)?;
                set(&mut self.effects, key, (Effects::parse(&text)?, text.span()))
            }
            "pure" => set(&mut self.pure, key, flag(key, input)?),
            "idempotent" => set(&mut self.idempotent, key, flag(key, input)?),
            "transactional" => set(&mut self.transactional, key, flag(key, input)?),
            "approval" => set(&mut self.approval, key, flag(key, input)?),
            "on_unknown" => {
                let text: LitStr = value(key, input)?;
                set(&mut self.on_unknown, key, UnknownOutcome::parse(&text)?)
            }
            "trusted" => set(&mut self.trusted, key, flag(key, input)?),
            "blocking" => set(&mut self.blocking, key, flag(key, input)?),
            "timeout" => set(&mut self.timeout, key, timeout(&value(key, input)?)?),
            "output_limit" => set(&mut self.output_limit, key, output_limit(&value(key, input)?)?),
            "crate" => {
                input.parse::<Token![=]>()?;
                set(&mut self.core, key, Path::parse_mod_style(input)?)
            }
            other => Err(syn::Error::new(
                key.span(),
                format!("unknown argument `{other}`; `#[tool]` knows {KNOWN}"),
            )),
        }
    }

    fn check(&self) -> syn::Result<()> {
        if let (Some(pure), Some(_)) = (self.pure, self.idempotent) {
            return Err(syn::Error::new(
                pure,
                "a tool is either `pure` or `idempotent`; `pure` says that it has no effect at all, which is more",
            ));
        }
        if let (Some(transactional), true) = (self.transactional, self.pure.or(self.idempotent).is_some()) {
            return Err(syn::Error::new(
                transactional,
                "a tool is only one of `pure`, `idempotent` and `transactional`",
            ));
        }
        if let (Some(_), Some((Effects::Write | Effects::Egress, span))) = (self.pure, self.effects) {
            return Err(syn::Error::new(
                span,
                "a `pure` tool has no such effects; perhaps it is `idempotent`, or its effects are \"none\" or \"read_private\"",
            ));
        }
        Ok(())
    }
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut arguments = Self::default();
        while !input.is_empty() {
            let key = input.call(Ident::parse_any)?;
            arguments.read(&key, input)?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        arguments.check()?;
        Ok(arguments)
    }
}

fn set<T>(place: &mut Option<T>, key: &Ident, value: T) -> syn::Result<()> {
    if place.is_some() {
        return Err(syn::Error::new(key.span(), format!("`{key}` stands here twice")));
    }
    *place = Some(value);
    Ok(())
}

fn value<T: Parse>(key: &Ident, input: ParseStream<'_>) -> syn::Result<T> {
    if !input.peek(Token![=]) {
        return Err(syn::Error::new(key.span(), format!("`{key}` takes a value: `{key} = …`")));
    }
    input.parse::<Token![=]>()?;
    input.parse()
}

fn flag(key: &Ident, input: ParseStream<'_>) -> syn::Result<Span> {
    if input.peek(Token![=]) {
        return Err(syn::Error::new(
            key.span(),
            format!("`{key}` takes no value: write `{key}`, or leave it out"),
        ));
    }
    Ok(key.span())
}

fn tool_name(name: LitStr) -> syn::Result<LitStr> {
    if is_tool_name(&name.value()) {
        return Ok(name);
    }
    Err(syn::Error::new(
        name.span(),
        "a tool's name is a letter or `_`, then letters, digits, `_` and `-`, at most 64 in all",
    ))
}

/// Whether every provider takes this name: the rule of `ToolSpec::name`.
pub(crate) fn is_tool_name(name: &str) -> bool {
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    first
        && name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

fn description(text: Expr) -> syn::Result<Expr> {
    if let Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) = &text
        && literal.value().trim().is_empty()
    {
        return Err(syn::Error::new(literal.span(), "an empty description tells the model nothing"));
    }
    Ok(text)
}

fn timeout(value: &Lit) -> syn::Result<Duration> {
    let parsed = match value {
        Lit::Int(seconds) => seconds.base10_parse().ok().map(Duration::from_secs),
        Lit::Str(text) => parse_duration(&text.value()),
        _ => None,
    };
    parsed.filter(|timeout| !timeout.is_zero()).ok_or_else(|| syn::Error::new(value.span(), TIMEOUT))
}

fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok()?;
    match unit.trim() {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        _ => None,
    }
}

fn output_limit(bytes: &LitInt) -> syn::Result<usize> {
    let parsed = bytes.base10_parse().ok().filter(|bytes| *bytes > 0);
    parsed.ok_or_else(|| {
        syn::Error::new(bytes.span(), "an output limit is a number of bytes such as 65536, more than zero")
    })
}

#[cfg(test)]
mod tests;
