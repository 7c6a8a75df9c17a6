//! Which address a request comes from, for rate limits.

use std::{
    convert::Infallible,
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, request::Parts},
};

use crate::App;

/// The address of the client, as coarse as limits need it: an IPv6 customer has a /64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientAddress(Option<IpAddr>);

impl ClientAddress {
    fn of(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[IpAddr]) -> Self {
        let Some(peer) = peer.map(|address| address.to_canonical()) else { return Self(None) };
        if !trusted.contains(&peer) {
            return Self(Some(coarse(peer)));
        }
        let lines = headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok());
        let hops: Vec<&str> = lines.flat_map(|line| line.split(',')).collect();
        // Each proxy appends whom it heard from, so only what the trusted ones wrote, at the end, is true.
        let mut from_the_end = hops.into_iter().rev().map_while(|hop| hop.trim().parse::<IpAddr>().ok());
        let client =
            from_the_end.find(|hop| !trusted.contains(&hop.to_canonical())).map(|hop| hop.to_canonical());
        Self(Some(coarse(client.unwrap_or(peer))))
    }
}

fn coarse(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let network = u128::from(address) & (u128::MAX << 64);
            Ipv6Addr::from(network).into()
        }
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => address.fmt(f),
            // A router that is nested without connect info cannot tell its clients apart.
            None => f.write_str("unknown"),
        }
    }
}

impl FromRequestParts<App> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        Ok(Self::of(peer, &parts.headers, &app.settings().trusted_proxies))
    }
}

#[cfg(test)]
mod tests;
