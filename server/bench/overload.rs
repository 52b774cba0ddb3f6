//! Three times as many people as there are places: who is refused, for which reason and how soon, and how those fare who are
//! served, beside the same places without the crowd.
//!
//! People come two by two, make a room, signal for a while, go, and come again. Whoever is refused comes again a moment later,
//! so that a place is hardly ever free.
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    task::JoinHandle,
    time::{interval, sleep, timeout},
};

use crate::{
    Result,
    chance::Chance,
    cli::Options,
    handshake::{Address, Refused},
    health::Health,
    peer::Peer,
    report::{Figure, quantile},
    server::Live,
    signal::{Signal, stamps},
};

/// How many people come for each place.
const TIMES: usize = 3;
/// Between two signals of a couple.
const EVERY: Duration = Duration::from_millis(100);
/// So many signals a couple sends before it goes: some seconds, not all of them alike.
const SIGNALS: std::ops::Range<u64> = 30..80;
/// Whoever was refused waits for so many milliseconds.
const BACK_OFF_MS: std::ops::Range<u64> = 500..1_500;
/// A signal that took longer counts as lost; so does a goodbye that nobody answers.
const LOST_AFTER: Duration = Duration::from_secs(10);

/// Places for so many pairs: what the server's setting is to be.
pub(crate) fn places(what: &str, pairs: usize) -> usize {
    // The bench's own connection for `/health` is one of them.
    2 * pairs + usize::from(what == CONNECTIONS)
}

const CONNECTIONS: &str = "CONNECTIONS_MAX";
/// The settings that say how many places there are.
pub(crate) const SETTINGS: [&str; 2] = ["SESSIONS_MAX", CONNECTIONS];

/// Where they come, and what became of them. Times are in nanoseconds.
struct Hall {
    address: Address,
    begun: Instant,
    is_closing: AtomicBool,
    tally: Mutex<Tally>,
}

#[derive(Default)]
struct Tally {
    /// From the first knock until both could talk.
    arrivals: Vec<u64>,
    /// From a knock until its refusal was heard, whatever it was.
    refusals: Vec<u64>,
    /// Of these: connections that were closed without an answer.
    n_unanswered: u64,
    n_sent: u64,
    latencies: Vec<u64>,
    /// Ended, or not answered, after they had come in.
    n_cut: u64,
}

/// The same places with as many people as fit, and then with three times as many.
pub(crate) async fn run(server: &Live, options: &Options, setting: &str) -> Result<Vec<Figure>> {
    let mut health = Health::open(server.address.socket)?;
    let name = setting.to_ascii_lowercase();
    let mut figures = Vec::new();
    let mut p99 = Vec::new();
    for times in [1, TIMES] {
        let label = |what: &str| format!("{name}, {times} times: {what}");
        let before = health.reasons()?;
        let (mut tally, most) = gather(server, options, times, &mut health).await?;
        for times in [&mut tally.arrivals, &mut tally.refusals, &mut tally.latencies] {
            times.sort_unstable();
        }
        let ms = |sorted: &[u64], share| quantile(sorted, share) as f64 / 1e6;
        let n_lost = tally.n_sent - tally.latencies.len() as u64;
        figures.extend([
            Figure::median(label("most sessions"), "", most),
            Figure::sum(label("couples served"), "", tally.arrivals.len() as f64),
            Figure::sum(label("cut while they were served"), "", tally.n_cut as f64),
            Figure::sum(label("signals"), "", tally.n_sent as f64),
            Figure::sum(label("signals lost"), "", n_lost as f64),
            Figure::median(label("signal p50"), "ms", ms(&tally.latencies, 0.5)),
            Figure::median(label("signal p99"), "ms", ms(&tally.latencies, 0.99)),
            Figure::median(label("until they can talk, p99"), "ms", ms(&tally.arrivals, 0.99)),
            Figure::sum(label("refused"), "", tally.refusals.len() as f64),
            Figure::sum(label("of these without an answer"), "", tally.n_unanswered as f64),
            Figure::median(label("until a refusal is heard, p99"), "ms", ms(&tally.refusals, 0.99)),
        ]);
        p99.push(ms(&tally.latencies, 0.99));
        let refusals = health.reasons()?.into_iter().filter(|(reason, _)| reason != "client_closed");
        figures.extend(refusals.filter_map(|(reason, n)| {
            let n_before = before.get(&reason).copied().unwrap_or_default();
            (n > n_before).then(|| Figure::sum(label(&format!("counted as {reason}")), "", (n - n_before) as f64))
        }));
    }
    figures.push(Figure::median(format!("{name}: signal p99, over that without a crowd"), "×", p99[1] / p99[0]));
    Ok(figures)
}

