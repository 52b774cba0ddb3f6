//! Stars that this server hosts: a session of its own among the others, sockets, and clocks for [`p2pchat_host`], which decides
//! what a host says and passes on.
//!
//! **Invariants:** nothing here is on the way of a signal between people. With `host.enabled` off there is no session, no socket
//! and no task.
mod media_rate;
mod messages;
mod ports;
mod relayed;
mod service;
mod stars;

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use arc_swap::ArcSwapOption;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use p2pchat_host::{Limits, Output, StarHost, Stats};
use tokio::{
    sync::{Notify, mpsc::Receiver},
    task::yield_now,
    time::{sleep, sleep_until},
};
use uuid::Uuid;

use crate::{
    accounting::{Rate, Reason},
    rooms::RoomId,
    sessions::{Realm, SessionHandle, Sessions},
    turn::TurnServer,
};
use media_rate::MediaRate;
use messages::Heard;
use ports::BATCH;
pub use ports::Ports;
use relayed::{Datagram, Relayed};
use service::{Inbox, Queue};
use stars::{Gone, Sink, Stars};

/// What a session of this kind takes from the start.
const SESSION_COST: u64 = 4 * 1024;

/// After a session that ended, or could not begin.
const RETRY: Duration = Duration::from_millis(200);

/// What stars are hosted with.
pub struct Settings {
    /// What original pages show as the host.
    pub name: String,
    /// That somebody is in.
    pub rooms_max: usize,
    /// In all of them.
    pub people_max: usize,
    /// Bytes of sound and pictures sent to people, in all.
    pub bytes: Rate,
    /// Of one star.
    pub limits: Limits,
}

/// What a server hosts and has hosted, in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostingFigures {
    /// Stars that somebody is in.
    pub n_stars: usize,
    /// Of these; what adds up, of those that are over too.
    pub stats: Stats,
}

/// Hosts the stars of one realm.
pub struct Hosting {
    sessions: Sessions,
    realm: Realm,
    settings: Settings,
    ports: Ports,
    relay: Option<Arc<TurnServer>>,
    stars: Stars,
    /// The session that it has now.
    service: ArcSwapOption<Service>,
    /// Something is due earlier than before.
    due: Notify,
    /// It has a session, or was refused one, or cannot go on.
    has_begun: Notify,
    media: Arc<MediaRate>,
}

/// A session that hosts stars, and where it is reached through the relay.
struct Service {
    who: SessionHandle,
    relayed: Option<SocketAddr>,
}

impl Hosting {
    /// Nobody is hosted yet. `relay`: by which people reach it who do not reach the ports.
    pub fn new(
        settings: Settings,
        sessions: &Sessions,
        realm: Realm,
        ports: Ports,
        relay: Option<Arc<TurnServer>>,
    ) -> Arc<Self> {
        let bytes = settings.bytes;
        Arc::new(Hosting {
            sessions: sessions.clone(),
            realm,
            settings,
            ports,
            relay,
            stars: Stars::new(sessions.ledger().clone()),
            service: ArcSwapOption::empty(),
            due: Notify::new(),
            has_begun: Notify::new(),
            media: Arc::new(MediaRate::new(bytes)),
        })
    }

    /// What it does, and has done.
    pub fn figures(&self) -> HostingFigures {
        let mut figures = self.stars.figures();
        figures.stats.packets_dropped += self.media.n_dropped();
        figures
    }

    /// Until whoever asks for a star can have one, or is refused. One caller hears of each beginning.
    pub async fn begins(&self) {
        self.has_begun.notified().await;
    }

    /// Never done but when a socket fails.
    ///
    /// # Errors
    /// A socket fails. Needs a Tokio runtime.
    pub async fn run(self: Arc<Self>) -> io::Result<()> {
        // One task does all of it, so that those who serve the relay never wait for a star.
        let (relayed, waiting) = Relayed::new(self.sessions.ledger().clone(), self.media.clone());
        let ended = tokio::select! {
            () = self.clone().serve(relayed) => Ok(()),
            () = self.keep_time() => Ok(()),
            () = self.receive_relayed(waiting) => Ok(()),
            failed = self.ports.receive(|from, to, datagram| self.on_datagram(from, to, datagram)) => failed,
        };
        self.has_begun.notify_one();
        ended
    }

