//! A cluster without sockets, clocks or threads: nodes whose messages wait until the test has one of them handled, a store that
//! answers, fails or loses its answers as the test has it, and clients that come, go and come back.
use std::{
    collections::{BTreeSet, VecDeque},
    net::Ipv4Addr,
    sync::{Arc, Mutex},
    time::Duration,
};

use p2pchat_server::{
    accounting::{Ledger, Limits as Quotas, Reason},
    app::realm_settings,
    ice::Ice,
    protocols::p2pchat::P2pChat,
    rooms::Limits,
    sessions::{
        Connection as _, Lifetimes, Realm, Sessions,
        cluster::{Committed, NodeId, Outbox, ToCluster, Unavailable},
    },
};
use serde_json::Value;
use tokio::time::Instant;

use super::{
    client::Client,
    store::{Answer, Fate, Said, Store},
};

/// Longer than any grace time here.
const LATER: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Asked(Mutex<VecDeque<ToCluster>>);

impl Outbox for Asked {
    fn push(&self, message: ToCluster) {
        self.0.lock().unwrap().push_back(message);
    }
}

pub(super) struct Node {
    pub(super) id: NodeId,
    pub(super) sessions: Sessions,
    realm: Realm,
    asked: Arc<Asked>,
    pub(super) heard: VecDeque<Said>,
    /// Questions to other nodes that were not answered.
    open: BTreeSet<u64>,
    pub(super) is_alive: bool,
    /// It does not reach the store.
    pub(super) is_cut: bool,
    lost_store: Option<u64>,
}

#[derive(Default)]
pub(super) struct World {
    pub(super) nodes: Vec<Node>,
    pub(super) clients: Vec<Client>,
    pub(super) store: Store,
}

impl World {
    pub(super) fn with(n_nodes: usize) -> World {
        let mut world = World::default();
        for _ in 0..n_nodes {
            world.start_node();
        }
        world
    }

    pub(super) fn start_node(&mut self) -> usize {
        let lifetimes = Lifetimes {
            grace: Duration::from_secs(30),
            reload_grace: Duration::from_secs(5),
            replay_frames_max: 100,
            replay_bytes_max: 100_000,
        };
        let ice = Ice { servers: Vec::new(), credential_ttl_s: 60 };
        let sessions = Sessions::new(ice, Ledger::new(Quotas::default()), lifetimes);
        let limits = Limits { peers_max: 20, rooms_per_peer_max: 100, name_units_max: 20, password_units_max: 100 };
        let realm = sessions.open(realm_settings(&P2pChat, limits));
        let asked = Arc::new(Asked::default());
        let id = NodeId::from(&*format!("n{}", self.nodes.len()));
        sessions.join_cluster(realm, id.clone(), asked.clone());
        self.nodes.push(Node {
            id,
            sessions,
            realm,
            asked,
            heard: VecDeque::new(),
            open: BTreeSet::new(),
            is_alive: true,
            is_cut: false,
            lost_store: None,
        });
        self.nodes.len() - 1
    }

