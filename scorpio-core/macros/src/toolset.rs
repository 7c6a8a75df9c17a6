//! `#[toolset]` on an `impl` block.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Attribute, Error, FnArg, ImplItem, ImplItemFn, ItemImpl, Meta, Path, ReceiverKind, Result, Token, Type,
    parse::{Parse, ParseStream},
    parse_quote, parse2,
    visit_mut::{self, VisitMut},
};

use crate::{
    arguments::Arguments,
    core_path::core_path,
    errors::Errors,
    implementation::{Target, implement},
    parameter::strip_parameters,
    signature::ToolSignature,
};

/// The expansion of `#[toolset]`. After a mistake it is the block as it was, so that the mistake is all that the compiler reports.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut block = match parse2::<ItemImpl>(item.clone()) {
        Ok(block) => block,
        Err(error) => {
            let error = not_an_impl(&item).unwrap_or(error).into_compile_error();
            return quote!(#error #item);
        }
    };
    let tools = expand_block(arguments, &block).unwrap_or_else(Error::into_compile_error);
    strip(&mut block);
    quote!(#block #tools)
}

fn expand_block(arguments: TokenStream, block: &ItemImpl) -> Result<TokenStream> {
    let ToolsetArguments { core } = parse2(arguments)?;
    let core = core_path(core)?;
    if let Some((path, _)) = &block.trait_ {
        return Err(Error::new_spanned(
            path,
            "`#[toolset]` goes on the type's own `impl` block, not on that of a trait",
        ));
    }
    if !block.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &block.generics,
            "a toolset cannot be generic; hold an `Arc<dyn …>` instead",
        ));
    }

    let mut errors = Errors::default();
    let mut names = HashSet::new();
    let mut pushes = Vec::new();
    for item in &block.items {
        let ImplItem::Fn(method) = item else { continue };
        let Some(attribute) = method.attrs.iter().find(|attribute| is_tool(attribute)) else { continue };
        pushes.extend(errors.take(push_tool(&core, &block.self_ty, method, attribute, &mut names)));
    }
    errors.finish(())?;
    if pushes.is_empty() {
        return Err(Error::new_spanned(&block.self_ty, "no method here has `#[tool]`"));
    }
    Ok(implement_toolset(&core, block, &pushes))
}

/// `Toolset` has a method that `async_trait` made; this writes out what it makes, so that users need not depend on it.
fn implement_toolset(core: &Path, block: &ItemImpl, pushes: &[TokenStream]) -> TokenStream {
    let ty = &block.self_ty;
    let conditions = block.attrs.iter().filter(|attribute| is_condition(attribute));
    quote! {
        #(#conditions)*
        impl #core::tool::Toolset for #ty {
            fn tools<'life0, 'async_trait>(
                self: ::std::sync::Arc<Self>,
                _: &'life0 #core::tool::ToolsetContext,
            ) -> #core::tool::BoxFuture<
                'async_trait,
                ::core::result::Result<::std::vec::Vec<#core::tool::SharedTool>, #core::tool::ToolError>,
            >
            where
                'life0: 'async_trait,
                Self: 'async_trait,
            {
                let mut __tools = ::std::vec::Vec::new();
                #(#pushes)*
                ::std::boxed::Box::pin(::core::future::ready(::core::result::Result::Ok(__tools)))
            }
        }
    }
}

