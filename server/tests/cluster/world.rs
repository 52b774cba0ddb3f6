//! A cluster without sockets, clocks or threads: nodes whose messages wait until the test has one of them handled, a store that
//! answers, fails or loses its answers as the test has it, and clients that come, go and come back.
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::Ipv4Addr,
    sync::{Arc, Mutex},
    time::Duration,
};

use p2pchat_server::{
    accounting::{Ledger, Limits as Quotas, Reason},
    app::realm_settings,
    ice::Ice,
    protocols::{Frame, p2pchat::P2pChat},
    rooms::{Limits, PeerId, RoomId},
    sessions::{
        Connection, Lifetimes, Queued, Realm, SendQueueFull, SessionHandle, Sessions,
        cluster::{
            Commit, Committed, Delivery, HandedOver, NodeId, Outbox, SavedSession, SharedRoom, ToCluster, Unavailable,
            Version,
        },
    },
};
use serde_json::Value;
use tokio::time::Instant;

/// Longer than any grace time here.
const LATER: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(super) struct Queue {
    frames: Mutex<VecDeque<String>>,
    ended: Mutex<Option<Reason>>,
}

impl Connection for Queue {
    fn send(&self, frame: Frame) -> Result<Queued, SendQueueFull> {
        self.frames.lock().unwrap().push_back(frame.text);
        Ok(Queued::default())
    }

    fn abort(&self, reason: Reason) {
        self.ended.lock().unwrap().get_or_insert(reason);
    }
}

#[derive(Default)]
struct Asked(Mutex<VecDeque<ToCluster>>);

impl Outbox for Asked {
    fn push(&self, message: ToCluster) {
        self.0.lock().unwrap().push_back(message);
    }
}

enum Said {
    Changed { room: RoomId, previous: u64, version: Version, deliveries: Vec<Delivery> },
    Deliver(Vec<Delivery>),
    AskForSession { node: NodeId, number: u64, peer: PeerId, token: [u8; 32] },
    HandOver { number: u64, session: Option<HandedOver> },
}

pub(super) struct Node {
    pub(super) id: NodeId,
    pub(super) sessions: Sessions,
    realm: Realm,
    asked: Arc<Asked>,
    heard: VecDeque<Said>,
    /// Questions to other nodes that were not answered.
    open: BTreeSet<u64>,
    is_alive: bool,
    /// It does not reach the store.
    is_cut: bool,
    lost_store: Option<u64>,
}

pub(super) struct Client {
    node: usize,
    queue: Arc<Queue>,
    handle: Option<SessionHandle>,
    pub(super) id: String,
    token: String,
    n_received: u64,
    n_sent: u64,
    pub(super) room: Option<String>,
    /// Who came after this one, and has not gone.
    pub(super) others: BTreeSet<String>,
    /// It knows everybody who is there: it came back, and was told.
    pub(super) knows_all: bool,
    pub(super) heard: Vec<Value>,
    refused: Vec<u64>,
}

#[derive(Default)]
struct Store {
    rooms: BTreeMap<RoomId, (u64, SharedRoom)>,
    sessions: BTreeMap<[u8; 32], SavedSession>,
    clock: u64,
    /// Grows when everything is lost.
    generation: u64,
}

#[derive(Default)]
pub(super) struct World {
    pub(super) nodes: Vec<Node>,
    pub(super) clients: Vec<Client>,
    store: Store,
}

