//! A function's signature, read as that of a tool, and the code that is the same for functions and for methods.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{
    Attribute, Expr, FnArg, GenericArgument, Ident, Pat, PatType, Path, PathArguments, ReturnType, Safety,
    Signature, Type, TypeReference, ext::IdentExt, parse_quote, spanned::Spanned, visit::Visit,
};

use crate::{
    arguments::{Arguments, is_tool_name},
    description,
};

/// A function or method that can be a tool.
pub(crate) struct ToolSignature {
    arguments: Arguments,
    name: String,
    description: Expr,
    fields: Vec<Field>,
    /// What the function is called with, in order.
    inputs: Vec<Input>,
    is_async: bool,
    answer: Answer,
}

/// A parameter that the model fills in.
struct Field {
    attributes: Vec<Attribute>,
    name: Ident,
    ty: Type,
}

enum Input {
    Context,
    Field(Ident),
}

enum Answer {
    Nothing,
    Value(Type),
    Fallible { value: Type, span: Span },
}

/// Errors that are found one after the other and told all at once.
#[derive(Default)]
struct Errors(Option<syn::Error>);

impl Errors {
    fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }

    fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }
}

impl ToolSignature {
    /// Reads the signature of a function that has the `attributes` and no receiver, or that of a method without its receiver.
    pub(crate) fn read(
        arguments: Arguments,
        attributes: &[Attribute],
        signature: &Signature,
    ) -> syn::Result<Self> {
        let mut errors = Errors::default();
        errors.take(check_qualifiers(signature));
        if let (Some(span), Some(_)) = (arguments.blocking, signature.asyncness) {
            errors.push(syn::Error::new(
                span,
                "`blocking` is for plain functions; an `async` function awaits, or calls `scorpio_core::tool::run_blocking`",
            ));
        }
        let name = errors.take(name(&arguments, &signature.ident));
        let description = errors.take(description(&arguments, attributes, &signature.ident));
        let answer = errors.take(Answer::read(&signature.output));

        let (mut fields, mut inputs) = (Vec::new(), Vec::new());
        let mut has_context = false;
        for parameter in &signature.inputs {
            let FnArg::Typed(parameter) = parameter else { continue };
            if is_context(&parameter.ty) {
                if std::mem::replace(&mut has_context, true) {
                    errors.push(syn::Error::new(
                        parameter.span(),
                        "a tool has one `&ToolContext`; this is the second",
                    ));
                }
                inputs.push(Input::Context);
            } else if let Some(field) = errors.take(Field::read(parameter)) {
                inputs.push(Input::Field(field.name.clone()));
                fields.push(field);
            }
        }

        match (errors.0, name, description, answer) {
            (None, Some(name), Some(description), Some(answer)) => {
                let is_async = signature.asyncness.is_some();
                Ok(Self { arguments, name, description, fields, inputs, is_async, answer })
            }
            (Some(errors), ..) => Err(errors),
            // Whatever is missing has left an error.
            (None, ..) => Err(syn::Error::new(signature.ident.span(), "this function cannot be a tool")),
        }
    }

    /// What the model calls it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What the model is told about it.
    pub(crate) fn description(&self) -> &Expr {
        &self.description
    }

