//! Sessions on the unhappy wire: queues that fill, clients that are heard after their end, floods, guesses and limits. Without
//! sockets: a connection here is a queue whose bounds and reader the test holds.
use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use p2pchat_server::{
    accounting::{Ledger, Limits as Quotas, Rate, Reason},
    app::realm_settings,
    ice::Ice,
    protocols::{CloseReason, Frame, Incoming, Protocol, mqtt::Mqtt, p2pchat::P2pChat, poc::Poc, videocall::VideoCall},
    rooms::Limits,
    sessions::{Connection, Lifetimes, Queued, Realm, SendQueueFull, SessionHandle, Sessions},
};
use tokio::time::{Instant, advance};

use crate::harness::field;

const GET_ID: &str = r#"["GET-ID",{"requestId":"0"}]"#;
const CREATE: &str = r#"["CREATE-ROOM",{"requestId":"c","maxUsers":20,"name":"n","password":"pw","type":0}]"#;

/// A send queue.
struct Queue {
    frames: Mutex<Vec<String>>,
    frames_max: AtomicUsize,
    /// Whether what is queued is taken at once.
    reads: AtomicBool,
    n_taken: AtomicUsize,
    ended: Mutex<Option<(Reason, Option<CloseReason>)>>,
}

impl Queue {
    fn of(frames_max: usize) -> Arc<Queue> {
        Arc::new(Queue {
            frames: Mutex::default(),
            frames_max: AtomicUsize::new(frames_max),
            reads: AtomicBool::new(false),
            n_taken: AtomicUsize::new(0),
            ended: Mutex::default(),
        })
    }

    fn take(&self) -> Vec<String> {
        let frames: Vec<_> = self.frames.lock().unwrap().drain(..).collect();
        self.n_taken.fetch_add(frames.len(), Ordering::Relaxed);
        frames
    }

    fn reason(&self) -> Option<Reason> {
        self.ended.lock().unwrap().map(|it| it.0)
    }
}

impl Connection for Queue {
    fn send(&self, frame: Frame) -> Result<Queued, SendQueueFull> {
        if self.reads.load(Ordering::Relaxed) {
            self.n_taken.fetch_add(1, Ordering::Relaxed);
        }
        let mut frames = self.frames.lock().unwrap();
        let max = self.frames_max.load(Ordering::Relaxed);
        if frames.len() >= max {
            return Err(SendQueueFull);
        }
        frames.push(frame.text);
        let fullness = u8::try_from(frames.len() * 255 / max).unwrap();
        Ok(Queued { fullness, taken_bytes: self.n_taken.load(Ordering::Relaxed) as u64 })
    }

    fn abort(&self, reason: Reason) {
        self.ended.lock().unwrap().get_or_insert((reason, None));
    }

    fn close(&self, why: CloseReason) {
        self.ended.lock().unwrap().get_or_insert((Reason::ByServer, Some(why)));
    }
}

struct Stage {
    sessions: Sessions,
    realm: Realm,
}

struct Client {
    queue: Arc<Queue>,
    handle: SessionHandle,
}

impl Stage {
    fn of(protocol: &'static dyn Protocol, quotas: Quotas) -> Stage {
        let sessions =
            Sessions::new(Ice { servers: Vec::new(), credential_ttl_s: 60 }, Ledger::new(quotas), Lifetimes::default());
        let limits = Limits { peers_max: 100, rooms_per_peer_max: 100, name_units_max: 20, password_units_max: 100 };
        let realm = sessions.open(realm_settings(protocol, limits));
        Stage { sessions, realm }
    }

    fn connect_from(&self, address: IpAddr, frames_max: usize) -> Client {
        let queue = Queue::of(frames_max);
        let account = self.sessions.ledger().open_account(address, b"", 0).unwrap();
        let handle = self.sessions.connect(self.realm, queue.clone(), account);
        Client { queue, handle }
    }

    fn connect(&self, frames_max: usize) -> Client {
        self.connect_from(Ipv4Addr::LOCALHOST.into(), frames_max)
    }

    /// A peer with an id.
    fn guest(&self, frames_max: usize) -> Client {
        let client = self.connect(frames_max);
        self.say(&client, GET_ID);
        client.queue.take();
        client
    }

    fn say(&self, client: &Client, text: &str) {
        self.sessions.receive(&client.handle, text);
    }

    fn create(&self, client: &Client) -> String {
        self.say(client, CREATE);
        field(client.queue.take().last().unwrap(), "roomID")
    }

