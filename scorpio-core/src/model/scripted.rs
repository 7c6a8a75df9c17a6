//! stub
/// stub
#[derive(Debug)]
pub struct Scripted;
/// stub
#[derive(Debug)]
pub struct ScriptedTurn;
