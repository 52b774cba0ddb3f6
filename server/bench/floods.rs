//! Floods of each kind from one address, beside a pair in another room: how long that pair's signals take meanwhile, how
//! much memory the server occupies, and which reasons it counts. The limits of the settings are in force.
use std::{
    io::{self, ErrorKind, Read as _, Write as _},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::time::{interval, timeout};

use crate::{
    Result,
    attacker::{CREATE, HostileSocket, Target, join},
    cli::Options,
    health::Health,
    peer::Peer,
    report::{Figure, quantile},
    server::Live,
    signal::{Signal, stamps},
    wire::{TEXT, frame},
};

/// Signals of the bystanders.
const EVERY: Duration = Duration::from_millis(10);
/// A signal that took longer counts as lost.
const LOST_AFTER: Duration = Duration::from_secs(10);
/// Sockets that an attacker holds at a time, where the attack is in their number.
const N_HELD: usize = 800;
const PING: u8 = 0x9;
const BINARY: u8 = 0x2;
/// The preface of HTTP/2 and an empty SETTINGS frame (RFC 9113, sections 3.4 and 6.5).
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";

/// Does its worst until it is told to stop; an error ends one attempt, and the next begins.
pub(crate) type Attack = fn(&Target, &AtomicBool) -> io::Result<()>;

/// Each kind by its name.
pub(crate) const KINDS: &[(&str, Attack)] = &[
    ("nothing", |_, stop| hold(stop)),
    ("signals to one who reads", |target, stop| {
        let (mut from, mut to, id, room) = target.pair()?;
        let signal = signals(&id, &room, 1_500, 64)?;
        repeat(&mut from, &signal, stop, |_| to.drain())
    }),
    ("signals to one who does not read", |target, stop| {
        let (mut from, _to, id, room) = target.pair()?;
        let signal = signals(&id, &room, 100_000, 4)?;
        repeat(&mut from, &signal, stop, HostileSocket::drain)
    }),
    ("joins and leaves", |target, stop| {
        let (mut from, mut to, _, room) = target.pair()?;
        let leave = format!(r#"42["DISCONNECTEDUSER","{room}"]"#);
        let words = [frame(TEXT, leave.as_bytes()), frame(TEXT, join(&room, "").as_bytes())].concat().repeat(64);
        repeat(&mut to, &words, stop, |to| to.drain().and_then(|()| from.drain()))
    }),
    ("requests for an id", |target, stop| {
        let (mut socket, _) = target.session()?;
        let words = frame(TEXT, br#"42["GET-ID",{"requestId":"1"}]"#).repeat(256);
        repeat(&mut socket, &words, stop, HostileSocket::drain)
    }),
    ("wrong passwords", |target, stop| {
        let (_creator, _member, _, room) = target.pair()?;
        let (mut stranger, _) = target.session()?;
        let words = frame(TEXT, join(&room, "guess").as_bytes()).repeat(64);
        repeat(&mut stranger, &words, stop, HostileSocket::drain)
    }),
    ("rooms", |target, stop| {
        let (mut socket, _) = target.session()?;
        repeat(&mut socket, &frame(TEXT, CREATE.as_bytes()).repeat(64), stop, HostileSocket::drain)
    }),
    ("pings, and no pong is read", |target, stop| {
        let mut socket = target.websocket()?;
        repeat(&mut socket, &frame(PING, &[0; 125]).repeat(500), stop, |_| Ok(()))
    }),
    ("pings", |target, stop| {
        let (mut socket, _) = target.session()?;
        repeat(&mut socket, &frame(PING, &[0; 125]).repeat(100), stop, HostileSocket::drain)
    }),
    ("answers that nobody asked for", |target, stop| {
        let (mut socket, _) = target.session()?;
        repeat(&mut socket, &frame(TEXT, b"3").repeat(2_000), stop, |_| Ok(()))
    }),
    ("fragments of one byte", |target, stop| {
        let (mut socket, _) = target.session()?;
        let mut part = frame(0, b"2");
        part[0] = 0;
        let mut first = frame(TEXT, b"4");
        first[0] = TEXT;
        socket.stream.write_all(&first)?;
        repeat(&mut socket, &part.repeat(4_000), stop, |_| Ok(()))
    }),
    ("messages that never end", |target, stop| {
        hold_many(target, stop, |target| {
            let (mut socket, _) = target.session()?;
            socket.say(r#"4510-["SIGNAL",{}]"#)?;
            socket.stream.write_all(&frame(BINARY, &vec![0; 90_000]).repeat(9))?;
            Ok(socket.stream)
        })
    }),
    ("polling sessions", |target, stop| {
        let mut stream = target.connect()?;
        let request = target.get(&format!("{}?EIO=4&transport=polling", target.path)).repeat(64);
        repeat_raw(&mut stream, request.as_bytes(), stop, true)
    }),
    ("connections", |target, stop| {
        while !stop.load(Ordering::Relaxed) {
            drop(target.connect()?);
        }
        Ok(())
    }),
    ("half a request", |target, stop| {
        hold_many(target, stop, |target| {
            let mut stream = target.connect()?;
            stream.write_all(b"GET / HTTP/1.1\r\nHost: ")?;
            Ok(stream)
        })
    }),
    ("pages that nobody reads", |target, stop| {
        hold_many(target, stop, |target| {
            let mut stream = target.connect()?;
            let file = format!("{}socket.io.js", target.path);
            stream.write_all(target.get(&file).repeat(100).as_bytes())?;
            Ok(stream)
        })
    }),
    ("pings of HTTP/2", |target, stop| {
        let mut stream = target.connect()?;
        stream.write_all(HTTP2)?;
        repeat_raw(&mut stream, &[&[0, 0, 8, 6, 0, 0, 0, 0, 0][..], &[0; 8]].concat().repeat(1_000), stop, true)
    }),
    ("settings of HTTP/2", |target, stop| {
        let mut stream = target.connect()?;
        stream.write_all(HTTP2)?;
        repeat_raw(&mut stream, &[0, 0, 0, 4, 0, 0, 0, 0, 0].repeat(1_000), stop, true)
    }),
];

/// Everything about one kind.
pub(crate) async fn run(server: &Live, options: &Options, (name, attack): (&str, Attack)) -> Result<Vec<Figure>> {
    let target = Target { socket: server.address.socket, path: server.address.path.clone() };
    let mut bystanders = Bystanders::meet(server).await?;
    let mut health = Health::open(target.socket)?;
    let before = health.reasons()?;
    let stop = Arc::new(AtomicBool::new(false));
    let resident = Arc::new(AtomicU64::new(0));
    let attacker = {
        let (target, stop) = (target.clone(), stop.clone());
        thread::spawn(move || attempt(&target, attack, &stop))
    };
    let watcher = {
        let (process, stop, resident) = (server.process, stop.clone(), resident.clone());
        thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                resident.fetch_max(process.resident().unwrap_or_default() as u64, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(20));
            }
        })
    };
    let heard = bystanders.signal(Duration::from_secs_f64(options.seconds)).await;
    stop.store(true, Ordering::Relaxed);
    attacker.join().map_err(|_| "the attacker failed")?;
    watcher.join().map_err(|_| "the watcher failed")?;
    let (mut latencies, lost) = heard?;
    latencies.sort_unstable();
    let ms = |share| quantile(&latencies, share) as f64 / 1e6;
    let mut figures = vec![
        Figure::median(format!("{name}: p50"), "ms", ms(0.5)),
        Figure::median(format!("{name}: p99"), "ms", ms(0.99)),
        Figure::sum(format!("{name}: lost"), "", lost as f64),
        Figure::median(format!("{name}: memory, most"), "MB", resident.load(Ordering::Relaxed) as f64 / 1e6),
    ];
    figures.extend(health.reasons()?.into_iter().filter_map(|(reason, n)| {
        let n_before = before.get(&reason).copied().unwrap_or_default();
        (n > n_before).then(|| Figure::sum(format!("{name}: {reason}"), "", (n - n_before) as f64))
    }));
    Ok(figures)
}

/// One attempt after the other, as fast as the server lets them.
fn attempt(target: &Target, attack: Attack, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        if attack(target, stop).is_err() {
            thread::yield_now();
        }
    }
}

