//! Web origins: what `Origin` headers, the public address and the CORS list are compared as.

use std::{fmt, str::FromStr};

use axum::http::{HeaderMap, HeaderValue, Uri, header};

/// `scheme://host[:port]` of `http` or `https`, in lower case and without a default port.
///
/// ```
/// use scorpio_server::Origin;
/// let origin: Origin = "HTTPS://Chat.example.com:443/".parse().unwrap();
/// assert_eq!(origin.as_str(), "https://chat.example.com");
/// assert!("*".parse::<Origin>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin(String);

/// Why a text is not an [`Origin`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}; it must look like https://chat.example.com, with a port if it is not the usual one")]
pub struct InvalidOrigin(&'static str);

impl Origin {
    /// The origin as text, as browsers send it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is reached over TLS.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    pub(crate) fn to_header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let uri: Uri = text.parse().map_err(|_| InvalidOrigin("it is not an address"))?;
        let scheme = uri.scheme_str().ok_or(InvalidOrigin("it has no scheme"))?.to_ascii_lowercase();
        let usual_port = match scheme.as_str() {
            "http" => 80,
            "https" => 443,
            _ => return Err(InvalidOrigin("its scheme is neither http nor https")),
        };
        let authority = uri.authority().ok_or(InvalidOrigin("it has no host"))?;
        if authority.host().is_empty() || authority.as_str().contains(['@', '*']) {
            return Err(InvalidOrigin("its host is not a plain name or address"));
        }
        if authority.port_u16().is_none() && authority.as_str() != authority.host() {
            return Err(InvalidOrigin("its port is not a port"));
        }
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() || text.contains('#') {
            return Err(InvalidOrigin("it has a path"));
        }
        let host = authority.host().to_ascii_lowercase();
        match authority.port_u16().filter(|port| *port != usual_port) {
            Some(port) => Ok(Self(format!("{scheme}://{host}:{port}"))),
            None => Ok(Self(format!("{scheme}://{host}"))),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a request may use the cookie: it comes from no page at all, or from a page of this server or of the list.
///
/// Browsers send `Origin` with every POST, and a page cannot change it; a request without it is not of a page.
pub(crate) fn is_own_page(headers: &HeaderMap, public: Option<&Origin>, listed: &[Origin]) -> bool {
    let fetch_site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    let is_own_site = matches!(fetch_site, None | Some(b"same-origin" | b"none"));
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else { return is_own_site };
    let Some(origin) = origin.to_str().ok().and_then(|text| text.parse::<Origin>().ok()) else {
        return false;
    };
    if origins.next().is_some() {
        return false;
    }
    match public {
        _ if listed.contains(&origin) => true,
        Some(public) => is_own_site && origin == *public,
        // Without a public address the server is whatever the browser calls it. The cookie is bound to that name, so a name that a
        // stranger points here finds no cookie.
        None => fetch_site == Some(b"same-origin") || (is_own_site && host_of(headers) == Some(origin)),
    }
}

/// What the client calls this server.
fn host_of(headers: &HeaderMap) -> Option<Origin> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    format!("http://{host}").parse().ok()
}

#[cfg(test)]
mod tests;
