//! The attributes of `scorpio-core`.
