use syn::{ItemFn, parse_str};

use super::from_doc_comments;

fn description(source: &str) -> Option<String> {
    let function: ItemFn = parse_str(&format!("{source}\nfn f() {{}}")).unwrap();
    from_doc_comments(&function.attrs)
}

#[test]
fn lines_lose_their_common_indentation_alone() {
    let text = description("/// Find orders.\n///\n/// - by e-mail\n///   (any case)\n").unwrap();
    assert_eq!(text, "Find orders.\n\n- by e-mail\n  (any case)");
}

#[test]
fn block_comments_lose_their_stars() {
    assert_eq!(description("/** Find orders. */").unwrap(), "Find orders.");
    let text = description("/** Find orders.\n  * Of one customer.\n  *\n  * By e-mail.\n  */").unwrap();
    assert_eq!(text, "Find orders.\nOf one customer.\n\nBy e-mail.");
}

#[test]
fn lists_with_stars_keep_them() {
    assert_eq!(description("/// * one\n/// * two").unwrap(), "* one\n* two");
}

#[test]
fn what_says_nothing_is_no_description() {
    assert_eq!(description(""), None);
    assert_eq!(description("///\n///   "), None);
    assert_eq!(description("#[doc(hidden)]"), None);
}