    fn join(&self, client: &Client, room: &str, password: &str) -> Vec<String> {
        let join = format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"{password}"}}]"#);
        self.say(client, &join);
        client.queue.take()
    }

    fn signal(&self, from: &Client, to: &Client, room: &str, text: &str) {
        let signal =
            format!(r#"["SIGNAL",{{"target":"{}","room":"{room}","signal":"{text}"}}]"#, to.handle.peer().as_str());
        self.say(from, &signal);
    }

    fn count(&self) -> (usize, usize) {
        let count = self.sessions.counts()[0];
        (count.n_peers, count.n_rooms)
    }

    fn counted(&self, reason: Reason) -> u64 {
        let reasons = self.sessions.ledger().balance().reasons;
        reasons.into_iter().find(|it| it.0 == reason).map_or(0, |it| it.1)
    }
}

#[test]
fn a_client_that_was_ended_is_not_heard_and_leaves_no_ghost() {
    let stage = Stage::of(&P2pChat, Quotas::default());
    let client = stage.connect(1);
    stage.say(&client, GET_ID);
    stage.say(&client, CREATE);
    assert_eq!((client.queue.reason(), stage.count()), (Some(Reason::SendQueueFull), (0, 0)));
    client.queue.take();
    for text in [GET_ID, CREATE, GET_ID, CREATE] {
        stage.say(&client, text);
    }
    stage.sessions.on_alive(&client.handle);
    assert_eq!((stage.count(), client.queue.take()), ((0, 0), vec![]));
    stage.sessions.disconnect(&client.handle, Reason::ClientClosed);
    assert_eq!((stage.count(), stage.counted(Reason::ClientClosed)), ((0, 0), 0), "it was counted once");
}

