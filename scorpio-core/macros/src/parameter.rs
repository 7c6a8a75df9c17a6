//! The parameters of a tool's function: what the model fills in, and the context.

use quote::quote;
use syn::{
    Attribute, Error, FnArg, Ident, Pat, PatType, Result, Signature, Type, TypeImplTrait, TypeReference,
    parse_quote, visit::Visit,
};

use crate::{description, errors::Errors, signature::GENERIC};

/// A parameter that the model fills in.
pub(crate) struct Parameter {
    /// The attributes of the field that it becomes: its description, and what serde and schemars are told.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) name: Ident,
    pub(crate) ty: Type,
}

impl Parameter {
    pub(crate) fn read(parameter: &PatType) -> Result<Self> {
        let name = plain_name(&parameter.pat)?;
        check_type(&parameter.ty)?;
        let mut attributes = Vec::new();
        for attribute in &parameter.attrs {
            if attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr") {
                let message =
                    "a parameter of a tool cannot be conditional; put the condition on the function";
                return Err(Error::new_spanned(attribute, message));
            }
            if !description::is_doc(attribute) && belongs_to_field(attribute) {
                attributes.push(attribute.clone());
            }
        }
        if let Some(text) = description::from_doc_comments(&parameter.attrs) {
            attributes.push(parse_quote!(#[doc = #text]));
        }
        Ok(Self { attributes, name, ty: Type::clone(&parameter.ty) })
    }
}

/// Takes the attributes away that went to the fields; the compiler does not know them on parameters.
pub(crate) fn strip_parameters(signature: &mut Signature) {
    for parameter in &mut signature.inputs {
        if let FnArg::Typed(parameter) = parameter {
            parameter.attrs.retain(|attribute| !belongs_to_field(attribute));
        }
    }
}

/// Whether this is `&ToolContext`, by whatever path.
pub(crate) fn is_context(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => reference.mutability.is_none() && names_context(&reference.elem),
        _ => false,
    }
}

/// Refuses types that cannot be read from JSON and cannot be kept while the tool runs.
pub(crate) fn check_type(ty: &Type) -> Result<()> {
    let of_reference = match ty {
        Type::Reference(reference) => names_context(&reference.elem),
        _ => false,
    };
    if names_context(ty) || of_reference {
        return Err(Error::new_spanned(ty, "a tool takes the context as `&ToolContext`"));
    }
    let mut visitor = OwnedAndNamed::default();
    visitor.visit_type(ty);
    visitor.0.finish(())
}

fn belongs_to_field(attribute: &Attribute) -> bool {
    let path = attribute.path();
    description::is_doc(attribute) || path.is_ident("serde") || path.is_ident("schemars")
}

fn names_context(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "ToolContext"))
}

fn plain_name(pattern: &Pat) -> Result<Ident> {
    match pattern {
        Pat::Ident(pattern) if pattern.by_ref.is_none() && pattern.subpat.is_none() => {
            Ok(pattern.ident.clone())
        }
        _ => Err(Error::new_spanned(
            pattern,
            "a parameter of a tool is a plain name, which the model is told; take it apart inside the function",
        )),
    }
}

#[derive(Default)]
struct OwnedAndNamed(Errors);

impl<'ast> Visit<'ast> for OwnedAndNamed {
    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        let is_static = reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static");
        if is_static && reference.mutability.is_none() {
            return;
        }
        let shown = |ty: &Type| quote!(#ty).to_string().replace(' ', "");
        let (owned, borrowed) = match reference.elem.as_ref() {
            Type::Path(path) if path.path.is_ident("str") => ("String".to_owned(), "`&str`"),
            Type::Slice(slice) => (format!("Vec<{}>", shown(&slice.elem)), "a slice"),
            elem => (shown(elem), "a reference"),
        };
        let message =
            format!("a tool owns its arguments and its answer; use `{owned}` instead of {borrowed}");
        self.0.push(Error::new_spanned(reference, message));
    }

    fn visit_type_impl_trait(&mut self, ty: &'ast TypeImplTrait) {
        self.0.push(Error::new_spanned(ty, GENERIC));
    }
}
