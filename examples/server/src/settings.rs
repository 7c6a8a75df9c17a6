//! What can be set about the server, apart from where it listens and what it keeps.

use std::{net::IpAddr, time::Duration};

use scorpio_core::store::RateQuota;

use crate::{Approval, Origin};

const HOUR: Duration = Duration::from_secs(60 * 60);
const QUARTER: Duration = Duration::from_secs(15 * 60);

/// What can be set about the server.
///
/// ```
/// use scorpio_server::Settings;
/// let settings = Settings::new().with_guest_messages(5);
/// assert_eq!((settings.guest_messages, settings.user_messages), (5, 100));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// The address that browsers know the server by. With an `https` one the cookie is `Secure` and named `__Host-refresh`.
    /// Without one the server takes the `Host` header's word and plain HTTP.
    pub public_url: Option<Origin>,
    /// Other origins whose pages may call the API. None unless set.
    pub cors_origins: Vec<Origin>,
    /// Proxies whose `X-Forwarded-For` is believed. None unless set.
    pub trusted_proxies: Vec<IpAddr>,
    /// The fewest characters of a password. 8 unless set.
    pub min_password_length: usize,
    /// How many messages a guest may send in 24 hours. 20 unless set.
    pub guest_messages: u64,
    /// How many messages a registered user may send in 24 hours. 100 unless set.
    pub user_messages: u64,
    /// How many guests one address may start. 120 an hour unless set.
    pub guests: RateQuota,
    /// How many users one address may register. 60 an hour unless set.
    pub registrations: RateQuota,
    /// How often one address may try to sign in to one account. 5 in 15 minutes unless set.
    pub logins: RateQuota,
    /// How often one account may be tried, from wherever. 20 in 15 minutes unless set.
    pub logins_of_account: RateQuota,
    /// How often one address may try to sign in, to whatever. 100 in 15 minutes unless set.
    pub logins_of_address: RateQuota,
    /// How many documents one user may add. 60 an hour unless set.
    pub documents: RateQuota,
    /// How many files one user may add. 60 an hour unless set.
    pub files: RateQuota,
    /// How long a stream is silent before a comment keeps it open. 15 seconds unless set.
    pub keep_alive: Duration,
    /// How long the events of an answer are kept for those who come back to its stream. 24 hours unless set.
    pub events_kept: Duration,
    /// How long a reader may take nothing while more waits for it than a stream holds, before it is cut off. 30 seconds unless set.
    pub slow_reader: Duration,
    /// Which tools ask for approval. Those that declare it unless set.
    pub approval: Approval,
    /// How long somebody who is asked has to answer. 7 days unless set.
    pub approval_patience: Duration,
    /// How long an answer belongs to a server without word from it: so long it takes until another server on the same stores goes on with
    /// the answers of one that is gone. 30 seconds unless set.
    pub lease: Duration,
    /// Whether the router serves the web page. It does unless set.
    pub page: bool,
}

impl Settings {
    /// What is said at each field.
    pub const fn new() -> Self {
        Self {
            public_url: None,
            cors_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            min_password_length: 8,
            guest_messages: 20,
            user_messages: 100,
            guests: RateQuota::new(120, HOUR),
            registrations: RateQuota::new(60, HOUR),
            logins: RateQuota::new(5, QUARTER),
            logins_of_account: RateQuota::new(20, QUARTER),
            logins_of_address: RateQuota::new(100, QUARTER),
            documents: RateQuota::new(60, HOUR),
            files: RateQuota::new(60, HOUR),
            keep_alive: Duration::from_secs(15),
            events_kept: Duration::from_secs(24 * 60 * 60),
            slow_reader: Duration::from_secs(30),
            approval: Approval::Declared,
            approval_patience: Duration::from_secs(7 * 24 * 60 * 60),
            lease: Duration::from_secs(30),
            page: true,
        }
    }

    /// Sets the address that browsers know the server by.
    #[must_use]
    pub fn with_public_url(mut self, origin: Origin) -> Self {
        self.public_url = Some(origin);
        self
    }

    /// Sets the other origins whose pages may call the API.
    #[must_use]
    pub fn with_cors_origins(mut self, origins: impl IntoIterator<Item = Origin>) -> Self {
        self.cors_origins = origins.into_iter().collect();
        self
    }

    /// Sets the proxies whose `X-Forwarded-For` is believed.
    #[must_use]
    pub fn with_trusted_proxies(mut self, proxies: impl IntoIterator<Item = IpAddr>) -> Self {
        self.trusted_proxies = proxies.into_iter().collect();
        self
    }

    /// Sets the fewest characters of a password.
    #[must_use]
    pub fn with_min_password_length(mut self, characters: usize) -> Self {
        self.min_password_length = characters;
        self
    }

    /// Sets how many messages a guest may send in 24 hours.
    #[must_use]
    pub fn with_guest_messages(mut self, messages: u64) -> Self {
        self.guest_messages = messages;
        self
    }

    /// Sets how many messages a registered user may send in 24 hours.
    #[must_use]
    pub fn with_user_messages(mut self, messages: u64) -> Self {
        self.user_messages = messages;
        self
    }

    /// Sets how many guests one address may start.
    #[must_use]
    pub fn with_guests(mut self, limit: RateQuota) -> Self {
        self.guests = limit;
        self
    }

    /// Sets how many users one address may register.
    #[must_use]
    pub fn with_registrations(mut self, limit: RateQuota) -> Self {
        self.registrations = limit;
        self
    }

    /// Sets how many files one user may add.
    #[must_use]
    pub fn with_files(mut self, limit: RateQuota) -> Self {
        self.files = limit;
        self
    }

    /// Sets how many documents one user may add.
    #[must_use]
    pub fn with_documents(mut self, limit: RateQuota) -> Self {
        self.documents = limit;
        self
    }

    /// Sets how long a stream is silent before a comment keeps it open.
    #[must_use]
    pub fn with_keep_alive(mut self, silence: Duration) -> Self {
        self.keep_alive = silence;
        self
    }

    /// Sets how long the events of an answer are kept for those who come back to its stream.
    #[must_use]
    pub fn with_events_kept(mut self, time: Duration) -> Self {
        self.events_kept = time;
        self
    }

    /// Sets how long a reader may take nothing before it is cut off.
    #[must_use]
    pub fn with_slow_reader(mut self, patience: Duration) -> Self {
        self.slow_reader = patience;
        self
    }

    /// Sets which tools ask for approval.
    #[must_use]
    pub fn with_approval(mut self, approval: Approval) -> Self {
        self.approval = approval;
        self
    }

    /// Sets how long an answer belongs to a server without word from it.
    #[must_use]
    pub fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Sets how long somebody who is asked has to answer.
    #[must_use]
    pub fn with_approval_patience(mut self, patience: Duration) -> Self {
        self.approval_patience = patience;
        self
    }

    /// Sets whether the router serves the web page.
    #[must_use]
    pub fn with_page(mut self, page: bool) -> Self {
        self.page = page;
        self
    }

    /// Whether browsers reach the server over TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(Origin::is_https)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}
