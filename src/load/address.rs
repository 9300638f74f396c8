//! Where a running program gives its trace: what people type, made into a whole URL.

use ureq::http::Uri;

use super::fetch::FetchError;

/// Where `net/http/pprof` gives traces.
const PATH: &str = "/debug/pprof/trace";
/// How long is recorded if nobody says.
const DEFAULT_SECONDS: u32 = 5;

/// A program to be asked for a trace of its next seconds.
#[derive(Clone, PartialEq, Debug)]
pub struct Address {
    pub(super) uri: Uri,
    pub(super) name: String,
    pub(super) seconds: f64,
}

impl Address {
    /// Reads `host:port`, `:port` (of this machine), or an `http://` URL with or without a path;
    /// other parameters than `seconds` are kept. `seconds` goes before what the URL says.
    ///
    /// # Errors
    /// If it names no host, or it needs TLS.
    pub fn new(text: &str, seconds: Option<u32>) -> Result<Self, FetchError> {
        let bad = |why| FetchError::Address { text: text.to_owned(), why };
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        match scheme.to_ascii_lowercase().as_str() {
            "http" => {}
            "https" => return Err(FetchError::NeedsTls { name: host_of(rest).to_owned() }),
            _ => return Err(bad("only http:// is supported")),
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let after = &rest[authority.len()..];
        let authority = match authority.strip_prefix(':') {
            Some(port) => format!("localhost:{port}"),
            None => authority.to_owned(),
        };
        let (path, query) = after.split_once('?').unwrap_or((after, ""));
        let (query, seconds) = query_of(query, seconds)
            .ok_or_else(|| bad("`seconds` must be a number from 0 to 1,000,000"))?;
        let whole = format!("http://{authority}{}?{query}", path_of(path));
        let uri: Uri = whole.parse().map_err(|_| bad("write it as host:port or http://…"))?;
        let name = host_of(&authority).to_owned();
        let host = uri.host().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| bad("it names no host"))?;
        let port = name.strip_prefix(host).unwrap_or_default();
        if !port.is_empty() && port[1..].parse::<u16>().is_err() {
            return Err(bad("the port is not a number up to 65535"));
        }
        Ok(Self { uri, name, seconds })
    }

    /// The host, with its port if one was given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How long the program is asked to record.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.seconds
    }
}

/// The host and port of what stands behind `http://`: no path, and no password.
fn host_of(rest: &str) -> &str {
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    authority.rsplit('@').next().unwrap_or(authority)
}

/// The path to ask for: the usual one, unless another is given.
fn path_of(path: &str) -> String {
    match path.trim_end_matches('/') {
        "" => PATH.to_owned(),
        all if all.ends_with("/debug/pprof") => format!("{all}/trace"),
        _ => path.to_owned(),
    }
}

/// The parameters with the seconds to record, and these; none if those that are given make no
/// sense.
fn query_of(query: &str, seconds: Option<u32>) -> Option<(String, f64)> {
    let value = |part: &str| part.strip_prefix("seconds=").map(str::to_owned);
    let given = query.split('&').find_map(value);
    let wanted = match (seconds, given) {
        (Some(seconds), _) => seconds.to_string(),
        (None, Some(given)) => given,
        (None, None) => DEFAULT_SECONDS.to_string(),
    };
    let length = wanted.parse::<f64>().ok().filter(|length| (0.0..1e6).contains(length))?;
    let others = query.split('&').filter(|part| !part.is_empty() && value(part).is_none());
    let mut all: Vec<&str> = others.collect();
    let wanted = format!("seconds={wanted}");
    all.push(&wanted);
    Some((all.join("&"), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_becomes_a_url() {
        let cases = [
            ("localhost:6060", None, "http://localhost:6060/debug/pprof/trace?seconds=5"),
            (":6060", Some(1), "http://localhost:6060/debug/pprof/trace?seconds=1"),
            ("http://svc", None, "http://svc/debug/pprof/trace?seconds=5"),
            ("HTTP://svc/", None, "http://svc/debug/pprof/trace?seconds=5"),
            ("svc:80/debug/pprof/", None, "http://svc:80/debug/pprof/trace?seconds=5"),
            ("http://svc/x/debug/pprof", None, "http://svc/x/debug/pprof/trace?seconds=5"),
            ("http://svc/own/trace", Some(2), "http://svc/own/trace?seconds=2"),
            ("svc?a=1&b=2", None, "http://svc/debug/pprof/trace?a=1&b=2&seconds=5"),
            ("svc/t?seconds=0.5&a", None, "http://svc/t?a&seconds=0.5"),
            ("svc/t?seconds=9", Some(3), "http://svc/t?seconds=3"),
            ("[::1]:6060", None, "http://[::1]:6060/debug/pprof/trace?seconds=5"),
        ];
        for (text, seconds, url) in cases {
            let address = Address::new(text, seconds).expect(text);
            assert_eq!(address.uri.to_string(), url.replace("HTTP", "http"), "{text}");
        }
    }

    #[test]
    fn the_name_has_no_password_and_no_path() {
        let address = Address::new("http://me:secret@svc:80/x", None).expect("an address");
        assert_eq!(address.name(), "svc:80");
        let https = Address::new("https://me:secret@svc/x", None).expect_err("TLS").to_string();
        assert!(https.starts_with("svc: https is not supported"), "{https}");
    }

    #[test]
    fn what_is_no_address_says_why() {
        let cases = ["", "http://", "ftp://svc", "svc/t?seconds=soon", "svc:99999", "a b", "/x"];
        for text in cases {
            let err = Address::new(text, None).expect_err(text);
            assert!(matches!(err, FetchError::Address { .. }), "{text}: {err}");
            assert!(!err.to_string().contains('\n'), "{text}: {err}");
        }
    }
}
