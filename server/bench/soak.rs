//! Clients who come, talk, go, die and misbehave, again and again, and what is left of them when all are gone.
use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use crate::{
    Result, chance::Chance, cli::Options, handshake::Address, health::Health, peer::Peer, report::Figure, server::Live,
    signal::Signal,
};

const MIB: f64 = 1024.0 * 1024.0;
/// Longer than any grace time and any deadline of the server's settings.
const GONE_WITHIN: Duration = Duration::from_secs(180);
/// The longest that one visit lasts, in milliseconds.
const VISIT_MS_MAX: u64 = 20_000;
const SIGNALS: u64 = 20;

/// What a visitor does.
#[derive(Clone, Copy)]
enum Visit {
    /// Says goodbye after a while.
    Idle,
    /// Makes a room, into which others come.
    Host,
    /// Joins somebody's room and talks there.
    Guest,
    /// Could come back, and does not.
    Vanish,
    /// Begins to poll, and never polls.
    Poll,
    /// Sends a message whose attachments never come.
    Half,
    /// Breaks the rules.
    Garbage,
    /// Begins a request and no more.
    Knock,
    /// Asks and asks, and reads no answer.
    Deaf,
}

const VISITS: [Visit; 12] = [
    Visit::Idle,
    Visit::Host,
    Visit::Host,
    Visit::Guest,
    Visit::Guest,
    Visit::Guest,
    Visit::Vanish,
    Visit::Poll,
    Visit::Half,
    Visit::Garbage,
    Visit::Knock,
    Visit::Deaf,
];

struct Town {
    address: Address,
    /// Rooms, each with its maker's id.
    rooms: Mutex<Vec<(String, String)>>,
    is_closing: AtomicBool,
    n_visits: AtomicU64,
    n_failed: AtomicU64,
}

/// What the server says of itself, and the system of it.
struct Look {
    sessions: f64,
    connections: f64,
    rooms: f64,
    held: f64,
    files: f64,
    resident: f64,
}

/// For so many seconds, with so many visitors at a time.
pub(crate) async fn run(server: &Live, options: &Options) -> Result<Vec<Figure>> {
    let town = Arc::new(Town {
        address: server.address.clone(),
        rooms: Mutex::default(),
        is_closing: AtomicBool::new(false),
        n_visits: AtomicU64::new(0),
        n_failed: AtomicU64::new(0),
    });
    // The first crowd makes the server as large as a crowd makes it.
    visit(&town, options.connections, Duration::from_secs(30)).await;
    let before = all_gone(server).await?;
    visit(&town, options.connections, Duration::from_secs_f64(options.seconds)).await;
    let after = all_gone(server).await?;
    let count = |n: &AtomicU64| n.load(Ordering::Relaxed) as f64;
    let left = |what: &str, after: f64, before: f64| Figure::sum(format!("soak: {what} left"), "", after - before);
    Ok(vec![
        Figure::sum("soak: visits", "", count(&town.n_visits)),
        Figure::sum("soak: visits that failed", "", count(&town.n_failed)),
        left("sessions", after.sessions, before.sessions),
        left("rooms", after.rooms, before.rooms),
        left("connections", after.connections, before.connections),
        left("open files", after.files, before.files),
        left("bytes held", after.held, before.held),
        Figure::median("soak: resident before", "MiB", before.resident / MIB),
        Figure::median("soak: resident after", "MiB", after.resident / MIB),
    ])
}