/// A statement that makes a tool of `method` and pushes it to `__tools`.
fn push_tool(
    core: &Path,
    ty: &Type,
    method: &ImplItemFn,
    attribute: &Attribute,
    names: &mut HashSet<String>,
) -> Result<TokenStream> {
    let arguments = tool_arguments(attribute)?;
    if let Some(path) = &arguments.core {
        return Err(Error::new_spanned(path, "`crate` goes to `#[toolset(crate = …)]` here"));
    }
    check_receiver(method)?;
    let mut signature = method.sig.clone();
    SelfType(ty).visit_signature_mut(&mut signature);
    let signature = ToolSignature::read(arguments, &method.attrs, &signature)?;
    if !names.insert(signature.name.clone()) {
        let message = format!("there are two tools named `{}` in this toolset", signature.name);
        return Err(Error::new(method.sig.ident.span(), message));
    }

    let conditions = method.attrs.iter().filter(|attribute| is_condition(attribute));
    let name = &method.sig.ident;
    let target = Target { core, tool: quote!(__Tool), function: quote!(<#ty>::#name), toolset: Some(ty) };
    let implementation = implement(&signature, &target);
    Ok(quote! {
        #(#conditions)*
        {
            struct __Tool(::std::sync::Arc<#ty>);
            #implementation
            __tools.push(#core::tool::erase(__Tool(::std::sync::Arc::clone(&self))));
        }
    })
}

fn tool_arguments(attribute: &Attribute) -> Result<Arguments> {
    match &attribute.meta {
        Meta::Path(_) => Ok(Arguments::default()),
        Meta::List(list) => list.parse_args(),
        Meta::NameValue(meta) => {
            Err(Error::new_spanned(meta, "arguments go in parentheses: `#[tool(name = \"…\")]`"))
        }
    }
}

fn check_receiver(method: &ImplItemFn) -> Result<()> {
    let Some(receiver) = method.sig.receiver() else {
        return Err(Error::new(
            method.sig.ident.span(),
            "a tool of a toolset takes `&self`; put a function that needs none outside of the `impl` block",
        ));
    };
    match &receiver.kind {
        ReceiverKind::Reference(_, _, None) => Ok(()),
        _ => Err(Error::new_spanned(
            receiver,
            "a tool of a toolset takes `&self`: calls run at the same time; keep what changes in a `Mutex` or the like",
        )),
    }
}

fn strip(block: &mut ItemImpl) {
    for item in &mut block.items {
        let ImplItem::Fn(method) = item else { continue };
        if !method.attrs.iter().any(is_tool) {
            continue;
        }
        method.attrs.retain(|attribute| !is_tool(attribute));
        method.attrs.push(
            parse_quote!(#[allow(clippy::too_many_arguments, clippy::needless_pass_by_value, clippy::unused_async)]),
        );
        strip_parameters(&mut method.sig);
    }
}

fn is_tool(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|last| last.ident == "tool")
}

fn is_condition(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
}

fn not_an_impl(item: &TokenStream) -> Option<Error> {
    let first = item.clone().into_iter().next()?;
    let is_block = matches!(&first, proc_macro2::TokenTree::Ident(word) if word == "impl");
    (!is_block).then(|| {
        Error::new_spanned(item, "`#[toolset]` goes on an `impl` block; on a function it is `#[tool]`")
    })
}

struct ToolsetArguments {
    core: Option<Path>,
}

impl Parse for ToolsetArguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() {
            return Ok(Self { core: None });
        }
        if !input.peek(Token![crate]) {
            return Err(
                input.error("unknown argument; `#[toolset]` knows `crate` alone, the others go to `#[tool]`")
            );
        }
        input.parse::<Token![crate]>()?;
        input.parse::<Token![=]>()?;
        let core = Path::parse_mod_style(input)?;
        input.parse::<Option<Token![,]>>()?;
        Ok(Self { core: Some(core) })
    }
}

/// Writes the type's name for `Self`, because the types of a signature move out of the block.
struct SelfType<'a>(&'a Type);

impl SelfType<'_> {
    fn visit_signature_mut(&mut self, signature: &mut syn::Signature) {
        for input in &mut signature.inputs {
            if let FnArg::Typed(parameter) = input {
                self.visit_type_mut(&mut parameter.ty);
            }
        }
        self.visit_return_type_mut(&mut signature.output);
    }
}

impl VisitMut for SelfType<'_> {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if matches!(ty, Type::Path(path) if path.qself.is_none() && path.path.is_ident("Self")) {
            *ty = self.0.clone();
            return;
        }
        visit_mut::visit_type_mut(self, ty);
    }
}