/// Sends the same over and over, and looks after each time at what came.
fn repeat(
    socket: &mut HostileSocket,
    bytes: &[u8],
    stop: &AtomicBool,
    mut after: impl FnMut(&mut HostileSocket) -> io::Result<()>,
) -> io::Result<()> {
    while !stop.load(Ordering::Relaxed) {
        socket.stream.write_all(bytes)?;
        after(socket)?;
    }
    Ok(())
}

fn repeat_raw(stream: &mut TcpStream, bytes: &[u8], stop: &AtomicBool, reads: bool) -> io::Result<()> {
    let mut buffer = [0; 65_536];
    while !stop.load(Ordering::Relaxed) {
        stream.write_all(bytes)?;
        if reads && stream.read(&mut buffer)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

/// Opens sockets until there are many, and keeps them; what the server closes is opened anew.
fn hold_many(target: &Target, stop: &AtomicBool, open: impl Fn(&Target) -> io::Result<TcpStream>) -> io::Result<()> {
    let mut held = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        if held.len() < N_HELD
            && let Ok(stream) = open(target)
        {
            held.push(stream);
        } else {
            thread::sleep(Duration::from_millis(1));
        }
    }
    Ok(())
}

fn hold(stop: &AtomicBool) -> io::Result<()> {
    while !stop.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

fn signals(target: &str, room: &str, bytes: usize, times: usize) -> io::Result<Vec<u8>> {
    let mut signal = Signal::new(target, room, bytes).map_err(io::Error::other)?;
    Ok(signal.stamped(0, Duration::ZERO).repeat(times))
}

/// Two people in a room of their own, at another address.
struct Bystanders {
    speaker: Peer,
    listener: Peer,
    there: Signal,
    back: Signal,
}

impl Bystanders {
    async fn meet(server: &Live) -> Result<Self> {
        let (mut speaker, mut listener) = (Peer::arrive(&server.address).await?, Peer::arrive(&server.address).await?);
        let room = speaker.create_room(2).await?;
        listener.join_room(&room).await?;
        let (there, back) = (Signal::new(&listener.id, &room, 1_500)?, Signal::new(&speaker.id, &room, 1_500)?);
        Ok(Self { speaker, listener, there, back })
    }

    /// Signals there and back for so long: how long each took, in nanoseconds, and how many are lost.
    async fn signal(&mut self, lasting: Duration) -> Result<(Vec<u64>, usize)> {
        let begun = Instant::now();
        let Self { speaker, listener, there, back } = self;
        let sending = speaker.reader.connection.clone();
        let mut tick = interval(EVERY);
        let n_sent = (lasting.as_nanos() / EVERY.as_nanos()) as u64;
        let send = async {
            for number in 1..=n_sent {
                tick.tick().await;
                sending.send(there.stamped(number, begun.elapsed()))?;
            }
            Ok::<_, crate::Error>(())
        };
        let answer = async {
            loop {
                let message = listener.reader.next().await?.ok_or("a bystander was disconnected")?;
                if let Some((number, due)) = stamps(message) {
                    listener.reader.connection.send(back.stamped(number, due))?;
                    if number == n_sent {
                        return Ok::<_, crate::Error>(());
                    }
                }
            }
        };
        let mut latencies = Vec::new();
        let hear = async {
            loop {
                let message = speaker.reader.next().await?.ok_or("a bystander was disconnected")?;
                if let Some((number, due)) = stamps(message) {
                    latencies.push((begun.elapsed() - due).as_nanos() as u64);
                    if number == n_sent {
                        return Ok::<_, crate::Error>(());
                    }
                }
            }
        };
        let all = async { tokio::try_join!(send, answer, hear) };
        if let Ok(ended) = timeout(lasting + LOST_AFTER, all).await {
            ended?;
        }
        let lost = n_sent as usize - latencies.len();
        Ok((latencies, lost))
    }
}
