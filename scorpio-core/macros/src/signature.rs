//! A function's signature, read as that of a tool.

use syn::{Attribute, Error, Expr, FnArg, Ident, Result, Safety, Signature, ext::IdentExt, parse_quote};

use crate::{
    answer::Answer,
    arguments::{Arguments, is_tool_name},
    description,
    errors::Errors,
    parameter::{Parameter, is_context},
};

pub(crate) const GENERIC: &str = "a tool cannot be generic: the schema of its arguments needs their types";

/// A function, or a method apart from its receiver, that can be a tool.
pub(crate) struct ToolSignature {
    pub(crate) arguments: Arguments,
    /// What the model calls it.
    pub(crate) name: String,
    /// What the model is told about it.
    pub(crate) description: Expr,
    /// What the model fills in, in order.
    pub(crate) parameters: Vec<Parameter>,
    /// How many parameters stand before the context, if the function takes it.
    pub(crate) context: Option<usize>,
    pub(crate) is_async: bool,
    pub(crate) answer: Answer,
}

impl ToolSignature {
    /// Reads the signature of a function that has these `attributes`.
    pub(crate) fn read(
        arguments: Arguments,
        attributes: &[Attribute],
        signature: &Signature,
    ) -> Result<Self> {
        let mut errors = Errors::default();
        errors.take(check_qualifiers(signature));
        if let (Some(span), Some(_)) = (arguments.blocking, signature.asyncness) {
            let message = "`blocking` is for plain functions; an `async` function awaits, or calls \
                           `scorpio_core::tool::run_blocking`";
            errors.push(Error::new(span, message));
        }
        let name = errors.take(name(&arguments, &signature.ident));
        let description = errors.take(description(&arguments, attributes, &signature.ident));
        let answer = errors.take(Answer::read(&signature.output));
        let (parameters, context) = read_parameters(signature, &mut errors);
        errors.finish(())?;

        // Whatever is missing has left an error above.
        let (Some(name), Some(description), Some(answer)) = (name, description, answer) else {
            return Err(Error::new(signature.ident.span(), "this function cannot be a tool"));
        };
        let is_async = signature.asyncness.is_some();
        Ok(Self { arguments, name, description, parameters, context, is_async, answer })
    }
}

/// The parameters without the context, and the place of the context.
fn read_parameters(signature: &Signature, errors: &mut Errors) -> (Vec<Parameter>, Option<usize>) {
    let (mut parameters, mut context) = (Vec::new(), None);
    for parameter in &signature.inputs {
        let FnArg::Typed(parameter) = parameter else { continue };
        if !is_context(&parameter.ty) {
            parameters.extend(errors.take(Parameter::read(parameter)));
        } else if context.replace(parameters.len()).is_some() {
            errors.push(Error::new_spanned(parameter, "a tool has one `&ToolContext`; this is the second"));
        }
    }
    (parameters, context)
}

fn check_qualifiers(signature: &Signature) -> Result<()> {
    if let Some(token) = &signature.constness {
        return Err(Error::new_spanned(token, "a tool cannot be a `const fn`"));
    }
    match &signature.safety {
        Safety::Unsafe(token) => {
            return Err(Error::new_spanned(token, "a tool cannot be an `unsafe fn`: a model would call it"));
        }
        Safety::Safe(token) => return Err(Error::new_spanned(token, "a tool cannot be a `safe fn`")),
        _ => {}
    }
    if let Some(abi) = &signature.abi {
        return Err(Error::new_spanned(abi, "a tool cannot be an `extern fn`"));
    }
    if let Some(variadic) = &signature.variadic {
        return Err(Error::new_spanned(variadic, "a tool cannot be variadic"));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(&signature.generics, GENERIC));
    }
    match &signature.generics.where_clause {
        Some(clause) => Err(Error::new_spanned(clause, GENERIC)),
        None => Ok(()),
    }
}

fn name(arguments: &Arguments, function: &Ident) -> Result<String> {
    if let Some(name) = &arguments.name {
        return Ok(name.value());
    }
    let name = function.unraw().to_string();
    if is_tool_name(&name) {
        return Ok(name);
    }
    let message = "not every model takes this as a tool's name; write `#[tool(name = \"…\")]` with ASCII letters, \
                   at most 64";
    Err(Error::new(function.span(), message))
}

fn description(arguments: &Arguments, attributes: &[Attribute], function: &Ident) -> Result<Expr> {
    if let Some(description) = &arguments.description {
        return Ok(description.clone());
    }
    if let Some(text) = description::from_doc_comments(attributes) {
        return Ok(parse_quote!(#text));
    }
    let message = format!(
        "`{function}` has no description, so a model would not know what it is for; put a doc comment (`/// …`) above \
         it, or write `#[tool(description = \"…\")]`"
    );
    Err(Error::new(function.span(), message))
}