/// Has so many come for so long, and gives what became of them with the most sessions that there were at a time.
async fn gather(server: &Live, options: &Options, times: usize, health: &mut Health) -> Result<(Tally, f64)> {
    let hall = Arc::new(Hall {
        address: server.address.clone(),
        begun: Instant::now(),
        is_closing: AtomicBool::new(false),
        tally: Mutex::default(),
    });
    let couples: Vec<JoinHandle<()>> = (1..=(times * options.pairs) as u64)
        .map(|n| {
            let hall = hall.clone();
            tokio::spawn(async move {
                let mut chance = Chance::of(n);
                sleep(Duration::from_millis(chance.below(BACK_OFF_MS.end))).await;
                while !hall.is_closing.load(Ordering::Relaxed) {
                    hall.receive(&mut chance).await;
                }
            })
        })
        .collect();
    let mut most: f64 = 0.0;
    let mut look = interval(Duration::from_millis(250));
    while hall.begun.elapsed().as_secs_f64() < options.seconds {
        look.tick().await;
        most = most.max(health.ask()?["sessions"].as_f64().unwrap_or(f64::NAN));
    }
    hall.is_closing.store(true, Ordering::Relaxed);
    for couple in couples {
        couple.await?;
    }
    let tally = std::mem::take(&mut *hall.tally());
    Ok((tally, most))
}

impl Hall {
    /// One visit of a couple, and its wait where it ends at the door.
    async fn receive(&self, chance: &mut Chance) {
        let knocked = Instant::now();
        let Some((speaker, listener)) = self.let_in(knocked).await else {
            return sleep(Duration::from_millis(chance.within(BACK_OFF_MS))).await;
        };
        if self.talk(speaker, listener, knocked, chance.within(SIGNALS)).await.is_err() {
            self.tally().n_cut += 1;
        }
    }

    /// Both, or neither: one alone goes again.
    async fn let_in(&self, knocked: Instant) -> Option<(Peer, Peer)> {
        let speaker = self.enter(knocked).await?;
        let Some(listener) = self.enter(Instant::now()).await else {
            // The server ends it a moment later.
            let _ = leave(speaker).await;
            return None;
        };
        Some((speaker, listener))
    }

    async fn enter(&self, knocked: Instant) -> Option<Peer> {
        let refusal = match Peer::arrive(&self.address).await {
            Ok(peer) => return Some(peer),
            Err(refusal) => refusal,
        };
        let mut tally = self.tally();
        tally.refusals.push(knocked.elapsed().as_nanos() as u64);
        tally.n_unanswered += u64::from(!refusal.is::<Refused>());
        None
    }

    async fn talk(&self, mut speaker: Peer, mut listener: Peer, knocked: Instant, n_signals: u64) -> Result<()> {
        let room = speaker.create_room(2).await?;
        listener.join_room(&room).await?;
        self.tally().arrivals.push(knocked.elapsed().as_nanos() as u64);
        let mut signal = Signal::new(&listener.id, &room, 1_500)?;
        let connection = speaker.reader.connection.clone();
        let stay = tokio::spawn(speaker.reader.stay());
        let say = async {
            let mut tick = interval(EVERY);
            for number in 1..=n_signals {
                tick.tick().await;
                self.tally().n_sent += 1;
                connection.send(signal.stamped(number, self.begun.elapsed()))?;
            }
            Ok::<_, crate::Error>(())
        };
        let hear = async {
            loop {
                let message = listener.reader.next().await?.ok_or("somebody who was served was cut")?;
                if let Some((number, due)) = stamps(message) {
                    self.tally().latencies.push((self.begun.elapsed() - due).as_nanos() as u64);
                    if number == n_signals {
                        return Ok::<_, crate::Error>(());
                    }
                }
            }
        };
        let talk = async { tokio::try_join!(say, hear) };
        timeout(EVERY * n_signals as u32 + LOST_AFTER, talk).await??;
        connection.say_close()?;
        leave(listener).await?;
        timeout(LOST_AFTER, stay).await??
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says goodbye, and waits until the server hangs up.
async fn leave(peer: Peer) -> Result<()> {
    peer.reader.connection.say_close()?;
    timeout(LOST_AFTER, peer.reader.stay()).await?
}
