//! Where the generated code finds `scorpio_core`: users depend on it directly, or on the facade that re-exports it as `core`.

use proc_macro_crate::{Error, FoundCrate, crate_name};
use proc_macro2::Span;
use syn::{Ident, Path, parse_quote};

/// The path to `scorpio_core` in the crate that is being compiled. `given` is what the author wrote as `crate = …`.
pub(crate) fn core_path(given: Option<Path>) -> syn::Result<Path> {
    if let Some(path) = given {
        return Ok(path);
    }
    match crate_name("scorpio-core") {
        // The crate itself says `extern crate self as scorpio_core`, so that this holds in its library, tests and examples alike.
        Ok(FoundCrate::Itself) => return Ok(parse_quote!(::scorpio_core)),
        Ok(FoundCrate::Name(name)) => {
            let name = Ident::new(&name, Span::call_site());
            return Ok(parse_quote!(::#name));
        }
        Err(_) => {}
    }
    match crate_name("scorpio") {
        Ok(FoundCrate::Itself) => Ok(parse_quote!(::scorpio::core)),
        Ok(FoundCrate::Name(name)) => {
            let name = Ident::new(&name, Span::call_site());
            Ok(parse_quote!(::#name::core))
        }
        Err(Error::CrateNotFound { .. }) => Err(syn::Error::new(
            Span::call_site(),
            "neither `scorpio` nor `scorpio-core` is a dependency of this crate; add one, or write `crate = path::to::scorpio_core`",
        )),
        // Built without Cargo. The facade's usual name is the best guess, and `crate = …` is there for other names.
        Err(_) => Ok(parse_quote!(::scorpio::core)),
    }
}
