//! The implementation of `Tool`, which is the same for functions and for methods.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Ident, Path, Type};

use crate::{answer::Answer, parameter::Parameter, signature::ToolSignature};

/// What the generated code refers to.
pub(crate) struct Target<'a> {
    /// Where `scorpio_core` is.
    pub(crate) core: &'a Path,
    /// The type that implements `Tool`.
    pub(crate) tool: TokenStream,
    /// The function to call.
    pub(crate) function: TokenStream,
    /// The type of a toolset, if `function` is one of its methods. `tool` is then a tuple struct around an `Arc` of it.
    pub(crate) toolset: Option<&'a Type>,
}

/// Names that no parameter and no item of the user can clash with.
struct Names {
    cx: Ident,
    input: Ident,
    toolset: Ident,
}

impl Names {
    fn new() -> Self {
        let hygienic = |name| Ident::new(name, Span::mixed_site());
        // Hygiene hides local variables, but a tool named `input` is a unit struct, which a plain `input` would be taken for.
        Self { cx: hygienic("__cx"), input: hygienic("__input"), toolset: hygienic("__toolset") }
    }
}

/// The struct of the arguments, and the implementation of `Tool`. Both go into a block of their own.
pub(crate) fn implement(signature: &ToolSignature, target: &Target<'_>) -> TokenStream {
    let Target { core, tool, .. } = target;
    let names = Names::new();
    let Names { cx, input, .. } = &names;
    let input_struct = input_struct(signature, core);
    let name = &signature.name;
    let description = &signature.description;
    let declarations = signature.arguments.spec_calls(core);
    let output = signature.answer.output();
    let body = body(signature, target, &names);
    quote! {
        #input_struct

        impl #core::tool::Tool for #tool {
            type Input = __Input;
            type Output = #output;

            fn spec(&self) -> #core::tool::ToolSpec {
                #core::tool::ToolSpec::new(#name, #description)#declarations
            }

            fn spec_cell() -> ::core::option::Option<&'static ::std::sync::OnceLock<#core::tool::ToolSpec>> {
                static CELL: ::std::sync::OnceLock<#core::tool::ToolSpec> = ::std::sync::OnceLock::new();
                ::core::option::Option::Some(&CELL)
            }

            #[allow(unused_variables, clippy::unused_async, clippy::used_underscore_binding)]
            async fn call(
                &self,
                #cx: &#core::tool::ToolContext,
                #input: __Input,
            ) -> ::core::result::Result<#output, #core::tool::ToolError> {
                #body
            }
        }
    }
}

fn input_struct(signature: &ToolSignature, core: &Path) -> TokenStream {
    let serde = quote!(#core::serde).to_string();
    let schemars = quote!(#core::schemars).to_string();
    let fields = signature
        .parameters
        .iter()
        .map(|Parameter { attributes, name, ty }| quote!(#(#attributes)* #name: #ty));
    quote! {
        #[derive(#core::serde::Deserialize, #core::schemars::JsonSchema)]
        #[serde(crate = #serde, deny_unknown_fields)]
        #[schemars(crate = #schemars)]
        #[allow(missing_debug_implementations, missing_docs, non_snake_case, unreachable_pub)]
        pub struct __Input { #(#fields,)* }
    }
}

fn body(signature: &ToolSignature, target: &Target<'_>, names: &Names) -> TokenStream {
    let Target { core, .. } = target;
    let call = call(signature, target, names);
    if signature.arguments.blocking.is_none() {
        let wait = signature.is_async.then(|| quote!(.await));
        return signature.answer.result_of(core, &quote!(#call #wait));
    }
    let Names { cx, toolset, .. } = names;
    let keep_context = signature.context.map(|_| quote!(let #cx = ::core::clone::Clone::clone(#cx);));
    let keep_toolset = target.toolset.map(|_| quote!(let #toolset = ::std::sync::Arc::clone(&self.0);));
    let run = quote!(#core::tool::run_blocking(move || #call).await);
    let result = match signature.answer {
        Answer::Fallible { .. } => signature.answer.result_of(core, &quote!(#run?)),
        Answer::Nothing | Answer::Value(_) => run,
    };
    quote!(#keep_context #keep_toolset #result)
}

/// The call of the function. On another thread it borrows from what was moved there.
fn call(signature: &ToolSignature, target: &Target<'_>, names: &Names) -> TokenStream {
    let Names { cx, input, toolset } = names;
    let is_moved = signature.arguments.blocking.is_some();
    let receiver = target.toolset.map(|_| if is_moved { quote!(&#toolset,) } else { quote!(&self.0,) });
    let mut inputs: Vec<_> =
        signature.parameters.iter().map(|Parameter { name, .. }| quote!(#input.#name)).collect();
    if let Some(place) = signature.context {
        inputs.insert(place, if is_moved { quote!(&#cx) } else { quote!(#cx) });
    }
    let function = &target.function;
    quote!(#function(#receiver #(#inputs),*))
}