/// What the store does with the next thing that it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Answered,
    /// It does not hear it.
    Unheard,
    /// It does it, and nobody hears that.
    AnswerLost,
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
        self.clients.push(Client {
            node,
            queue: Arc::default(),
            handle: None,
            id: String::new(),
            token: String::new(),
            n_received: 0,
            n_sent: 0,
            room: None,
            others: BTreeSet::new(),
            knows_all: false,
            heard: Vec::new(),
            refused: Vec::new(),
        });
        let client = self.clients.len() - 1;
        self.come(client, node);
        client
    }

    /// The client connects to a node, and asks for what it had.
    pub(super) fn come(&mut self, client: usize, node: usize) {
        let (there, it) = (&self.nodes[node], &mut self.clients[client]);
        it.queue = Arc::default();
        let address = Ipv4Addr::from(0x7f00_0001 + u32::try_from(client).unwrap()).into();
        let Ok(account) = there.sessions.ledger().open_account(address, b"", 20_000) else { return };
        let aborted = it.queue.clone();
        account.on_abort(move |reason| aborted.abort(reason));
        it.handle = Some(there.sessions.connect(there.realm, it.queue.clone(), account));
        it.node = node;
        let (token, n_received, n_sent) = (&it.token, it.n_received, it.n_sent);
        let resume = if token.is_empty() {
            "true".to_owned()
        } else {
            format!(r#"{{"token":"{token}","received":{n_received},"sent":{n_sent}}}"#)
        };
        let text = format!(r#"["GET-ID",{{"requestId":"0","alerts":true,"resume":{resume}}}]"#);
        there.sessions.receive(it.handle.as_ref().unwrap(), &*text);
    }

    pub(super) fn is_there(&self, client: usize) -> bool {
        let it = &self.clients[client];
        it.handle.is_some() && self.nodes[it.node].is_alive && it.queue.ended.lock().unwrap().is_none()
    }

    pub(super) fn say(&mut self, client: usize, text: &str) {
        if self.is_there(client) {
            let it = &mut self.clients[client];
            it.n_sent += 1;
            self.nodes[it.node].sessions.receive(it.handle.as_ref().unwrap(), text);
        }
    }

    pub(super) fn create(&mut self, client: usize, max: usize) {
        let body = format!(r#"{{"requestId":"c","maxUsers":{max},"name":"n","password":"pw","type":0}}"#);
        self.say(client, &format!(r#"["CREATE-ROOM",{body}]"#));
    }

    pub(super) fn join(&mut self, client: usize, room: &str) {
        let text = format!(r#"["JOIN-ROOM",{{"requestId":"{room}","room":"{room}","password":"pw"}}]"#);
        self.say(client, &text);
    }

    pub(super) fn leave(&mut self, client: usize) {
        if let Some(room) = self.clients[client].room.clone() {
            self.say(client, &format!(r#"["DISCONNECTROOM",{{"room":"{room}"}}]"#));
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
        (it.room, it.token) = (None, String::new());
        it.others.clear();
    }

    /// The client takes what has come.
    pub(super) fn read(&mut self, client: usize) {
        loop {
            let it = &mut self.clients[client];
            let Some(text) = it.queue.frames.lock().unwrap().pop_front() else { return };
            let event: Value = serde_json::from_str(&text).unwrap();
            it.hear(&event);
            it.heard.push(event);
        }
    }

    /// A node has the store do the first thing that waits for it. `false`: there is none.
    pub(super) fn ask(&mut self, node: usize, fate: Fate) -> bool {
        let Some(asked) = self.nodes[node].asked.0.lock().unwrap().pop_front() else { return false };
        let fate = if self.nodes[node].is_cut { Fate::Unheard } else { fate };
        let answer = (fate != Fate::Unheard).then(|| self.store(node, &asked));
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
            (ToCluster::Deliver { node: gone, .. }, Some(Answer::Heard(false))) => sessions.on_node_gone(&gone),
            _ => (),
        }
        true
    }

    fn store(&mut self, node: usize, asked: &ToCluster) -> Answer {
        match asked {
            ToCluster::Load { room } => Answer::Room(self.version(room)),
            ToCluster::Commit(commit) => self.commit(commit),
            ToCluster::Deliver { node, deliveries } => {
                Answer::Heard(self.tell(node, Said::Deliver(deliveries.clone())))
            }
            ToCluster::FindSession { token, .. } => Answer::Session(self.store.sessions.get(token).cloned()),
            ToCluster::SaveSession { token, session } => {
                self.store.sessions.insert(*token, session.clone());
                Answer::Done
            }
            ToCluster::DropSession { token } => {
                self.store.sessions.remove(token);
                Answer::Done
            }
            ToCluster::AskForSession { node: to, peer, token, number } => {
                let own = self.nodes[node].id.clone();
                let said = Said::AskForSession { node: own, number: *number, peer: peer.clone(), token: *token };
                Answer::Heard(self.tell(to, said))
            }
            ToCluster::HandOver { node, number, session } => {
                Answer::Heard(self.tell(node, Said::HandOver { number: *number, session: session.clone() }))
            }
        }
    }

    fn version(&self, room: &RoomId) -> Version {
        let there = self.store.rooms.get(room);
        there.map_or(Version { number: 0, value: None }, |it| Version { number: it.0, value: Some(it.1.clone()) })
    }

    fn commit(&mut self, commit: &Commit) -> Answer {
        let there = self.version(&commit.room);
        if there.number != commit.expected {
            return Answer::Committed(Committed::Conflict(there), Vec::new());
        }
        self.store.clock = self.store.clock.max(commit.above) + 1;
        let number = self.store.clock;
        match commit.value.clone() {
            Some(value) => self.store.rooms.insert(commit.room.clone(), (number, value)),
            None => self.store.rooms.remove(&commit.room),
        };
        let mut gone = Vec::new();
        for (node, deliveries) in &commit.told {
            let said = Said::Changed {
                room: commit.room.clone(),
                previous: commit.expected,
                version: Version { number, value: commit.value.clone() },
                deliveries: deliveries.clone(),
            };
            if !self.tell(node, said) {
                gone.push(node.clone());
            }
        }
        Answer::Committed(Committed::Done { number }, gone)
    }

    fn tell(&mut self, node: &NodeId, said: Said) -> bool {
        let Some(node) = self.nodes.iter_mut().find(|it| it.id == *node && it.is_alive && !it.is_cut) else {
            return false;
        };
        node.heard.push_back(said);
        true
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
        if there.lost_store.is_none() {
            there.is_cut = true;
            there.lost_store = Some(generation);
            there.sessions.on_store_lost();
        }
    }

    /// It has a connection again.
    pub(super) fn find_store(&mut self, node: usize) {
        let generation = self.store.generation;
        let there = &mut self.nodes[node];
        if let Some(before) = there.lost_store.take() {
            there.is_cut = false;
            there.sessions.on_store_back(before != generation);
        }
    }

    /// The store begins anew, without anything that it had.
    pub(super) fn wipe(&mut self) {
        for node in self.alive() {
            self.lose_store(node);
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

    /// What must be true at every moment.
    pub(super) fn assert_safe(&self) {
        for (id, (_, there)) in &self.store.rooms {
            let members: BTreeSet<_> = there.room.members().iter().collect();
            assert_eq!(members.len(), there.room.members().len(), "somebody is twice in {id}");
            assert!(members.len() <= there.room.settings.peers_max, "{id} has too many");
            let homes: BTreeSet<_> = there.homes.iter().map(|it| &it.0).collect();
            assert_eq!(members, homes, "somebody in {id} has no home");
        }
    }

    /// What must be true when nothing waits any more, and everybody's time is over.
    pub(super) fn assert_settled(&self) {
        self.assert_safe();
        for (id, (_, there)) in &self.store.rooms {
            for (peer, home) in &there.homes {
                let node = home.node.as_ref().unwrap_or_else(|| panic!("{peer} in {id} is nowhere"));
                let node = self.nodes.iter().find(|it| it.id == *node).unwrap();
                assert!(node.is_alive, "{peer} in {id} is at a dead node");
                let is_there = node.sessions.peers().flatten().any(|it| it.id == *peer);
                assert!(is_there, "{peer} in {id} is not at {:?}", node.id);
            }
        }
        for node in self.alive() {
            for room in self.nodes[node].sessions.rooms().flatten() {
                let there = self.store.rooms.get(&room.id);
                assert_eq!(there.map(|it| it.1.room.members().len()), Some(room.n_peers), "{:?}", self.nodes[node].id);
            }
        }
        for (n, client) in self.clients.iter().enumerate() {
            if !self.is_there(n) {
                continue;
            }
            let Some(room) = &client.room else { continue };
            let id = PeerId::from(&*client.id);
            let there = self.store.rooms.get(&RoomId::from(&**room));
            let members = there.map(|it| it.1.room.members().to_vec()).unwrap_or_default();
            let at = members.iter().position(|it| *it == id);
            let at = at.unwrap_or_else(|| panic!("client {n} ({id}) believes that it is in {room}: {members:?}"));
            for (m, other) in members.iter().enumerate().filter(|it| *it.1 != id) {
                let is_known = client.others.contains(other.as_str());
                assert!(is_known || (m < at && !client.knows_all), "client {n} has not heard of {other} in {room}");
            }
            for other in &client.others {
                let is_member = members.iter().any(|it| it.as_str() == other);
                assert!(is_member, "client {n} believes that {other} is in {room}");
            }
        }
    }

    pub(super) fn n_members(&self, room: &str) -> usize {
        self.store.rooms.get(&RoomId::from(room)).map_or(0, |it| it.1.room.members().len())
    }

    /// Everything that the store has.
    pub(super) fn stored(&self) -> String {
        format!("{:?} {:?}", self.store.rooms, self.store.sessions)
    }
}

enum Answer {
    Room(Version),
    Committed(Committed, Vec<NodeId>),
    Session(Option<SavedSession>),
    Heard(bool),
    Done,
}

impl Client {
    fn hear(&mut self, event: &Value) {
        let body = &event[1];
        let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
        if event[0] != "GET-ID" {
            self.n_received += 1;
        }
        match event[0].as_str().unwrap() {
            "GET-ID" => {
                let id = text(&body["userID"]);
                self.token = text(&body["resume"]["token"]);
                let rooms = body["resume"]["rooms"].as_array();
                if rooms.is_none() || self.id != id {
                    (self.n_received, self.n_sent, self.room, self.knows_all) = (0, 0, None, false);
                    self.others.clear();
                }
                self.id = id;
                if let Some(rooms) = rooms {
                    let room = rooms.first();
                    self.room = room.map(|it| text(&it["roomID"]));
                    let members = room.and_then(|it| it["members"].as_array()).cloned().unwrap_or_default();
                    self.others = members.iter().map(text).filter(|it| *it != self.id).collect();
                    self.knows_all = true;
                    if let Some(n) = body["resume"]["received"].as_u64() {
                        self.n_sent = n;
                    }
                }
            }
            "CREATE-ROOM" => self.enter(text(&body["roomID"])),
            "JOIN-ROOM" if body["from"].is_object() => {
                if Some(text(&body["from"]["roomID"])) == self.room {
                    self.others.insert(text(&body["from"]["userID"]));
                }
            }
            "JOIN-ROOM" => self.enter(text(&body["requestID"])),
            "DISCONNECTEDUSER" => {
                self.others.remove(&text(&body["userID"]));
            }
            "TYPE-ERROR" => self.refused.push(body["type"].as_u64().unwrap()),
            _ => (),
        }
    }

    fn enter(&mut self, room: String) {
        (self.room, self.knows_all) = (Some(room), false);
        self.others.clear();
    }

    /// Numbers of the signals that it got.
    pub(super) fn signals(&self) -> Vec<u64> {
        self.heard.iter().filter(|it| it[0] == "SIGNAL").filter_map(|it| it[1]["signal"].as_u64()).collect()
    }

    pub(super) fn refused(&self) -> &[u64] {
        &self.refused
    }
}