    /// Has a session that hosts stars, and another one where that ends.
    async fn serve(self: Arc<Self>, through_relay: Relayed) {
        while !self.sessions.is_stopping() {
            if let Ok(account) = self.sessions.ledger().open_service_account(SESSION_COST) {
                let (queue, inbox) = Queue::new(account.clone());
                let who = self.sessions.connect(self.realm, queue, account);
                let open =
                    |it: &Arc<TurnServer>| it.open_local(who.peer().as_str(), false, Arc::new(through_relay.clone()));
                let relayed = self.relay.as_ref().and_then(open);
                let service = Arc::new(Service { who, relayed });
                self.service.store(Some(service.clone()));
                let reason = self.host(&service, inbox).await;
                self.service.store(None);
                self.stars.clear();
                if let Some((relay, address)) = self.relay.as_ref().zip(relayed) {
                    relay.close_local(address);
                }
                self.sessions.disconnect(&service.who, reason);
            }
            self.has_begun.notify_one();
            sleep(RETRY).await;
        }
        std::future::pending().await
    }

    /// Until the session ends.
    async fn host(&self, service: &Service, mut inbox: Inbox) -> Reason {
        self.sessions.host_stars(&service.who, self.settings.rooms_max, self.settings.people_max);
        self.has_begun.notify_one();
        for room in self.sessions.hosted_rooms(&service.who) {
            self.update(service, &room, Gone::Left);
        }
        loop {
            let frame = match inbox.next().await {
                Ok(frame) => frame,
                Err(reason) => return reason,
            };
            match messages::read(&frame.text) {
                Some(Heard::Signal { room, from, signal }) => {
                    self.stars.on_signal(&room, &from, signal, Instant::now(), self);
                }
                Some(Heard::Changed { room }) => self.update(service, &room, Gone::Left),
                Some(Heard::Acted { room }) => self.update(service, &room, Gone::Removed),
                Some(Heard::Returned { room, peer }) => self.stars.on_returned(&room, &peer, Instant::now(), self),
                None => (),
            }
            // What comes from the network has its turn: where everybody comes back at once, much is to be read here.
            yield_now().await;
        }
    }

    /// Brings a star up to date.
    fn update(&self, service: &Service, room: &RoomId, gone: Gone) {
        let candidates = self.ports.addresses().chain(service.relayed).collect();
        let Settings { name, limits, .. } = &self.settings;
        let new = |card| {
            let (name, member, wall_clock) = (name.clone(), member_id(), SystemTime::now());
            let limits = *limits;
            let settings = p2pchat_host::Settings { card, member, name, candidates, limits, history: true, wall_clock };
            StarHost::new(settings, Instant::now())
        };
        self.stars.update(room, self.sessions.hosted_room(&service.who, room), gone, new, Instant::now(), self);
    }

    fn on_datagram(&self, from: SocketAddr, to: SocketAddr, datagram: &[u8]) {
        let now = Instant::now();
        if !self.stars.on_datagram((from, to), datagram, now, self) {
            self.stars.on_unknown((from, to), datagram, now, self);
        }
    }

    /// Never done: the other end is never given up.
    async fn receive_relayed(&self, mut waiting: Receiver<Datagram>) {
        let mut datagrams = Vec::with_capacity(BATCH);
        while waiting.recv_many(&mut datagrams, BATCH).await > 0 {
            for Datagram { from, to, bytes, .. } in datagrams.drain(..) {
                self.on_datagram(from, to, &bytes);
            }
            yield_now().await;
        }
    }

    async fn keep_time(&self) {
        loop {
            let hurry = self.due.notified();
            let next = self.stars.next_due();
            let wait = async {
                match next {
                    Some(next) => sleep_until(next.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = wait => self.stars.on_timer(Instant::now(), self),
                () = hurry => (),
            }
        }
    }
}

impl Sink for Hosting {
    fn put(&self, room: &RoomId, output: Output) {
        let Some(service) = self.service.load_full() else { return };
        match output {
            Output::Signal { to, signal } => {
                self.sessions.receive(&service.who, &*messages::signal(room, &to, &signal));
            }
            Output::Datagram { source, destination, bytes } => {
                if !self.media.admits(&bytes, self.sessions.ledger().now()) {
                    return;
                }
                match self.relay.as_ref().filter(|_| service.relayed == Some(source)) {
                    Some(relay) => relay.send_local(source, destination, &bytes),
                    None => self.ports.send(source, destination, &bytes),
                }
            }
        }
    }

    fn hurry(&self) {
        self.due.notify_one();
    }
}

/// What the host is called between pages of ours: 22 characters, as theirs.
fn member_id() -> String {
    URL_SAFE_NO_PAD.encode(Uuid::new_v4().as_bytes())
}
