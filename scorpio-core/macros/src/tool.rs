//! `#[tool]` on a function.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Expr, ExprLit, Item, ItemFn, Lit, parse2};

use crate::{
    arguments::Arguments,
    core_path::core_path,
    description,
    implementation::{Target, implement},
    parameter::strip_parameters,
    signature::ToolSignature,
};

/// The expansion of `#[tool]`. After a mistake it is the function as it was, so that the mistake is all that the compiler reports.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let function = match parse2::<ItemFn>(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            let error = not_a_function(&item).unwrap_or(error).into_compile_error();
            return quote!(#error #item);
        }
    };
    match expand_function(arguments, &function) {
        Ok(tokens) => tokens,
        Err(error) => {
            let error = error.into_compile_error();
            let function = plain(function);
            quote!(#error #[allow(unused)] #function)
        }
    }
}

fn expand_function(arguments: TokenStream, function: &ItemFn) -> syn::Result<TokenStream> {
    if let Some(receiver) = function.sig.receiver() {
        return Err(Error::new_spanned(
            receiver,
            "`#[tool]` on a method needs `#[toolset]` on the `impl` block around it",
        ));
    }
    let mut arguments: Arguments = parse2(arguments)?;
    let core = core_path(arguments.core.take())?;
    let signature = ToolSignature::read(arguments, &function.attrs, &function.sig)?;

    let (docs, others): (Vec<_>, Vec<_>) =
        function.attrs.iter().partition(|attribute| description::is_doc(attribute));
    let summary = match description::from_doc_comments(&function.attrs) {
        Some(_) => TokenStream::new(),
        None => doc_of(&signature.description),
    };
    // A condition holds for all that is made of the function; everything else was meant for the function itself.
    let (conditions, attributes): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|attribute| attribute.path().is_ident("cfg"));

    let name = &function.sig.ident;
    let visibility = &function.vis;
    let mut inner = plain(function.clone());
    inner.attrs.clear();
    inner.sig.ident = syn::Ident::new("function", name.span());
    let target =
        Target { core: &core, tool: quote!(#name), function: quote!(#name::function), toolset: None };
    let implementation = implement(&signature, &target);
    Ok(quote! {
        #(#conditions)*
        #(#docs)*
        #summary
        #[allow(non_camel_case_types)]
        #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
        #visibility struct #name;

        #(#conditions)*
        impl #name {
            /// The function that the tool is made of.
            #(#attributes)*
            #[allow(clippy::too_many_arguments, clippy::needless_pass_by_value, clippy::unused_async)]
            #[allow(clippy::missing_const_for_fn, clippy::missing_errors_doc, clippy::missing_panics_doc)]
            #inner
        }

        #(#conditions)*
        const _: () = {
            #implementation
        };
    })
}

/// The function without what only the macro understands.
fn plain(mut function: ItemFn) -> ItemFn {
    strip_parameters(&mut function.sig);
    function
}

/// A doc comment for a tool whose description is an argument of the attribute.
fn doc_of(description: &Expr) -> TokenStream {
    match description {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => quote!(#[doc = #text]),
        _ => quote!(#[doc = "A tool."]),
    }
}

fn not_a_function(item: &TokenStream) -> Option<Error> {
    match parse2(item.clone()).ok()? {
        Item::Impl(block) => {
            let message = "`#[tool]` goes on a function; on an `impl` block it is `#[toolset]`";
            Some(Error::new_spanned(block.impl_token, message))
        }
        item => Some(Error::new_spanned(item, "`#[tool]` goes on a function")),
    }
}
