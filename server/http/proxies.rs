//! For whom a request is: the connection's other end, or whom a proxy names that is trusted to.
//!
//! **Invariant:** nobody but a trusted proxy is believed, and a trusted proxy only about the hop that it saw itself.
use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwap;
use axum::http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;
use tokio::time::Instant;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Nobody has as many proxies behind each other.
const HOPS_MAX: usize = 32;

/// The networks whose requests may say for whom they are. Clones are the same list.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Arc<ArcSwap<Vec<IpNet>>>);

/// Which header each trusted proxy sets, as far as its requests have shown: those that come with one of the two alone. A proxy adds
/// to one of them and passes the other on as the client wrote it, so that no client can take away the one, and each can add the
/// other.
///
/// A proxy whose settings change sets the other one from then on. Until it has not set the first for [`FORGOTTEN_AFTER`], it may be
/// two proxies of one address, and neither is chosen.
#[derive(Debug, Default)]
pub(super) struct Habits(ArcSwap<HashMap<IpAddr, Habit>>);

/// When a proxy last set one of the headers alone.
#[derive(Clone, Copy, Debug, Default)]
struct Habit {
    usual: Option<Instant>,
    standard: Option<Instant>,
}

const FORGOTTEN_AFTER: Duration = Duration::from_secs(3_600);

/// What is known is not noted again before so long, so that requests seldom write anything.
const NOTED_EVERY: Duration = Duration::from_secs(60);

impl Habit {
    fn last(&self) -> Option<Instant> {
        self.usual.max(self.standard)
    }
}

/// Trusted networks may be large. Whoever comes beyond these takes the place of the one that has shown its habit longest ago.
const PROXIES_MAX: usize = 256;

impl Habits {
    /// `of`: when this proxy last set the header that it sets now.
    fn learn(&self, proxy: IpAddr, of: fn(&mut Habit) -> &mut Option<Instant>) {
        let now = Instant::now();
        let mut known = self.0.load().get(&proxy).copied().unwrap_or_default();
        if of(&mut known).is_some_and(|it| now.duration_since(it) < NOTED_EVERY) {
            return;
        }
        self.0.rcu(|habits| {
            let mut habits = HashMap::clone(habits);
            if habits.len() >= PROXIES_MAX
                && !habits.contains_key(&proxy)
                && let Some(oldest) = habits.iter().min_by_key(|it| it.1.last()).map(|it| *it.0)
            {
                habits.remove(&oldest);
            }
            *of(habits.entry(proxy).or_default()) = Some(now);
            habits
        });
    }

    /// The one of two that a proxy is known to set, if it is one alone.
    fn choose<T>(&self, proxy: IpAddr, usual: T, standard: T) -> Option<T> {
        let habit = self.0.load().get(&proxy).copied().unwrap_or_default();
        let is_over = |before: Instant, since: Instant| since.saturating_duration_since(before) > FORGOTTEN_AFTER;
        match (habit.usual, habit.standard) {
            (Some(_), None) => Some(usual),
            (None, Some(_)) => Some(standard),
            (Some(one), Some(other)) if is_over(other, one) => Some(usual),
            (Some(one), Some(other)) if is_over(one, other) => Some(standard),
            _ => None,
        }
    }
}

/// A client's address, and how it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) address: IpAddr,
    /// Whether the connection's other end is a trusted proxy.
    pub(super) is_trusted: bool,
    pub(super) naming: Naming,
}

/// What headers say of a client's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// Nothing.
    Silent,
    /// A trusted proxy names it.
    Believed,
    /// Two of a trusted proxy's headers say different things, and it is not known which of them is the proxy's.
    Contradicted,
    /// Somebody names one who is no trusted proxy.
    Disbelieved,
}

impl Client {
    /// A trusted proxy named it.
    pub(super) fn is_named(&self) -> bool {
        self.naming == Naming::Believed
    }
}

impl TrustedProxies {
    /// Networks such as `10.0.0.0/8`, or single addresses.
    ///
    /// # Errors
    /// The text that is neither.
    pub fn new(networks: &[String]) -> Result<Self, String> {
        let network = |text: &String| {
            let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            network.map_err(|_| text.clone())
        };
        let networks = networks.iter().map(network).collect::<Result<_, _>>()?;
        Ok(TrustedProxies(Arc::new(ArcSwap::from_pointee(networks))))
    }

    /// The networks of `other`, from the next request on.
    pub fn replace_by(&self, other: &TrustedProxies) {
        self.0.store(other.0.load_full());
    }

