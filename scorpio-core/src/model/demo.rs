//! stub
/// stub
#[derive(Debug)]
pub struct Demo;
