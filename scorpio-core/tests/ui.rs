//! What the compiler says to mistakes with `#[tool]` and `#[toolset]`. `TRYBUILD=overwrite` writes the answers anew.

#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