    /// Whether requests from there are believed.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.load().iter().any(|it| it.contains(&address))
    }

    /// Whom a request of `peer` with these headers is for: the right-most address in them that is no trusted proxy's.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap, habits: &Habits) -> Client {
        let peer = peer.to_canonical();
        let is_trusted = self.trusts(peer);
        let unnamed = |naming| Client { address: peer, is_trusted, naming };
        if !is_trusted {
            let is_said = [&X_FORWARDED_FOR, &header::FORWARDED].into_iter().any(|it| headers.contains_key(it));
            return unnamed(if is_said { Naming::Disbelieved } else { Naming::Silent });
        }
        let believed = |address| Client { address, is_trusted, naming: Naming::Believed };
        let named = |name: HeaderName, read: fn(&str) -> Option<IpAddr>| {
            headers.contains_key(&name).then(|| self.right_most(peer, headers, &name, read))
        };
        match (named(X_FORWARDED_FOR, hop), named(header::FORWARDED, forwarded_for)) {
            (Some(address), None) => {
                habits.learn(peer, |it| &mut it.usual);
                believed(address)
            }
            (None, Some(address)) => {
                habits.learn(peer, |it| &mut it.standard);
                believed(address)
            }
            (Some(one), Some(other)) if one == other => believed(one),
            (Some(usual), Some(standard)) => {
                habits.choose(peer, usual, standard).map_or_else(|| unnamed(Naming::Contradicted), believed)
            }
            (None, None) => unnamed(Naming::Silent),
        }
    }

    fn right_most(
        &self,
        peer: IpAddr,
        headers: &HeaderMap,
        name: &HeaderName,
        read: fn(&str) -> Option<IpAddr>,
    ) -> IpAddr {
        let lines: Vec<_> = headers.get_all(name).iter().map(|it| it.to_str().unwrap_or_default()).collect();
        let mut address = peer;
        for text in lines.iter().rev().flat_map(|it| it.rsplit(',')).take(HOPS_MAX) {
            // What is unreadable, or hidden on purpose, is for the proxy before it to answer for.
            let Some(hop) = read(text.trim()) else { return address };
            address = hop;
            if !self.trusts(address) {
                return address;
            }
        }
        address
    }
}

/// An address, perhaps with a port, as `192.0.2.1:80` or `[2001:db8::1]:80`.
fn hop(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|it| it.ip()));
    address.map(|it: IpAddr| it.to_canonical())
}