async fn visit(town: &Arc<Town>, n_at_a_time: usize, lasting: Duration) {
    town.is_closing.store(false, Ordering::Relaxed);
    let visitors: Vec<_> = (1..=n_at_a_time as u64)
        .map(|n| {
            let town = town.clone();
            tokio::spawn(async move {
                let mut chance = Chance::of(n);
                sleep(Duration::from_millis(chance.below(VISIT_MS_MAX))).await;
                while !town.is_closing.load(Ordering::Relaxed) {
                    town.n_visits.fetch_add(1, Ordering::Relaxed);
                    let what = VISITS[chance.below(VISITS.len() as u64) as usize];
                    if town.receive(what, &mut chance).await.is_err() {
                        town.n_failed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        })
        .collect();
    sleep(lasting).await;
    town.is_closing.store(true, Ordering::Relaxed);
    for visitor in visitors {
        let _ = visitor.await;
    }
    town.rooms().clear();
}

impl Town {
    async fn receive(&self, what: Visit, chance: &mut Chance) -> Result<()> {
        let stay = Duration::from_millis(chance.below(VISIT_MS_MAX));
        match what {
            Visit::Knock => {
                let mut stream = self.connect().await?;
                stream.write_all(b"GET / HTTP/1.1\r\nHost: loc").await?;
                sleep(stay).await;
                return Ok(());
            }
            Visit::Poll => {
                let mut stream = self.connect().await?;
                let path = &self.address.path;
                let request = format!("GET {path}?EIO=4&transport=polling HTTP/1.1\r\nHost: localhost\r\n\r\n");
                stream.write_all(request.as_bytes()).await?;
                let _ = stream.read(&mut [0; 512]).await?;
                sleep(stay).await;
                return Ok(());
            }
            _ => (),
        }
        let mut peer = Peer::arrive(&self.address).await?;
        let connection = peer.reader.connection.clone();
        match what {
            Visit::Host => {
                let room = peer.create_room(20).await?;
                self.rooms().push((room.clone(), peer.id.clone()));
                self.listen(&mut peer, stay).await?;
                self.rooms().retain(|it| it.0 != room);
                connection.say_close()?;
            }
            Visit::Guest => {
                let known = self.rooms().clone();
                if !known.is_empty() {
                    let (room, host) = &known[chance.below(known.len() as u64) as usize];
                    // It may have ended, or be full: both are answers.
                    if peer.join_room(room).await.is_ok() {
                        let mut signal = Signal::new(host, room, 1_500)?;
                        for number in 1..=SIGNALS {
                            connection.send(signal.stamped(number, Duration::ZERO))?;
                        }
                    }
                }
                self.listen(&mut peer, stay).await?;
                connection.say_close()?;
            }
            Visit::Vanish => {
                connection.say_text(r#"42["GET-ID",{"requestId":"9","resume":true}]"#)?;
                self.listen(&mut peer, stay).await?;
            }
            Visit::Half => {
                connection.say_text(r#"459-["SIGNAL",{}]"#)?;
                self.listen(&mut peer, stay).await?;
            }
            Visit::Garbage => {
                connection.say_text("42{not json")?;
                self.listen(&mut peer, stay).await?;
            }
            Visit::Deaf => {
                for _ in 0..200 {
                    connection.say_text(r#"42["GET-ID",{"requestId":"1"}]"#)?;
                }
                sleep(stay).await;
            }
            Visit::Idle | Visit::Poll | Visit::Knock => {
                self.listen(&mut peer, stay).await?;
                connection.say_close()?;
            }
        }
        Ok(())
    }

    /// Answers pings for a while; that the server ends the connection is no error.
    async fn listen(&self, peer: &mut Peer, stay: Duration) -> Result<()> {
        let listening = async {
            while peer.reader.next().await?.is_some() {}
            Ok(())
        };
        timeout(stay, listening).await.unwrap_or(Ok(()))
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        TcpStream::connect(self.address.socket).await
    }

    fn rooms(&self) -> std::sync::MutexGuard<'_, Vec<(String, String)>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits until nobody is left, or until everybody should long be gone; what there is then.
async fn all_gone(server: &Live) -> Result<Look> {
    let begun = Instant::now();
    loop {
        sleep(Duration::from_secs(1)).await;
        let look = look(server)?;
        if (look.sessions == 0.0 && look.connections <= 1.0) || begun.elapsed() > GONE_WITHIN {
            // Memory is given back a moment later.
            sleep(Duration::from_secs(10)).await;
            return self::look(server);
        }
    }
}

fn look(server: &Live) -> Result<Look> {
    let health = Health::open(server.address.socket)?.ask()?;
    let number = |name: &str| health[name].as_f64().unwrap_or(f64::NAN);
    Ok(Look {
        sessions: number("sessions"),
        connections: number("connections"),
        rooms: number("rooms"),
        held: health["memory"]["held"].as_f64().unwrap_or(f64::NAN),
        files: server.process.open_files()?,
        resident: server.process.resident()?,
    })
}
