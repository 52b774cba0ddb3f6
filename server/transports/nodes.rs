//! What the transports must know of the other nodes of a cluster, and what a session's id says of its node. How nodes find each
//! other is not known here.
use secrecy::SecretString;

/// The nodes of a cluster as one of them sees the others. Every method is called while a request waits, and answers from
/// memory.
pub trait Nodes: Send + Sync {
    /// What session ids of this node begin with: 1 to 16 characters of `[a-z0-9]`. It is another one after each start, so that
    /// nobody's old id leads to a new process.
    fn own_mark(&self) -> &str;

    /// Where the node with this mark takes requests that are forwarded: `host:port`, plain HTTP, inside the cluster's network.
    /// `None`: there is no such node, or it is dead.
    fn address(&self, mark: &str) -> Option<String>;

    /// Shows that a forwarded request comes from a node of the same cluster. It is random, visible ASCII, and the same at all
    /// nodes. `None`: it is not known yet, so that nothing is forwarded and nothing that was forwarded is taken.
    fn secret(&self) -> Option<SecretString>;
}

/// Between a node's mark and the rest of a session id. Neither has one of these: Engine.IO's ids are base64 for URLs.
const SEPARATOR: char = '.';

const MARK_CHARS_MAX: usize = 16;

const SID: &str = "sid=";

/// A session id as clients are told it.
pub(super) fn marked(mark: &str, sid: &str) -> String {
    format!("{mark}{SEPARATOR}{sid}")
}

/// The mark and the rest of the session id in the query of a request. `None`: it has none that bears a mark.
pub(super) fn marked_sid(query: &str) -> Option<(&str, &str)> {
    let (mark, sid) = query.split('&').find_map(|it| it.strip_prefix(SID))?.split_once(SEPARATOR)?;
    let is_mark = (1..=MARK_CHARS_MAX).contains(&mark.len())
        && mark.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit());
    is_mark.then_some((mark, sid))
}

/// The query with its session id as the library knows it.
pub(super) fn without_mark(query: &str) -> String {
    let Some((mark, _)) = marked_sid(query) else { return query.to_owned() };
    let n_mark = mark.len() + SEPARATOR.len_utf8();
    let mut has_sid = false;
    let parameter = |it: &str| match it.strip_prefix(SID) {
        Some(sid) if !std::mem::replace(&mut has_sid, true) => [SID, sid.get(n_mark..).unwrap_or_default()].concat(),
        _ => it.to_owned(),
    };
    query.split('&').map(parameter).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_put_before_an_id_and_taken_off_again() {
        let sid = marked("a1", "AbC-_9");
        for (before, after) in [("EIO=4&", "&transport=polling"), ("", ""), ("t=1.2&", "&sid=b.other")] {
            let query = format!("{before}sid={sid}{after}");
            assert_eq!(marked_sid(&query), Some(("a1", "AbC-_9")));
            assert_eq!(without_mark(&query), format!("{before}sid=AbC-_9{after}"));
        }
    }

    #[test]
    fn what_is_no_mark_leads_nowhere_and_stays_as_it_is() {
        let long = format!("sid={}.x", "a".repeat(17));
        for query in
            ["", "sid=", "sid=AbC", "sid=.AbC", "sid=A.b", "sid=a-b.c", "sid=ä.b", "side=a.b", "xsid=a.b", &long]
        {
            assert_eq!(marked_sid(query), None, "{query}");
            assert_eq!(without_mark(query), query);
        }
        assert_eq!(marked_sid(&long[..4 + 16]), None);
        assert_eq!(marked_sid(&format!("sid={}.x", "a".repeat(16))), Some((&*"a".repeat(16), "x")));
    }
}