    pub(super) fn alive(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|it| self.nodes[*it].is_alive).collect()
    }

    /// A client that says hello to a node.
    pub(super) fn client(&mut self, node: usize) -> usize {
        self.client_of(node, false)
    }

    /// `is_original`: one that cannot come back.
    pub(super) fn client_of(&mut self, node: usize, is_original: bool) -> usize {
        self.clients.push(Client { node, is_original, ..Client::default() });
        let client = self.clients.len() - 1;
        self.come(client, node);
        client
    }

    /// The client connects to a node, and asks for what it had.
    pub(super) fn come(&mut self, client: usize, node: usize) {
        let (there, it) = (&self.nodes[node], &mut self.clients[client]);
        (it.queue, it.is_greeted) = (Arc::default(), false);
        let address = Ipv4Addr::from(0x7f00_0001 + u32::try_from(client).unwrap()).into();
        let Ok(account) = there.sessions.ledger().open_account(address, b"", 20_000) else { return };
        let aborted = it.queue.clone();
        account.on_abort(move |reason| aborted.abort(reason));
        it.handle = Some(there.sessions.connect(there.realm, it.queue.clone(), account));
        it.node = node;
        there.sessions.receive(it.handle.as_ref().unwrap(), &*it.hello());
    }

    pub(super) fn is_there(&self, client: usize) -> bool {
        let it = &self.clients[client];
        it.handle.is_some() && self.nodes[it.node].is_alive && it.queue.ended.lock().unwrap().is_none()
    }

    /// It knows who it is, and has asked for no room.
    fn is_free(&self, client: usize) -> bool {
        let it = &self.clients[client];
        self.is_there(client) && it.is_greeted && it.wanted.is_none() && it.room.is_none()
    }

    pub(super) fn say(&mut self, client: usize, text: &str) {
        if self.is_there(client) {
            let it = &mut self.clients[client];
            it.n_sent += 1;
            self.nodes[it.node].sessions.receive(it.handle.as_ref().unwrap(), text);
        }
    }

    pub(super) fn create(&mut self, client: usize, max: usize) {
        if !self.is_free(client) {
            return;
        }
        self.clients[client].wanted = Some(String::new());
        let body = format!(r#"{{"requestId":"c","maxUsers":{max},"name":"n","password":"pw","type":0}}"#);
        self.say(client, &format!(r#"["CREATE-ROOM",{body}]"#));
    }

    /// A room that this client, which is free, makes.
    pub(super) fn room_by(&mut self, client: usize, max: usize) -> String {
        self.create(client, max);
        self.settle();
        self.clients[client].room.clone().unwrap()
    }

    pub(super) fn join(&mut self, client: usize, room: &str) {
        let text = format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"pw"}}]"#);
        if self.is_free(client) {
            self.clients[client].wanted = Some(room.to_owned());
            self.say(client, &text);
        }
    }

    pub(super) fn signal(&mut self, from: usize, to: usize, n: usize) {
        if let Some(room) = self.clients[from].room.clone() {
            let text = crate::harness::peer::signal_text(&self.clients[to].id, &room, &n.to_string());
            self.say(from, &text);
        }
    }

    /// The client's connection breaks, and its node notices.
    pub(super) fn break_off(&mut self, client: usize) {
        let it = &mut self.clients[client];
        if let Some(handle) = it.handle.take()
            && self.nodes[it.node].is_alive
        {
            self.nodes[it.node].sessions.disconnect(&handle, Reason::TransportError);
        }
    }

    /// The page is closed.
    pub(super) fn close(&mut self, client: usize) {
        self.say(client, r#"["CLOSING"]"#);
        self.break_off(client);
        let it = &mut self.clients[client];
        (it.room, it.wanted, it.token) = (None, None, String::new());
        it.others.clear();
    }

    /// The client takes what has come.
    pub(super) fn read(&mut self, client: usize) {
        loop {
            let it = &mut self.clients[client];
            let Some(text) = it.queue.frames.lock().unwrap().pop_front() else { return };
            let event: Value = serde_json::from_str(&text).unwrap();
            it.hear(&event);
        }
    }

    /// A node has the store do the first thing that waits for it. `false`: there is none.
    pub(super) fn ask(&mut self, node: usize, fate: Fate) -> bool {
        let Some(asked) = self.nodes[node].asked.0.lock().unwrap().pop_front() else { return false };
        let fate = if self.nodes[node].is_cut { Fate::Unheard } else { fate };
        let answer = (fate != Fate::Unheard).then(|| self.answer_of(node, &asked));
        if fate != Fate::Answered {
            self.lose_store(node);
        }
        let (sessions, is_heard) = (self.nodes[node].sessions.clone(), fate == Fate::Answered);
        let answer = answer.filter(|_| is_heard);
        match (asked, answer) {
            (ToCluster::Load { room }, Some(Answer::Room(version))) => sessions.on_loaded(&room, Ok(version)),
            (ToCluster::Load { room }, _) => sessions.on_loaded(&room, Err(Unavailable)),
            (ToCluster::Commit(commit), Some(Answer::Committed(committed, gone))) => {
                sessions.on_committed(&commit.room, committed);
                gone.iter().for_each(|it| sessions.on_node_gone(it));
            }
            (ToCluster::Commit(commit), _) => sessions.on_committed(&commit.room, Committed::Unavailable),
            (ToCluster::FindSession { number, .. }, answer) => {
                let found = match answer {
                    Some(Answer::Session(found)) => Ok(found),
                    _ => Err(Unavailable),
                };
                sessions.on_session_found(number, found);
            }
            (ToCluster::AskForSession { number, .. }, Some(Answer::Heard(true))) => {
                self.nodes[node].open.insert(number);
            }
            (ToCluster::AskForSession { node: gone, number, .. }, answer) => {
                if answer.is_some() {
                    sessions.on_node_gone(&gone);
                }
                sessions.on_handed_over(number, None);
            }
            (ToCluster::Deliver { node: gone, number, deliveries }, Some(Answer::Heard(false))) => {
                sessions.on_undelivered(Some(&gone), number, deliveries);
            }
            (ToCluster::Deliver { number, deliveries, .. }, None) if fate == Fate::Unheard => {
                sessions.on_undelivered(None, number, deliveries);
            }
            _ => (),
        }
        true
    }

    /// What a node asks next.
    pub(super) fn is_next_of(&self, node: usize, is_it: impl Fn(&ToCluster) -> bool) -> bool {
        self.nodes[node].asked.0.lock().unwrap().front().is_some_and(is_it)
    }

    /// A node handles the first thing that another has said to it. `false`: there is none.
    pub(super) fn hear(&mut self, node: usize) -> bool {
        let there = &mut self.nodes[node];
        let Some(said) = there.heard.pop_front() else { return false };
        let sessions = &there.sessions;
        match said {
            Said::Changed { room, previous, version, deliveries } => {
                sessions.on_room_changed(&room, previous, version, deliveries);
            }
            Said::Deliver(deliveries) => sessions.on_deliveries(deliveries),
            Said::AskForSession { node, number, peer, token } => {
                sessions.on_asked_for_session(node, number, &peer, token);
            }
            Said::HandOver { number, session } => {
                if there.open.remove(&number) {
                    sessions.on_handed_over(number, session);
                }
            }
        }
        true
    }

    /// No node answers a question any more that is open.
    pub(super) fn time_out(&mut self, node: usize) {
        for number in std::mem::take(&mut self.nodes[node].open) {
            self.nodes[node].sessions.on_handed_over(number, None);
        }
    }

    /// A node loses its connection to the store.
    pub(super) fn lose_store(&mut self, node: usize) {
        let generation = self.store.generation;
        let there = &mut self.nodes[node];
        if !there.is_cut {
            there.is_cut = true;
            there.lost_store.get_or_insert(generation);
            there.sessions.on_store_lost();
        }
    }

    /// It has a connection again.
    pub(super) fn find_store(&mut self, node: usize) {
        self.find_store_after(node, Duration::ZERO);
    }

    pub(super) fn find_store_after(&mut self, node: usize, away: Duration) {
        let generation = self.store.generation;
        let there = &mut self.nodes[node];
        if let Some(before) = there.lost_store.take() {
            there.is_cut = false;
            there.sessions.on_store_back(before != generation, away);
        }
    }

    /// The store begins anew, without anything that it had.
    pub(super) fn wipe(&mut self) {
        for node in self.alive() {
            self.lose_store(node);
        }
        self.empty();
    }

    /// The store loses everything while it answers. Nodes see that when they look at its name, in [`World::find_store`].
    pub(super) fn empty(&mut self) {
        let before = self.store.generation;
        for node in self.alive() {
            self.nodes[node].lost_store.get_or_insert(before);
        }
        let Store { clock, generation, .. } = self.store;
        self.store = Store { clock, generation: generation + 1, ..Store::default() };
    }

    /// A node is killed, and the others notice when they say something to it, or by [`World::notice`].
    pub(super) fn kill(&mut self, node: usize) {
        let there = &mut self.nodes[node];
        there.is_alive = false;
        there.heard.clear();
        there.asked.0.lock().unwrap().clear();
    }

    /// Leases are over: everybody knows who is gone.
    pub(super) fn notice(&mut self) {
        let gone: BTreeSet<_> = self.nodes.iter().filter(|it| !it.is_alive).map(|it| it.id.clone()).collect();
        for node in self.alive() {
            let sessions = &self.nodes[node].sessions;
            sessions.nodes_of_members().intersection(&gone).for_each(|it| sessions.on_node_gone(it));
        }
    }

    /// All that waits is handled.
    pub(super) fn settle(&mut self) {
        for node in self.alive() {
            self.find_store(node);
        }
        for _ in 0..200 {
            self.notice();
            for node in self.alive() {
                self.time_out(node);
            }
            while self.step_all() {}
        }
        for client in 0..self.clients.len() {
            self.read(client);
        }
    }

    pub(super) fn step_all(&mut self) -> bool {
        let mut is_any = false;
        for node in self.alive() {
            is_any |= self.ask(node, Fate::Answered) | self.hear(node);
        }
        is_any
    }

    /// Everybody's grace time is over.
    pub(super) fn wait(&mut self) {
        for node in self.alive() {
            self.nodes[node].sessions.on_timers(Instant::now() + LATER);
        }
        // What nobody renews ends.
        let (mut rooms, mut tokens) = (BTreeSet::new(), BTreeSet::new());
        for node in self.alive() {
            let renewals = self.nodes[node].sessions.renewals();
            rooms.extend(renewals.rooms.into_iter().map(|it| it.0));
            tokens.extend(renewals.tokens);
        }
        self.store.rooms.retain(|it, _| rooms.contains(it));
        self.store.sessions.retain(|it, _| tokens.contains(it));
    }

    /// Everything that the store has.
    pub(super) fn stored(&self) -> String {
        format!("{:?} {:?}", self.store.rooms, self.store.sessions)
    }
}
