//! What a tool's function returns.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, GenericArgument, Path, PathArguments, Result, ReturnType, Type, parse_quote};

use crate::parameter::check_type;

/// The three kinds of answers.
pub(crate) enum Answer {
    Nothing,
    Value(Type),
    /// A type named `Result`. Without an `error` it is an alias that knows its own.
    Fallible {
        value: Type,
        error: Option<Box<Type>>,
    },
}

impl Answer {
    pub(crate) fn read(output: &ReturnType) -> Result<Self> {
        let ReturnType::Type(_, ty) = output else { return Ok(Self::Nothing) };
        match ty.as_ref() {
            Type::Tuple(tuple) if tuple.elems.is_empty() => return Ok(Self::Nothing),
            Type::ImplTrait(_) => {
                let message = "the return type of a tool needs a name; `impl Trait` has none";
                return Err(Error::new_spanned(ty, message));
            }
            _ => {}
        }
        check_type(ty)?;
        let Some(mut arguments) = arguments_of_result(ty) else { return Ok(Self::Value(Type::clone(ty))) };
        let Some(value) = arguments.next() else {
            let message = "write out what the tool answers: `Result<Answer, Error>` or `Result<Answer>`";
            return Err(Error::new_spanned(ty, message));
        };
        Ok(Self::Fallible { value, error: arguments.next().map(Box::new) })
    }

    /// The type of the answer when all goes well.
    pub(crate) fn output(&self) -> Type {
        match self {
            Self::Nothing => parse_quote!(()),
            Self::Value(ty) | Self::Fallible { value: ty, .. } => ty.clone(),
        }
    }

    /// The result that `Tool::call` returns, made of what the function returned.
    pub(crate) fn result_of(&self, core: &Path, call: &TokenStream) -> TokenStream {
        match self {
            Self::Nothing => quote!(#call; ::core::result::Result::Ok(())),
            Self::Value(_) => quote!(::core::result::Result::Ok(#call)),
            Self::Fallible { error, .. } => {
                // Named where it is known, so that the compiler points at it when it cannot be turned into a `ToolError`.
                let convert = match error {
                    Some(error) => quote!(<#error as #core::tool::IntoToolError>::into_tool_error),
                    None => quote!(#core::tool::IntoToolError::into_tool_error),
                };
                quote!(::core::result::Result::map_err(#call, #convert))
            }
        }
    }
}

/// The types between the angle brackets, if `ty` is a `Result` of whatever module.
fn arguments_of_result(ty: &Type) -> Option<impl Iterator<Item = Type>> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|segment| segment.ident == "Result")?;
    let arguments = match &last.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    };
    Some(arguments.into_iter().flatten().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    }))
}
