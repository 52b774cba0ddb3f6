//! One Engine.IO session, whatever carries it: what its client sends and is sent, packet by packet.
//!
//! **Invariants:** a packet counts the same in a websocket's frame and in a polled body. What the library keeps of a message
//! whose attachments have not all come is held on the session's account, is at most as long as any message, and has to be
//! complete in time.
use std::{
    mem,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use socketioxide::socket::Sid;

use super::{
    cookie::Cookie,
    engine_io::{EngineIo, UpgradeGuard},
};
use crate::{
    accounting::Reason,
    ice::ReachedAs,
    protocols::Frame as OutgoingFrame,
    transports::{
        end_without_session,
        frame_meter::{Frame, FrameKind},
        meter::Meter,
        metered_stream::FrameObserver,
    },
};

/// For the attachments of a message, from its text on.
const ATTACHMENTS_TIMEOUT: Duration = Duration::from_secs(30);

/// Requests of one kind that a session may have open. A second poll ends the session, so that there must be room for it.
const REQUESTS_MAX: usize = 2;

/// Lives as long as its session.
pub(super) struct EngineSession {
    pub(super) meter: Arc<Meter>,
    /// By which name the client reached this server.
    pub(super) reached: Option<ReachedAs>,
    /// A websocket carries the session, or is about to.
    is_websocket: AtomicBool,
    /// CONNECT has come.
    is_connected: AtomicBool,
    /// The client has said that it goes.
    is_closed: AtomicBool,
    /// What it began with.
    cookie: OnceLock<Cookie>,
    /// A later request has brought the cookie back.
    is_recognised: AtomicBool,
    partial: Mutex<PartialEvent>,
    polls: AtomicUsize,
    posts: AtomicUsize,
    /// Of a session that began with polling: where to remove it when it ends.
    entry: OnceLock<(Sid, Weak<EngineIo>)>,
}

/// A socket.io event whose attachments have not all come.
#[derive(Default)]
struct PartialEvent {
    n_missing: usize,
    /// Held on the account.
    n_bytes: u64,
}

/// One of few requests that may be open at a time; until it is dropped.
pub(super) struct Turn {
    session: Arc<EngineSession>,
    request: Polling,
}

/// What a request of a polling session does.
#[derive(Clone, Copy)]
pub(super) enum Polling {
    Poll,
    Post,
}

impl EngineSession {
    pub(super) fn new(meter: Arc<Meter>, reached: Option<ReachedAs>) -> Arc<Self> {
        Arc::new(EngineSession {
            meter,
            reached,
            is_websocket: AtomicBool::new(false),
            is_connected: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
            cookie: OnceLock::new(),
            is_recognised: AtomicBool::new(false),
            partial: Mutex::default(),
            polls: AtomicUsize::new(0),
            posts: AtomicUsize::new(0),
            entry: OnceLock::new(),
        })
    }

    /// Marks the session as carried by a websocket. `false`: it is already.
    pub(super) fn claim_websocket(&self) -> bool {
        !self.is_websocket.swap(true, Ordering::SeqCst)
    }

    pub(super) fn is_websocket(&self) -> bool {
        self.is_websocket.load(Ordering::SeqCst)
    }

    pub(super) fn set_entry(&self, sid: Sid, engine_io: Weak<EngineIo>) {
        self.entry.get_or_init(|| (sid, engine_io));
    }

    pub(super) fn set_cookie(&self, cookie: Cookie) {
        self.cookie.get_or_init(|| cookie);
    }

    /// A later request of this session has brought a cookie.
    pub(super) fn on_cookie(&self, cookie: &Cookie) {
        if self.cookie.get() == Some(cookie) {
            self.is_recognised.store(true, Ordering::Relaxed);
        }
    }

    /// The cookie, if it has come back.
    pub(super) fn recognised(&self) -> Option<&Cookie> {
        self.cookie.get().filter(|_| self.is_recognised.load(Ordering::Relaxed))
    }

    /// Whether the client has closed the connection properly.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }

    pub(super) fn on_connect(&self) {
        self.is_connected.store(true, Ordering::Relaxed);
    }

    /// What had to come until CONNECT has come. Attachments that are owed since are owed still: more may have been read than was
    /// handled.
    pub(super) fn has_begun(&self) {
        if self.partial().n_missing == 0 {
            self.meter.expect(None);
        }
    }

    /// The client has sent a frame of a websocket.
    ///
    /// # Errors
    /// The session has to end.
    pub(super) fn on_frame(&self, frame: &Frame) -> Result<(), Reason> {
        match frame.kind {
            FrameKind::Text if frame.is_last => self.on_text(frame.head(), frame.n_message),
            FrameKind::Binary if frame.is_last => self.on_binary(frame.n_message),
            FrameKind::Close => {
                self.is_closed.store(true, Ordering::Relaxed);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The client has sent a text packet, of which `head` is the beginning.
    ///
    /// # Errors
    /// The session has to end.
    pub(super) fn on_text(&self, head: &[u8], n_bytes: u64) -> Result<(), Reason> {
        match head {
            [b'3'] if n_bytes == 1 => self.meter.on_pong(),
            // Engine.IO's close and socket.io's disconnect.
            [b'1'] | [b'4', b'1', ..] => self.is_closed.store(true, Ordering::Relaxed),
            // The upgrade is complete: pings go on.
            [b'5'] if n_bytes == 1 => self.meter.extend(Duration::ZERO),
            [b'4', b'5' | b'6', rest @ ..] => return self.begin_event(rest, n_bytes),
            _ => (),
        }
        Ok(())
    }

    /// The client has sent a binary packet.
    ///
    /// # Errors
    /// The session has to end.
    pub(super) fn on_binary(&self, n_bytes: u64) -> Result<(), Reason> {
        let mut partial = self.partial();
        if partial.n_missing == 0 {
            // The library refuses it.
            return Ok(());
        }
        partial.n_missing -= 1;
        partial.n_bytes += n_bytes;
        let n_message = partial.n_bytes;
        let is_complete = partial.n_missing == 0;
        if is_complete {
            partial.n_bytes = 0;
        }
        drop(partial);
        if is_complete {
            self.meter.expect(None);
            self.meter.account().release(n_message - n_bytes);
        } else {
            self.meter.account().hold(n_bytes);
        }
        if n_message > self.meter.limits().message_bytes_max as u64 { Err(Reason::MessageTooLong) } else { Ok(()) }
    }

    /// The client was sent a text packet.
    pub(super) fn on_text_sent(&self, head: &[u8], n_bytes: u64) {
        match head {
            [b'2'] if n_bytes == 1 => self.meter.on_ping_sent(),
            [b'4', b'2' | b'5', ..] => self.meter.unqueue(1, n_bytes, true),
            _ => (),
        }
    }

    /// `rest` follows the packet's types: the number of attachments, and a `-`.
    fn begin_event(&self, rest: &[u8], n_bytes: u64) -> Result<(), Reason> {
        let n_digits = rest.iter().take_while(|it| it.is_ascii_digit()).count();
        if n_digits == rest.len() {
            // Not even the longest number is as long as what is seen of a packet.
            return Err(Reason::ProtocolError);
        }
        let number = rest.get(..n_digits).and_then(|it| std::str::from_utf8(it).ok()?.parse::<usize>().ok());
        let Some(n_attachments) = number.filter(|it| *it > 0 && rest.get(n_digits) == Some(&b'-')) else {
            // The library refuses it, or needs no more.
            return Ok(());
        };
        let old = mem::replace(&mut *self.partial(), PartialEvent { n_missing: n_attachments, n_bytes });
        self.meter.expect(Some((ATTACHMENTS_TIMEOUT, Reason::BodyTimeout)));
        self.meter.account().hold(n_bytes);
        self.meter.account().release(old.n_bytes);
        Ok(())
    }

    fn partial(&self) -> MutexGuard<'_, PartialEvent> {
        self.partial.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for EngineSession {
    fn drop(&mut self) {
        if let Some((sid, engine_io)) = self.entry.take()
            && let Some(engine_io) = engine_io.upgrade()
        {
            engine_io.remove(sid);
        }
        let partial = self.partial.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.meter.account().release(partial.n_bytes);
        let is_websocket = *self.is_websocket.get_mut();
        let reason = self.meter.end(if is_websocket { Reason::ClientClosed } else { Reason::IdleTimeout });
        if !*self.is_connected.get_mut() {
            end_without_session(self.meter.account().ledger(), reason);
        }
        // Whoever waits for its deadlines is done.
        self.meter.abort(reason);
    }
}

impl Turn {
    /// `None`: as many requests as may be are open.
    pub(super) fn take(session: &Arc<EngineSession>, request: Polling) -> Option<Turn> {
        let turn = Turn { session: session.clone(), request };
        (turn.counter().fetch_add(1, Ordering::SeqCst) < REQUESTS_MAX).then_some(turn)
    }

    fn counter(&self) -> &AtomicUsize {
        match self.request {
            Polling::Poll => &self.session.polls,
            Polling::Post => &self.session.posts,
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.counter().fetch_sub(1, Ordering::SeqCst);
    }
}

/// How many packets an event is, and their bytes as a websocket carries them.
pub(super) fn size_of(frame: &OutgoingFrame) -> (usize, u64) {
    let n_attachments = frame.attachments.len();
    // `42`, or `453-` before three attachments.
    let prefix = if n_attachments == 0 { 2 } else { format!("45{n_attachments}-").len() };
    let n_bytes = frame.attachments.iter().map(bytes::Bytes::len).sum::<usize>() + prefix + frame.text.len();
    (1 + n_attachments, n_bytes as u64)
}

/// A session's packets in the frames of a websocket.
pub(super) struct EngineFrames {
    pub(super) session: Arc<EngineSession>,
    /// Of a session that moves to this websocket; dropped with it.
    pub(super) guard: Option<UpgradeGuard>,
}

impl FrameObserver for EngineFrames {
    fn on_received(&mut self, frame: &Frame) -> Result<(), Reason> {
        self.session.on_frame(frame)
    }

    fn on_sent(&mut self, frame: &Frame) {
        match frame.kind {
            FrameKind::Text => self.session.on_text_sent(frame.head(), frame.n_message),
            FrameKind::Binary => self.session.meter.unqueue(1, frame.n_message, true),
            _ => (),
        }
    }
}
