//! What the original server answered, replayed: the same steps, and the same events in the same order for every client,
//! on each transport. What we do differently stands in `deviations.rs`, each with its reason. All of it is played twice: at one
//! server, and with the clients spread over two nodes, which must not show.
mod deviations;
mod http;
mod mqtt;
mod others;
mod script;

use std::collections::BTreeMap;

use crate::{
    cluster::redis::Redis,
    harness::{By, EVERY_WAY, Heard, PATH, Peer, Server, peer::Packet, peer::signal_text, soon},
};
use deviations::{DEVIATIONS, Deviation};
use script::{Events, Ids, Scenario, Step, packets, recorded};

const CONNECTED: &str = r#"["(connect)"]"#;
const GONE: &str = r#"["(disconnect)","transport close"]"#;

/// A scenario while it is being played.
struct Play<'a> {
    /// Those who come are spread over them.
    nodes: &'a [Server],
    by: By,
    n_arrivals: usize,
    /// Each with the number of its node.
    peers: BTreeMap<String, (usize, Peer)>,
    ids: Ids,
    step: usize,
    heard: BTreeMap<String, Events>,
    n_signals: usize,
}

impl Play<'_> {
    async fn of<'a>(scenario: &Scenario, by: By, nodes: &'a [Server]) -> Play<'a> {
        let (peers, ids, heard) = (BTreeMap::new(), Ids::default(), BTreeMap::new());
        let mut play = Play { nodes, by, n_arrivals: 0, peers, ids, step: 0, heard, n_signals: 0 };
        match &*scenario.id {
            "early-getid" => play.speak_at_once().await,
            "namespace" => play.try_namespace().await,
            _ => play.steps(scenario).await,
        }
        for (_, peer) in std::mem::take(&mut play.peers).into_values() {
            peer.leave().await;
        }
        for node in nodes {
            node.comes_to((0, 0)).await;
        }
        play
    }

    async fn steps(&mut self, scenario: &Scenario) {
        self.arrivals(scenario).await;
        for step in scenario.scene() {
            self.act(step).await;
        }
        for (n, step) in (1..).zip(scenario.steps()) {
            self.step = n;
            self.act(step).await;
            self.arrivals(scenario).await;
        }
    }

    /// Those who connect after this step, and who get their ids then.
    async fn arrivals(&mut self, scenario: &Scenario) {
        for (name, events) in scenario.events() {
            let now = |event: &str| events.iter().any(|it| it.0 == self.step && it.1 == event);
            let is_back = self.heard.get(&name).is_some_and(|it| it.contains(&(self.step, CONNECTED.into())));
            if !now(CONNECTED) || is_back {
                continue;
            }
            let welcome = format!(r#"["GET-ID",{{"requestID":"0","userID":"<sid:{name}>"}}]"#);
            let says_hello = now(&welcome);
            self.connect(&name).await;
            if says_hello {
                self.send(&name, &packets(r#"["GET-ID",{"requestId":"0"}]"#, &self.ids)).await;
            }
        }
    }

    async fn connect(&mut self, name: &str) {
        let at = self.n_arrivals % self.nodes.len();
        self.n_arrivals += 1;
        let peer = if self.by == By::Polling {
            // Each request reaches another node than the one before, as behind a balancer that is not sticky.
            let n_nodes = self.nodes.len();
            let addresses: Vec<_> = (0..n_nodes).map(|n| self.nodes[(at + n) % n_nodes].address).collect();
            Peer::spread(&addresses, PATH).await
        } else {
            self.nodes[at].peer(self.by).await
        };
        self.peers.insert(name.to_owned(), (at, peer));
        self.record(name, CONNECTED.to_owned());
    }

    async fn act(&mut self, step: Step) {
        let who = step.who().to_owned();
        match step {
            Step::Emit { text, .. } => self.send(&who, &packets(&text, &self.ids)).await,
            Step::Raw { packet, .. } => self.send(&who, &[Packet::Text(packet)]).await,
            Step::Flood { n_signals, .. } => {
                let (to, room) = (self.ids.on_wire("<sid:B>"), self.ids.on_wire("<room:1>"));
                let signal = |n: usize| Packet::Text(format!("42{}", signal_text(&to, &room, &format!("{n}"))));
                self.send(&who, &(0..n_signals).map(signal).collect::<Vec<_>>()).await;
            }
            Step::Drop { .. } => {
                let (at, peer) = self.peers.remove(&who).unwrap();
                peer.leave().await;
                self.is_gone(&who, at).await;
            }
            Step::Reconnect { .. } => self.connect(&who).await,
        }
        for name in self.peers.keys().cloned().collect::<Vec<_>>() {
            self.catch_up(&name).await;
        }
    }

    /// Until all that was said is handled, or the speaker's line is ended over it.
    async fn send(&mut self, who: &str, packets: &[Packet]) {
        let sent = self.peers.get_mut(who).unwrap().1.send_all(packets).await;
        if sent.is_ok() {
            self.catch_up(who).await;
        } else {
            self.end(who).await;
        }
    }

    async fn catch_up(&mut self, name: &str) {
        match self.peers.get_mut(name).unwrap().1.try_fence().await {
            Ok(heard) => self.take(name, &heard),
            Err(heard) => {
                self.take(name, &heard);
                self.end(name).await;
            }
        }
    }

    async fn end(&mut self, name: &str) {
        let (at, mut peer) = self.peers.remove(name).unwrap();
        peer.ends().await;
        self.is_gone(name, at).await;
    }

    async fn is_gone(&mut self, name: &str, at: usize) {
        self.record(name, GONE.to_owned());
        let n_left = self.peers.values().filter(|it| it.0 == at).count() as u64;
        self.nodes[at].comes_to_peers(n_left).await;
        if self.nodes.len() > 1 {
            // Its leaving is on its way to the store: what is asked after it at the same node is answered after it.
            let mut probe = self.nodes[at].peer(By::Websocket).await;
            probe.fence().await;
            probe.leave().await;
            self.nodes[at].comes_to_peers(n_left).await;
        }
    }

    fn take(&mut self, name: &str, heard: &[Heard]) {
        for heard in heard {
            self.ids.learn(name, &heard.text);
            let text = self.ids.on_record(heard);
            let of_flood = format!(
                r#"["SIGNAL",{{"target":"<sid:B>","room":"<room:1>","signal":{},"source":"<sid:A>"}}]"#,
                self.n_signals
            );
            // What the recording counts without listing it.
            if text == of_flood {
                self.n_signals += 1;
            } else {
                self.record(name, text);
            }
        }
    }

    fn record(&mut self, name: &str, text: String) {
        self.heard.entry(name.to_owned()).or_default().push((self.step, text));
    }

    async fn speak_at_once(&mut self) {
        self.connect("A").await;
        let create = r#"["CREATE-ROOM",{"requestId":"1","maxUsers":2,"name":"n","password":"","type":0}]"#;
        let both = [packets(r#"["GET-ID",{"requestId":"0"}]"#, &self.ids), packets(create, &self.ids)].concat();
        self.send("A", &both).await;
    }

    async fn try_namespace(&mut self) {
        let mut peer = Peer::open(self.nodes[0].address, self.by).await;
        peer.send("40/admin,").await;
        let text = peer.text().await;
        let message = text.strip_prefix(r#"44/admin,{"message":"#).unwrap().strip_suffix('}').unwrap().to_owned();
        self.record("A", format!(r#"["(connect_error)",{message}]"#));
    }
}

/// What we should have said, by the recording and by the deviation from it.
fn expected(scenario: &Scenario, deviation: Option<&Deviation>) -> BTreeMap<String, Events> {
    let mut events = scenario.events();
    if scenario.crashed {
        // Our process goes on, and what ended theirs is ignored.
        events.values_mut().for_each(|it| it.retain(|(_, text)| text != GONE));
    }
    for (who, step, ours) in deviation.iter().flat_map(|it| it.ours) {
        let events = events.get_mut(*who).unwrap();
        let at = events.iter().take_while(|it| it.0 < *step).count();
        let theirs: Vec<_> = events.extract_if(.., |it| it.0 == *step).map(|it| it.1).collect();
        assert_ne!(theirs, *ours, "{} is listed as a deviation for {who} at {step} and is none", scenario.id);
        events.splice(at..at, ours.iter().map(|it| (*step, (*it).to_owned())));
    }
    events
}

async fn replay(by: By, nodes: &[Server]) {
    let mut problems = String::new();
    let mut n_replayed = 0;
    for scenario in recorded() {
        if http::IDS.contains(&&*scenario.id) {
            continue;
        }
        let deviation = DEVIATIONS.iter().find(|it| it.id == scenario.id);
        let expected = expected(&scenario, deviation);
        let play = soon(&scenario.id, Play::of(&scenario, by, nodes)).await;
        let no_events = Events::new();
        for name in expected.keys().chain(play.heard.keys().filter(|it| !expected.contains_key(*it))) {
            let theirs = expected.get(name).unwrap_or(&no_events);
            let ours = play.heard.get(name).unwrap_or(&no_events);
            if theirs != ours {
                problems +=
                    &format!("{}: {name} heard\n  {ours:?}\nand should have heard\n  {theirs:?}\n", scenario.id);
            }
        }
        if let Some(n_signals) = scenario.extra["received"].as_u64() {
            assert_eq!((play.n_signals as u64, &scenario.extra["inOrder"]), (n_signals, &true.into()));
        }
        n_replayed += 1;
    }
    assert!(problems.is_empty(), "{problems}");
    assert_eq!(n_replayed + http::IDS.len(), 99);
}

#[tokio::test]
async fn a_websocket_hears_what_the_original_said() {
    replay(By::Websocket, &[Server::start().await]).await;
}

#[tokio::test]
async fn a_poller_hears_what_the_original_said() {
    replay(By::Polling, &[Server::start().await]).await;
}

#[tokio::test]
async fn a_client_that_upgrades_hears_what_the_original_said() {
    replay(By::Upgrade, &[Server::start().await]).await;
}

#[tokio::test]
#[ignore = "takes redis-server (Debian's package), which ./check installs"]
async fn clients_at_two_nodes_hear_what_the_original_said() {
    let redis = Redis::start().await;
    let nodes = [(); 2].map(|()| redis.node(&[("cluster.listen", "127.0.0.1:0")]));
    let nodes = futures_util::future::join_all(nodes).await;
    for node in &nodes {
        node.comes_to_nodes(2).await;
    }
    for by in EVERY_WAY {
        replay(by, &nodes).await;
    }
}

#[test]
fn every_deviation_is_of_a_scenario_and_has_a_reason() {
    let scenarios = recorded();
    for deviation in DEVIATIONS {
        assert!(scenarios.iter().any(|it| it.id == deviation.id), "{}", deviation.id);
        assert!(deviation.reason.len() > 20, "{}", deviation.id);
    }
}
