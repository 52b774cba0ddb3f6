//! Why there is no certificate, in a sentence for the operator: what the authority said, and what to do about it.
//!
//! **Invariant:** no sentence holds anything of a key.
use std::fmt;

use instant_acme::{Error, Problem};

use super::challenges::Way;

/// What the names of problems begin with (RFC 8555, section 6.7).
const PROBLEM: &str = "urn:ietf:params:acme:error:";

/// An order that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    sentence: String,
    /// The authority's name for it, if it was the authority.
    pub(super) kind: Option<String>,
}

impl Failure {
    pub(super) fn new(sentence: impl Into<String>) -> Failure {
        Failure { sentence: sentence.into(), kind: None }
    }

    /// The authority looked whether that name leads to this server.
    pub(super) fn at(name: &str, way: Option<Way>, problem: Problem) -> Failure {
        let port = way.map_or_else(String::new, |it| format!(" at port {}", it.port()));
        let Failure { sentence, kind } = Failure::from(Error::Api(problem));
        Failure { sentence: format!("the authority looked for this server at {name}{port}: {sentence}"), kind }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let problem = match error {
            Error::Api(problem) => problem,
            Error::Timeout(_) => return Failure::new("the authority did not come to an end in time"),
            // It answers with a page, as a portal, a wrong address, or a server that is out of order does.
            Error::Json(_) => {
                return Failure::new("what answers does not speak ACME: see tls.acme.directory_url, or wait");
            }
            other => return Failure::new(other.to_string()),
        };
        let mut said = problem.detail.clone().unwrap_or_else(|| "it gives no reason".to_owned());
        for sub in &problem.subproblems {
            said.push_str(&format!("; {}", sub.to_string().trim_start_matches(": ")));
        }
        let kind = problem.r#type.unwrap_or_default();
        let advice = advice(kind.strip_prefix(PROBLEM).unwrap_or_default());
        let advice = if advice.is_empty() { String::new() } else { format!("; {advice}") };
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        Failure { sentence: format!("{:?} ({kind}){advice}", said), kind: Some(kind) }
    }
}

/// What to do about a problem of that name.
fn advice(kind: &str) -> &'static str {
    match kind {
        "dns" => "see that the name has an A or AAAA record in the DNS, and that it leads to this machine",
        "connection" => {
            "see that the port is open to the internet, and is forwarded to this server where a router is between"
        }
        "unauthorized" | "incorrectResponse" | "tls" => {
            "something else answers there: see that the name leads to this machine alone, and that the port leads to this \
             server and not to a proxy"
        }
        "caa" => "the name's CAA record in the DNS does not let this authority issue for it",
        "rejectedIdentifier" | "unsupportedIdentifier" => "that authority issues nothing for such a name or address",
        "externalAccountRequired" => {
            "the authority wants tls.acme.eab_key_id and tls.acme.eab_hmac_key, which it gives out"
        }
        "rateLimited" => "too much was asked of it lately; try things out with tls.acme.staging = true",
        "invalidProfile" => "see tls.acme.profile",
        "invalidContact" | "unsupportedContact" => "see tls.acme.contact",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_authority_says_comes_with_what_to_do() {
        let problem = |kind: &str, detail: &str| Problem {
            r#type: Some(format!("{PROBLEM}{kind}")),
            detail: Some(detail.to_owned()),
            status: None,
            subproblems: Vec::new(),
        };
        let failure = Failure::at("a.example", Some(Way::Http), problem("connection", "Connection\nrefused"));
        assert_eq!(
            failure.to_string(),
            "the authority looked for this server at a.example at port 80: \"Connection refused\" \
             (urn:ietf:params:acme:error:connection); see that the port is open to the internet, and is forwarded to this \
             server where a router is between"
        );
        let failure = Failure::from(Error::Api(problem("new", "?")));
        assert_eq!(
            (failure.to_string().as_str(), failure.kind.is_some()),
            ("\"?\" (urn:ietf:params:acme:error:new)", true)
        );
        assert_eq!(Failure::from(Error::Timeout(None)).kind, None);
    }
}