/// The `for` of one element of `Forwarded` (RFC 7239, section 4).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|it| it.trim().split_once('='));
    let (_, value) = pairs.find(|it| it.0.eq_ignore_ascii_case("for"))?;
    hop(value.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn proxies() -> TrustedProxies {
        TrustedProxies::new(&["127.0.0.0/8".to_owned(), "::1".to_owned(), "10.0.0.0/8".to_owned()]).unwrap()
    }

    fn client(peer: &str, headers: &[(&str, &str)]) -> (String, bool) {
        client_after(&Habits::default(), peer, headers)
    }

    fn client_after(habits: &Habits, peer: &str, headers: &[(&str, &str)]) -> (String, bool) {
        let header = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().unwrap(), value.parse::<axum::http::HeaderValue>().unwrap())
        };
        let client = proxies().client(peer.parse().unwrap(), &headers.iter().map(header).collect(), habits);
        (client.address.to_string(), client.is_named())
    }

    #[test]
    fn nobody_but_a_trusted_proxy_is_believed() {
        for name in ["x-forwarded-for", "forwarded"] {
            assert_eq!(client("192.0.2.1", &[(name, "198.51.100.7")]), ("192.0.2.1".to_owned(), false));
        }
        assert_eq!(client("127.0.0.1", &[]), ("127.0.0.1".to_owned(), false));
    }

    #[test]
    fn the_right_most_address_that_is_no_proxys_counts() {
        for (text, expected) in [
            ("198.51.100.7", "198.51.100.7"),
            // What the client wrote itself stands on the left.
            ("203.0.113.9, 198.51.100.7", "198.51.100.7"),
            ("203.0.113.9, 198.51.100.7, 10.1.2.3", "198.51.100.7"),
            ("198.51.100.7:4711,10.1.2.3:80", "198.51.100.7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("2001:db8::7", "2001:db8::7"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
            // Nobody knows who that was, but 10.1.2.3 let it in.
            ("203.0.113.9, unknown, 10.1.2.3", "10.1.2.3"),
            ("203.0.113.9, ", "127.0.0.1"),
            ("10.9.9.9, 10.1.2.3", "10.9.9.9"),
        ] {
            assert_eq!(client("127.0.0.1", &[("x-forwarded-for", text)]), (expected.to_owned(), true), "{text}");
            assert_eq!(client("::ffff:127.0.0.1", &[("x-forwarded-for", text)]).0, expected, "{text}");
        }
        let lines = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "198.51.100.7, 10.0.0.1")];
        assert_eq!(client("::1", &lines).0, "198.51.100.7");
    }

    #[test]
    fn the_standard_header_is_read_as_well() {
        for (text, expected) in [
            ("for=198.51.100.7", "198.51.100.7"),
            ("for=203.0.113.9;proto=http, For=\"198.51.100.7:4711\";by=203.0.113.43", "198.51.100.7"),
            ("proto=https;for=\"[2001:db8::7]:4711\"", "2001:db8::7"),
            ("for=203.0.113.9, for=_hidden, for=10.1.2.3", "10.1.2.3"),
            ("for=unknown", "127.0.0.1"),
            ("proto=https", "127.0.0.1"),
        ] {
            assert_eq!(client("127.0.0.1", &[("forwarded", text)]).0, expected, "{text}");
        }
    }

    #[test]
    fn a_client_cannot_add_the_header_that_its_proxy_does_not_set() {
        let one = [("x-forwarded-for", "198.51.100.7"), ("forwarded", "for=203.0.113.9")];
        assert_eq!(client("127.0.0.1", &one), ("127.0.0.1".to_owned(), false));
        let same = [("x-forwarded-for", "198.51.100.7"), ("forwarded", "for=198.51.100.7")];
        assert_eq!(client("127.0.0.1", &same), ("198.51.100.7".to_owned(), true));
    }

    #[test]
    fn the_header_that_a_proxy_sets_on_its_own_is_believed_beside_the_other() {
        let (usual, standard) = (("x-forwarded-for", "198.51.100.7"), ("forwarded", "for=203.0.113.9"));
        for (alone, expected) in [(usual, "198.51.100.7"), (standard, "203.0.113.9")] {
            let habits = Habits::default();
            // Nobody else teaches anything.
            client_after(&habits, "192.0.2.1", &[usual]);
            client_after(&habits, "192.0.2.1", &[standard]);
            client_after(&habits, "127.0.0.1", &[]);
            assert!(!client_after(&habits, "127.0.0.1", &[usual, standard]).1);
            client_after(&habits, "127.0.0.1", &[alone]);
            assert_eq!(client_after(&habits, "127.0.0.1", &[usual, standard]), (expected.to_owned(), true));
        }
        // Two proxies with different habits: each is believed by its own.
        let habits = Habits::default();
        client_after(&habits, "127.0.0.1", &[usual]);
        client_after(&habits, "10.0.0.1", &[standard]);
        assert_eq!(client_after(&habits, "127.0.0.1", &[usual, standard]), ("198.51.100.7".to_owned(), true));
        assert_eq!(client_after(&habits, "10.0.0.1", &[usual, standard]), ("203.0.113.9".to_owned(), true));
        assert!(!client_after(&habits, "10.0.0.2", &[usual, standard]).1, "nothing is known of a third");
        // Two at one address cannot be told apart.
        client_after(&habits, "127.0.0.1", &[standard]);
        assert!(!client_after(&habits, "127.0.0.1", &[usual, standard]).1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_proxy_that_is_set_up_anew_is_believed_again_after_a_while() {
        let (usual, standard) = (("x-forwarded-for", "198.51.100.7"), ("forwarded", "for=203.0.113.9"));
        for (before, after, expected) in [(usual, standard, "203.0.113.9"), (standard, usual, "198.51.100.7")] {
            let habits = Habits::default();
            client_after(&habits, "127.0.0.1", &[before]);
            for minutes in 0..60 {
                client_after(&habits, "127.0.0.1", &[after]);
                assert!(!client_after(&habits, "127.0.0.1", &[usual, standard]).1, "{minutes} minutes later");
                advance(Duration::from_secs(61)).await;
            }
            client_after(&habits, "127.0.0.1", &[after]);
            assert_eq!(client_after(&habits, "127.0.0.1", &[usual, standard]), (expected.to_owned(), true));
            // What only lies back for long, with nothing new, is no change.
            advance(10 * FORGOTTEN_AFTER).await;
            assert_eq!(client_after(&habits, "127.0.0.1", &[usual, standard]), (expected.to_owned(), true));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_whole_network_those_proxies_are_remembered_that_came_last() {
        let habits = Habits::default();
        let proxy = |n: usize| std::net::Ipv4Addr::from_bits(0x0a00_0000 + u32::try_from(n).unwrap()).to_string();
        let both = [("x-forwarded-for", "198.51.100.7"), ("forwarded", "for=203.0.113.9")];
        let known = |numbers: std::ops::Range<usize>| {
            numbers.filter(|n| client_after(&habits, &proxy(*n), &both).1).collect::<Vec<_>>()
        };
        let comes = async |n: usize| {
            client_after(&habits, &proxy(n), &both[n % 2..][..1]);
            advance(Duration::from_secs(1)).await;
        };
        for n in 0..PROXIES_MAX {
            comes(n).await;
        }
        // Of these, only the second comes again, and then one that is new.
        comes(1).await;
        comes(PROXIES_MAX).await;
        assert_eq!(known(0..1_000), (1..=PROXIES_MAX).collect::<Vec<_>>());
        for n in PROXIES_MAX + 1..2 * PROXIES_MAX {
            comes(n).await;
        }
        assert_eq!(known(0..1_000), (PROXIES_MAX..2 * PROXIES_MAX).collect::<Vec<_>>());
        assert_eq!(habits.0.load().len(), PROXIES_MAX);
    }

    #[test]
    fn a_network_that_is_none_is_named() {
        assert_eq!(TrustedProxies::new(&["10.0.0.0/8".to_owned(), "ten".to_owned()]).unwrap_err(), "ten");
    }
}
