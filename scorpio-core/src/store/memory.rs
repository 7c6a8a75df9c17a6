//! stub
/// stub
#[derive(Debug)]
pub struct MemoryAccounts;
/// stub
#[derive(Debug)]
pub struct MemoryEventLog;
/// stub
#[derive(Debug)]
pub struct MemoryStore;
