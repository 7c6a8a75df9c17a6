//! Accounts and sign-ins: access tokens that pages hold in memory, refresh tokens that live in a cookie, and passwords.

mod cookies;
mod email;
mod password;
mod quota;
mod refresh_token;
mod routes;
mod sign_in;
mod signed_in;
mod token;

pub use self::token::SigningKey;
pub(crate) use self::{
    password::Passwords,
    quota::{Allowance, QuotaView},
    routes::routes,
    signed_in::SignedIn,
    token::AccessTokens,
};