    /// The struct of the arguments, and the implementation of `Tool` for the type `tool`. `function` is what is called; a method gets
    /// `receiver`, an expression that may borrow `self`, as its first argument.
    pub(crate) fn implement(
        &self,
        core: &Path,
        tool: &TokenStream,
        function: &TokenStream,
        shared: Option<&Type>,
    ) -> TokenStream {
        let input = format_ident!("__Input");
        let input_struct = self.input_struct(core, &input);
        let name = &self.name;
        let description = &self.description;
        let spec_calls = self.arguments.spec_calls(core);
        let output = self.answer.output();
        let cx = Ident::new("cx", Span::mixed_site());
        let arguments = Ident::new("input", Span::mixed_site());
        let body = self.body(core, function, shared, &cx, &arguments);
        quote! {
            #input_struct

            impl #core::tool::Tool for #tool {
                type Input = #input;
                type Output = #output;

                fn spec(&self) -> #core::tool::ToolSpec {
                    #core::tool::ToolSpec::new(#name, #description)#spec_calls
                }

                #[allow(unused_variables, clippy::unused_async, clippy::used_underscore_binding)]
                async fn call(
                    &self,
                    #cx: &#core::tool::ToolContext,
                    #arguments: #input,
                ) -> ::core::result::Result<#output, #core::tool::ToolError> {
                    #body
                }
            }
        }
    }

    fn input_struct(&self, core: &Path, name: &Ident) -> TokenStream {
        let serde = quote!(#core::serde).to_string();
        let schemars = quote!(#core::schemars).to_string();
        let fields =
            self.fields.iter().map(|Field { attributes, name, ty }| quote!(#(#attributes)* pub #name: #ty));
        quote! {
            #[derive(#core::serde::Deserialize, #core::schemars::JsonSchema)]
            #[serde(crate = #serde, deny_unknown_fields)]
            #[schemars(crate = #schemars)]
            #[allow(missing_debug_implementations, missing_docs, non_snake_case, unreachable_pub)]
            pub struct #name { #(#fields,)* }
        }
    }

    fn body(
        &self,
        core: &Path,
        function: &TokenStream,
        shared: Option<&Type>,
        cx: &Ident,
        arguments: &Ident,
    ) -> TokenStream {
        let this = Ident::new("this", Span::mixed_site());
        let blocking = self.arguments.blocking.is_some();
        let receiver = shared.map(|ty| if blocking { quote!(&#this,) } else { quote!(&self.0 as &#ty,) });
        let inputs = self.inputs.iter().map(|input| match input {
            Input::Context if blocking => quote!(&#cx),
            Input::Context => quote!(#cx),
            Input::Field(name) => quote!(#arguments.#name),
        });
        let call = quote!(#function(#receiver #(#inputs),*));
        if !blocking {
            let wait = self.is_async.then(|| quote!(.await));
            return self.answer.into_result(core, &quote!(#call #wait));
        }
        let uses_context = self.inputs.iter().any(|input| matches!(input, Input::Context));
        let keep_context = uses_context.then(|| quote!(let #cx = ::core::clone::Clone::clone(#cx);));
        let keep_shared = shared.map(|_| quote!(let #this = ::std::sync::Arc::clone(&self.0);));
        let result = self.answer.into_result(core, &quote!(#core::tool::run_blocking(move || #call).await?));
        quote!(#keep_context #keep_shared #result)
    }
}

impl Field {
    fn read(parameter: &PatType) -> syn::Result<Self> {
        let name = parameter_name(&parameter.pat)?;
        check_type(&parameter.ty)?;
        let mut attributes = Vec::new();
        for attribute in &parameter.attrs {
            if attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr") {
                let message =
                    "a parameter of a tool cannot be conditional; put the condition on the function";
                return Err(syn::Error::new(attribute.span(), message));
            }
            if !description::is_doc(attribute) && belongs_to_schema(attribute) {
                attributes.push(attribute.clone());
            }
        }
        if let Some(text) = description::from_doc_comments(&parameter.attrs) {
            attributes.push(parse_quote!(#[doc = #text]));
        }
        Ok(Self { attributes, name, ty: Type::clone(&parameter.ty) })
    }
}

impl Answer {
    fn read(output: &ReturnType) -> syn::Result<Self> {
        let ReturnType::Type(_, ty) = output else { return Ok(Self::Nothing) };
        match ty.as_ref() {
            Type::Tuple(tuple) if tuple.elems.is_empty() => return Ok(Self::Nothing),
            Type::ImplTrait(_) => {
                return Err(syn::Error::new(
                    ty.span(),
                    "the return type of a tool needs a name; `impl Trait` has none",
                ));
            }
            _ => {}
        }
        check_type(ty)?;
        let Type::Path(path) = ty.as_ref() else { return Ok(Self::Value(Type::clone(ty))) };
        let Some(last) = path.path.segments.last().filter(|segment| segment.ident == "Result") else {
            return Ok(Self::Value(Type::clone(ty)));
        };
        let value = match &last.arguments {
            PathArguments::AngleBracketed(arguments) => {
                arguments.args.iter().find_map(|argument| match argument {
                    GenericArgument::Type(value) => Some(value.clone()),
                    _ => None,
                })
            }
            _ => None,
        };
        let value = value.ok_or_else(|| {
            syn::Error::new(
                ty.span(),
                "write out what the tool answers: `Result<Answer, Error>` or `Result<Answer>`",
            )
        })?;
        Ok(Self::Fallible { value, span: ty.span() })
    }

    fn output(&self) -> Type {
        match self {
            Self::Nothing => parse_quote!(()),
            Self::Value(ty) | Self::Fallible { value: ty, .. } => ty.clone(),
        }
    }

    fn into_result(&self, core: &Path, call: &TokenStream) -> TokenStream {
        match self {
            Self::Nothing => quote!(#call; ::core::result::Result::Ok(())),
            Self::Value(_) => quote!(::core::result::Result::Ok(#call)),
            Self::Fallible { span, .. } => {
                let convert = quote_spanned!(*span=> ::core::convert::Into::<#core::tool::ToolError>::into);
                quote!(::core::result::Result::map_err(#call, #convert))
            }
        }
    }
}

/// Takes the attributes away that only the macro understands: those of the parameters.
pub(crate) fn strip_parameters(signature: &mut Signature) {
    for parameter in &mut signature.inputs {
        if let FnArg::Typed(parameter) = parameter {
            parameter.attrs.retain(|attribute| !belongs_to_schema(attribute));
        }
    }
}

fn belongs_to_schema(attribute: &Attribute) -> bool {
    description::is_doc(attribute)
        || attribute.path().is_ident("serde")
        || attribute.path().is_ident("schemars")
}

fn check_qualifiers(signature: &Signature) -> syn::Result<()> {
    let refuse = |span: Span, what: &str| Err(syn::Error::new(span, format!("a tool cannot be {what}")));
    if let Some(token) = &signature.constness {
        return refuse(token.span(), "a `const fn`");
    }
    match &signature.safety {
        Safety::Unsafe(token) => return refuse(token.span(), "an `unsafe fn`: a model would call it"),
        Safety::Safe(token) => return refuse(token.span(), "a `safe fn`"),
        _ => {}
    }
    if let Some(abi) = &signature.abi {
        return refuse(abi.span(), "an `extern fn`");
    }
    if let Some(variadic) = &signature.variadic {
        return refuse(variadic.span(), "variadic");
    }
    if !signature.generics.params.is_empty() {
        return refuse(signature.generics.span(), "generic: the schema of its arguments needs their types");
    }
    if let Some(clause) = &signature.generics.where_clause {
        return refuse(clause.span(), "generic: the schema of its arguments needs their types");
    }
    Ok(())
}

fn name(arguments: &Arguments, function: &Ident) -> syn::Result<String> {
    if let Some(name) = &arguments.name {
        return Ok(name.value());
    }
    let name = function.unraw().to_string();
    if is_tool_name(&name) {
        return Ok(name);
    }
    let message = "not every model takes this as a tool's name; write `#[tool(name = \"…\")]` with ASCII letters, at most 64";
    Err(syn::Error::new(function.span(), message))
}

fn description(arguments: &Arguments, attributes: &[Attribute], function: &Ident) -> syn::Result<Expr> {
    if let Some(description) = &arguments.description {
        return Ok(description.clone());
    }
    match description::from_doc_comments(attributes) {
        Some(text) => Ok(parse_quote!(#text)),
        None => Err(syn::Error::new(
            function.span(),
            format!(
                "`{function}` has no description, so a model would not know what it is for; put a doc comment (`/// …`) above it, \
                 or write `#[tool(description = \"…\")]`"
            ),
        )),
    }
}

fn parameter_name(pattern: &Pat) -> syn::Result<Ident> {
    match pattern {
        Pat::Ident(pattern) if pattern.by_ref.is_none() && pattern.subpat.is_none() => {
            Ok(pattern.ident.clone())
        }
        _ => Err(syn::Error::new(
            pattern.span(),
            "a parameter of a tool is a plain name, which the model is told; take it apart inside the function",
        )),
    }
}

fn is_context(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) if reference.mutability.is_none() => names_context(&reference.elem),
        _ => false,
    }
}

fn names_context(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "ToolContext"))
}

/// Refuses types that cannot be read from JSON and cannot be kept while the tool runs.
fn check_type(ty: &Type) -> syn::Result<()> {
    if names_context(ty) || matches!(ty, Type::Reference(reference) if names_context(&reference.elem)) {
        return Err(syn::Error::new(ty.span(), "a tool takes the context as `&ToolContext`"));
    }
    let mut visitor = Borrowed::default();
    visitor.visit_type(ty);
    visitor.errors.0.map_or(Ok(()), Err)
}

#[derive(Default)]
struct Borrowed {
    errors: Errors,
}

impl<'ast> Visit<'ast> for Borrowed {
    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        let is_static = reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static");
        if is_static && reference.mutability.is_none() {
            return;
        }
        let shown = |ty: &Type| quote!(#ty).to_string().replace(' ', "");
        let owned = match reference.elem.as_ref() {
            Type::Path(path) if path.path.is_ident("str") => "String".to_owned(),
            Type::Slice(slice) => format!("Vec<{}>", shown(&slice.elem)),
            elem => shown(elem),
        };
        let borrowed = match reference.elem.as_ref() {
            Type::Path(path) if path.path.is_ident("str") => "&str".to_owned(),
            _ => "a reference".to_owned(),
        };
        let message =
            format!("a tool owns its arguments and its answer; use `{owned}` instead of {borrowed}");
        self.errors.push(syn::Error::new(reference.span(), message));
    }

    fn visit_type_impl_trait(&mut self, ty: &'ast syn::TypeImplTrait) {
        self.errors.push(syn::Error::new(
            ty.span(),
            "a tool cannot be generic: the schema of its arguments needs their types",
        ));
    }
}
