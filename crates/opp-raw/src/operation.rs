//! What the document says of an operation, as data.

/// One operation of the platform. The generated constants are in [`operations`](crate::operations).
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The platform's name for it, such as `getAccountList`.
    pub id: &'static str,
    /// The HTTP method, in capitals.
    pub method: &'static str,
    /// The path from the root of the host, with `{names}` for what varies.
    pub path: &'static str,
    /// Which of [`operations::SERVERS`](crate::operations::SERVERS) it is at.
    pub server: usize,
    /// The headers without which the platform refuses the call.
    pub required_headers: &'static [&'static str],
    /// The other headers that the platform looks at.
    pub optional_headers: &'static [&'static str],
    /// Alternatives of scopes: a token needs all the words of one of them.
    pub scopes: &'static [&'static str],
}

impl Operation {
    /// Whether the call changes nothing and may be repeated.
    pub fn is_read(&self) -> bool {
        matches!(self.method, "GET" | "HEAD" | "OPTIONS")
    }
}

/// A group of hosts that serve the same operations.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Server {
    /// What it is called in [`ClientBuilder::server`](crate::ClientBuilder::server); the API itself is `api`.
    pub name: &'static str,
    /// Its addresses in the document, one for each environment.
    pub urls: &'static [&'static str],
}