/// Each peer of the chain shares a room with the next, and none of them has room in its queue.
#[test]
fn a_chain_of_full_queues_ends_without_recursion() {
    const LENGTH: usize = 20_000;
    let chain = || {
        let stage = Stage::of(&P2pChat, Quotas::default());
        let peers: Vec<_> = (0..LENGTH).map(|_| stage.guest(4)).collect();
        for pair in peers.windows(2) {
            let room = stage.create(&pair[0]);
            stage.join(&pair[1], &room, "pw");
            pair[0].queue.take();
        }
        peers.iter().for_each(|it| it.queue.frames_max.store(0, Ordering::Relaxed));
        assert_eq!(stage.count(), (LENGTH, LENGTH - 1));
        stage.sessions.disconnect(&peers[0].handle, Reason::TransportError);
        assert_eq!((stage.count(), stage.counted(Reason::SendQueueFull)), ((0, 0), LENGTH as u64 - 1));
    };
    thread::Builder::new().stack_size(128 * 1024).spawn(chain).unwrap().join().unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_floods_a_reader_ends_and_the_reader_stays_with_all_that_others_said() {
    let stage = Stage::of(&P2pChat, Quotas::default());
    let [flooder, reader, friend] = [(); 3].map(|()| stage.guest(100));
    let room = stage.create(&reader);
    for it in [&flooder, &friend] {
        stage.join(it, &room, "pw");
    }
    reader.queue.take();
    reader.queue.reads.store(true, Ordering::Relaxed);
    let mut heard = Vec::new();
    for n in 0..200 {
        stage.signal(&flooder, &reader, &room, "flood");
        advance(Duration::from_millis(20)).await;
        if flooder.queue.reason().is_some() {
            heard.extend(reader.queue.take());
        }
        if n % 20 == 0 {
            stage.signal(&friend, &reader, &room, "friend");
        }
    }
    assert_eq!((reader.queue.reason(), friend.queue.reason()), (None, None));
    assert!(flooder.queue.reason().is_some());
    assert_eq!((stage.counted(Reason::Flooding), stage.count()), (1, (2, 1)));
    heard.extend(reader.queue.take());
    assert_eq!(heard.iter().filter(|it| it.contains("friend")).count(), 10, "nothing of the friend is lost");
}

#[test]
fn who_does_not_read_ends_itself() {
    let stage = Stage::of(&P2pChat, Quotas::default());
    let [sender, deaf] = [(); 2].map(|()| stage.guest(100));
    let room = stage.create(&deaf);
    stage.join(&sender, &room, "pw");
    for _ in 0..200 {
        stage.signal(&sender, &deaf, &room, "signal");
    }
    assert_eq!((deaf.queue.reason(), sender.queue.reason()), (Some(Reason::SendQueueFull), None));
}

#[test]
fn what_a_request_causes_for_others_is_paid_by_who_makes_it() {
    let relayed_bytes = Rate { per_second: 1, burst: 1_000_000 };
    let stage = Stage::of(&VideoCall, Quotas { relayed_bytes, ..Quotas::default() });
    let join = r#"{"type":"join-room","roomId":"r"}"#;
    let people: Vec<_> = (0..99).map(|_| stage.connect(1_000_000)).collect();
    people.iter().for_each(|it| stage.say(it, join));
    people.iter().for_each(|it| drop(it.queue.take()));
    let newcomer = stage.connect(1_000_000);
    let mut n_bytes = 0;
    for n in 0..1_000 {
        stage.say(&newcomer, join);
        stage.say(&newcomer, &format!(r#"{{"type":"join-room","roomId":"other {n}"}}"#));
        n_bytes += people.iter().flat_map(|it| it.queue.take()).map(|it| it.len()).sum::<usize>();
    }
    assert!(newcomer.queue.ended.lock().unwrap().is_some_and(|it| it.1.is_some_and(|it| it.code == 1008)));
    assert_eq!((stage.counted(Reason::RelayRate), stage.count().0), (1, 99));
    assert!(n_bytes < 1_500_000, "{n_bytes} bytes for 1,000,000 allowed");
}

#[tokio::test(start_paused = true)]
async fn guessing_a_password_slows_down_whatever_the_connection_and_the_people_are_told() {
    let stage = Stage::of(&P2pChat, Quotas::default());
    let (host, quiet) = (stage.connect(100), stage.guest(100));
    stage.say(&host, r#"["GET-ID",{"requestId":"0","alerts":true}]"#);
    host.queue.take();
    let room = stage.create(&host);
    stage.join(&quiet, &room, "pw");
    host.queue.take();
    let there = IpAddr::from([192, 0, 2, 1]);
    let guesser = || {
        let client = stage.connect_from(there, 100);
        stage.say(&client, GET_ID);
        client.queue.take();
        client
    };
    let wrong = r#"["TYPEERROR",{"type":1,"requestID":"j"}]"#;
    let later = r#"["TYPEERROR",{"type":4,"requestID":"j"}]"#;
    for _ in 0..5 {
        assert_eq!(stage.join(&guesser(), &room, "no"), [wrong]);
    }
    assert_eq!(
        host.queue.take(),
        [format!(r#"["ROOM-ALERT",{{"roomID":"{room}","type":"password-attempts","count":5}}]"#)]
    );
    assert!(quiet.queue.take().is_empty(), "whoever has not asked for alerts gets none");
    let mut n_tried = 0;
    for _ in 0..600 {
        n_tried += usize::from(stage.join(&guesser(), &room, "no") == [wrong]);
        advance(Duration::from_secs(1)).await;
    }
    assert!((10..20).contains(&n_tried), "{n_tried} guesses in ten minutes");
    assert_eq!(stage.join(&guesser(), &room, "pw"), [later], "a right one has to wait, too");
    assert!(stage.counted(Reason::PasswordAttempts) > 500);
    let honest = stage.guest(100);
    assert!(stage.join(&honest, &room, "pw")[0].starts_with(r#"["JOIN-ROOM""#), "others are not slowed down");
    advance(Duration::from_secs(61)).await;
    assert!(stage.join(&guesser(), &room, "pw")[0].starts_with(r#"["JOIN-ROOM""#));
}

#[test]
fn rooms_have_a_rate_for_each_address_and_a_number_in_all() {
    let address_rooms = Rate { per_second: 1, burst: 3 };
    let stage = Stage::of(&P2pChat, Quotas { address_rooms, rooms_max: 5, ..Quotas::default() });
    let refused = r#"["TYPEERROR",{"type":4,"requestID":"c"}]"#;
    let client = stage.guest(100);
    (0..3).for_each(|_| drop(stage.create(&client)));
    let again = stage.guest(100);
    stage.say(&again, CREATE);
    assert_eq!((again.queue.take(), stage.counted(Reason::AddressRoomRate)), (vec![refused.to_owned()], 1));
    for n in 1..4 {
        let elsewhere = stage.connect_from([192, 0, 2, n].into(), 100);
        stage.say(&elsewhere, GET_ID);
        elsewhere.queue.take();
        stage.say(&elsewhere, CREATE);
    }
    assert_eq!((stage.count().1, stage.counted(Reason::RoomsMax)), (5, 1));
}

#[test]
fn rooms_are_refused_when_memory_is_full_and_their_memory_is_counted() {
    let stage = Stage::of(&P2pChat, Quotas { memory_bytes_max: 64 * 1024 * 1024, ..Quotas::default() });
    let clients: Vec<_> = (0..300).map(|_| stage.guest(200)).collect();
    for client in &clients {
        (0..100).for_each(|_| stage.say(client, CREATE));
    }
    let held = stage.sessions.ledger().balance().memory.held;
    assert!(stage.counted(Reason::MemoryFull) > 0 && held <= 64 * 1024 * 1024, "{held}");
    for client in &clients {
        stage.sessions.disconnect(&client.handle, Reason::ClientClosed);
    }
    drop(clients);
    assert_eq!((stage.count(), stage.sessions.ledger().balance().memory.held), ((0, 0), 0));
}

#[test]
fn what_is_said_while_waiting_is_counted_and_bounded() {
    let stage = Stage::of(&Poc, Quotas::default());
    let join = r#"{"type":"join","room":"r"}"#;
    let [a, b, waiter] = [(); 3].map(|()| stage.connect(100));
    [&a, &b, &waiter].into_iter().for_each(|it| stage.say(it, join));
    let held = || stage.sessions.ledger().balance().memory.held;
    let before = held();
    let offer = r#"{"type":"signal","payload":{"sdp":{"type":"offer"}}}"#;
    (0..64).for_each(|_| stage.say(&waiter, offer));
    assert!(held() > before + 64 * offer.len() as u64);
    assert_eq!(stage.count().0, 3);
    stage.say(&waiter, offer);
    assert_eq!((stage.count().0, stage.counted(Reason::InboxFull), held()), (2, 1, before));
    // Messages that no page would send are not kept at all.
    let waiter = stage.connect(100);
    stage.say(&waiter, join);
    (0..100_000).for_each(|_| stage.say(&waiter, ""));
    assert_eq!(stage.count().0, 3);
}

#[test]
fn offers_that_are_kept_for_absent_names_are_held_by_who_made_them() {
    let stage = Stage::of(&Mqtt, Quotas::default());
    let client = stage.connect(1_000);
    let publish = |topic: &str, text: &str| {
        let message = Incoming { sender: "ann", topic, text, attachments: [].into() };
        stage.sessions.receive(&client.handle, message);
    };
    publish("system/register", r#"{"username":"ann"}"#);
    let offer = format!(r#"{{"type":"signal-offer","offer":"{}"}}"#, "x".repeat(60_000));
    (0..40).for_each(|n| publish(&format!("absent {n}/incoming"), &offer));
    let held = stage.sessions.ledger().balance().memory.held;
    assert!((32 * 60_000..32 * 66_000).contains(&held), "{held}");
    stage.sessions.disconnect(&client.handle, Reason::ClientClosed);
    drop(client);
    assert_eq!(stage.sessions.ledger().balance().memory.held, 0);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_offers_is_one_timer_for_each_pair() {
    let stage = Stage::of(&Mqtt, Quotas::default());
    let [ann, bob] = ["ann", "bob"].map(|name| {
        let client = stage.connect(1_000_000);
        let text = format!(r#"{{"username":"{name}"}}"#);
        let message = Incoming { sender: name, topic: "system/register", text: &text, attachments: [].into() };
        stage.sessions.receive(&client.handle, message);
        client
    });
    for _ in 0..10_000 {
        let message = Incoming {
            sender: "ann",
            topic: "bob/incoming",
            text: r#"{"type":"signal-offer"}"#,
            attachments: [].into(),
        };
        stage.sessions.receive(&ann.handle, message);
    }
    assert_eq!(stage.sessions.n_timers(), 1);
    let due = Instant::now() + Duration::from_secs(60);
    (0..10).for_each(|_| stage.sessions.on_timers(due));
    assert_eq!(stage.sessions.n_timers(), 0);
    drop(bob);
}

#[test]
fn ids_that_ascend_do_not_tell_how_many_requests_there_are() {
    let stage = Stage::of(&VideoCall, Quotas::default());
    let first = stage.connect(100_000);
    (0..1_000).for_each(|_| stage.say(&first, r#"{"type":"get-users"}"#));
    let second = stage.connect(10);
    let ids: BTreeSet<_> = [&first, &second].map(|it| it.handle.peer().to_string()).into();
    assert_eq!(ids, ["u000000000001", "u000000000002"].map(str::to_owned).into());
}
