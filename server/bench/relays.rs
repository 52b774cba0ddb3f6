//! Pairs in rooms of two, one signalling the other at a fixed offered rate, whatever the server makes of it.
//! Open loop: every signal has a time at which it is due, and its latency counts from then, so a server that is late
//! cannot hide it by slowing the generator down.
use std::{
    num::NonZeroU64,
    str,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, TryStreamExt, future::try_join_all, stream};
use rustix::thread::set_current_timer_slack;
use tokio::{task::JoinHandle, time::timeout_at};

use crate::{
    Result,
    cli::Options,
    handshake::Address,
    peer::{Peer, field},
    report::{Figure, quantile},
    server::Live,
    server_process::{Process, Spending},
    signal::{Signal, stamps},
    wire::{Connection, Reader},
};

/// Discarded before measuring: compilers just in time, buffers and caches get there first.
const WARM_UP_S: f64 = 1.0;
/// What has not come so long after the last was due counts as lost.
const STRAGGLERS: Duration = Duration::from_secs(10);
const READ_BUFFER_BYTES: usize = 64 << 10;
/// Room for the tasks to be up before the first signal is due.
const RUN_IN: Duration = Duration::from_millis(20);
/// All figures of one rate.
pub(crate) async fn run(server: &Live, options: &Options, rate: u64) -> Result<Vec<Figure>> {
    between(&[&server.address], vec![("CPU each", vec![server.process])], options, rate).await
}

/// The same, with the two of each pair at neighbouring servers, and the processor time of each group of processes.
pub(crate) async fn between(
    servers: &[&Address],
    groups: Vec<(&'static str, Vec<Process>)>,
    options: &Options,
    rate: u64,
) -> Result<Vec<Figure>> {
    let mut pairs = Pairs::meet(servers, options).await?;
    pairs.offer(rate, WARM_UP_S).await?;
    let bench = Process::of_this_bench();
    let (spending, own_before) = (Spending::begin(groups)?, bench.cpu_us()?);
    let Offered { sent, late, mut heard, lasted } = pairs.offer(rate, options.seconds).await?;
    let label = |what: &str| format!("{rate}/s: {what}");
    let (cpu, own) = (spending.each(heard.latencies.len(), label)?, bench.cpu_us()? - own_before);

    heard.latencies.sort_unstable();
    let received = heard.latencies.len();
    let ms = |sorted: &[u64], share| quantile(sorted, share) as f64 / 1e6;
    let mut figures = vec![Figure::median(label("delivered"), "1/s", received as f64 / lasted.as_secs_f64())];
    figures.extend(cpu);
    figures.extend([
        Figure::median(label("p50"), "ms", ms(&heard.latencies, 0.5)),
        Figure::median(label("p99"), "ms", ms(&heard.latencies, 0.99)),
        Figure::median(label("p99.9"), "ms", ms(&heard.latencies, 0.999)),
        Figure::sum(label("lost, or over 10 s late"), "", sent.saturating_sub(received) as f64),
        Figure::sum(label("reordered"), "", heard.reordered as f64),
        Figure::median(label("generator late p99"), "ms", ms(&late, 0.99)),
        Figure::median(label("generator busy"), "cores", own / 1e6 / lasted.as_secs_f64()),
    ]);
    Ok(figures)
}

struct Pairs {
    speakers: Vec<Speaker>,
    listeners: Vec<Reader>,
    /// They answer the speakers' pings, and end only if the server ends a speaker's connection.
    stays: Vec<JoinHandle<Result<()>>>,
    /// No signal had this number yet.
    fresh: u64,
}

/// What is to be sent when.
#[derive(Clone, Copy)]
struct Plan {
    rate: u64,
    total: u64,
    /// The number of each pair's first signal; whatever comes with a lower one is a leftover.
    first: u64,
    start: Instant,
    deadline: Instant,
}

struct Speaker {
    connection: Arc<Connection>,
    signal: Signal,
}

/// What one listener, or all together, received.
#[derive(Default)]
struct Heard {
    latencies: Vec<u64>,
    reordered: usize,
    next: u64,
    last: Duration,
}

struct Offered {
    sent: usize,
    /// How late the generator itself was with each signal, sorted.
    late: Vec<u64>,
    heard: Heard,
    /// From the first signal due to the last received, and never less than what was planned.
    lasted: Duration,
}

impl Pairs {
    async fn meet(servers: &[&Address], options: &Options) -> Result<Self> {
        let server = |n: usize| servers[n % servers.len()];
        let meetings = (0..options.pairs).map(|n| async move {
            let (mut speaker, mut listener) = (Peer::arrive(server(n)).await?, Peer::arrive(server(n + 1)).await?);
            let room = speaker.create_room(2).await?;
            listener.join_room(&room).await?;
            speaker.hear_of_join().await?;
            let mut signal = Signal::new(&listener.id, &room, options.bytes)?;
            check_source(&speaker, &mut listener, signal.stamped(0, Duration::ZERO)).await?;
            listener.reader.widen(READ_BUFFER_BYTES);
            let connection = speaker.reader.connection.clone();
            Ok::<_, crate::Error>((
                Speaker { connection, signal },
                listener.reader,
                tokio::spawn(speaker.reader.stay()),
            ))
        });
        let met: Vec<_> = stream::iter(meetings).buffered(20).try_collect().await?;
        let mut pairs = Self { speakers: Vec::new(), listeners: Vec::new(), stays: Vec::new(), fresh: 1 };
        for (speaker, listener, stay) in met {
            pairs.speakers.push(speaker);
            pairs.listeners.push(listener);
            pairs.stays.push(stay);
        }
        Ok(pairs)
    }

    /// Offers signals for so long and collects what comes of them.
    async fn offer(&mut self, rate: u64, seconds: f64) -> Result<Offered> {
        let planned = Duration::from_secs_f64(seconds);
        let start = Instant::now() + RUN_IN;
        let total = (rate as f64 * seconds) as u64;
        let plan = Plan { rate, total, first: self.fresh, start, deadline: start + planned + STRAGGLERS };
        let count = self.listeners.len() as u64;
        self.fresh += total / count + 1;
        let hear = |(n, listener)| {
            let expected = total / count + u64::from(n < total % count);
            tokio::spawn(listen(listener, expected, plan))
        };
        let hearings: Vec<_> = (0..).zip(self.listeners.drain(..)).map(hear).collect();
        let (done, paced) = tokio::sync::oneshot::channel();
        let mut speakers = std::mem::take(&mut self.speakers);
        // A thread of its own: it sleeps to the microsecond, which the runtime's timers do not.
        thread::spawn(move || {
            let late = pace(&mut speakers, plan);
            // Nobody waits any more if the run was given up.
            let _ = done.send((speakers, late));
        });
        let (speakers, late) = paced.await?;
        self.speakers = speakers;
        let mut late = late?;
        late.sort_unstable();
        let mut all = Heard::default();
        for hearing in try_join_all(hearings).await? {
            let (listener, heard) = hearing?;
            self.listeners.push(listener);
            all.latencies.extend(heard.latencies);
            all.reordered += heard.reordered;
            all.last = all.last.max(heard.last);
        }
        if self.stays.iter().any(JoinHandle::is_finished) {
            return Err("the server has ended a speaker's connection".into());
        }
        Ok(Offered { sent: late.len(), late, lasted: planned.max(all.last), heard: all })
    }
}

/// Sends every signal when it is due, or as soon as possible if that has passed; gives how late each was.
fn pace(speakers: &mut [Speaker], plan: Plan) -> Result<Vec<u64>> {
    let Plan { rate, total, first, start, deadline } = plan;
    // The kernel may add 50 µs to every sleep unless told otherwise.
    set_current_timer_slack(NonZeroU64::new(1_000))?;
    let mut late = Vec::with_capacity(usize::try_from(total)?);
    let count = speakers.len() as u64;
    for index in 0..total {
        let due = Duration::from_nanos((u128::from(index) * 1_000_000_000 / u128::from(rate)) as u64);
        let mut now = Instant::now();
        if let Some(early) = (start + due).checked_duration_since(now) {
            thread::sleep(early);
            now = Instant::now();
        }
        if now > deadline {
            break;
        }
        late.push((now - start).saturating_sub(due).as_nanos() as u64);
        let Speaker { connection, signal } = &mut speakers[(index % count) as usize];
        connection.send(signal.stamped(first + index / count, due))?;
    }
    for Speaker { connection, .. } in speakers {
        while connection.is_behind()? && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
    }
    Ok(late)
}

/// Takes what one listener hears until it has everything or time is up.
async fn listen(mut reader: Reader, expected: u64, plan: Plan) -> Result<(Reader, Heard)> {
    let mut heard = Heard::default();
    let all = async {
        while (heard.latencies.len() as u64) < expected {
            let message = reader.next().await?.ok_or("the server has ended a listener's connection")?;
            if let Some((number, due)) = stamps(message).filter(|(number, _)| *number >= plan.first) {
                heard.take(number, due, plan.start.elapsed());
            }
        }
        Ok::<_, crate::Error>(())
    };
    // Time running out is no error: what is missing then will be counted as lost.
    if let Ok(ended) = timeout_at(plan.deadline.into(), all).await {
        ended?;
    }
    Ok((reader, heard))
}

impl Heard {
    fn take(&mut self, number: u64, due: Duration, now: Duration) {
        self.latencies.push(now.saturating_sub(due).as_nanos() as u64);
        self.last = now;
        if number < self.next {
            self.reordered += 1;
        } else {
            self.next = number + 1;
        }
    }
}

/// One signal in peace, before the rush: a relay that does not say who sent it does less than the others.
async fn check_source(speaker: &Peer, listener: &mut Peer, frame: &[u8]) -> Result<()> {
    speaker.reader.connection.send(frame)?;
    let patience = tokio::time::Instant::now() + STRAGGLERS;
    let message = timeout_at(patience, listener.reader.next()).await.map_err(|_| "the server does not relay")??;
    let message = str::from_utf8(message.ok_or("the server has ended a listener's connection")?)?;
    match field(message, "source") == Some(&speaker.id) && stamps(message.as_bytes()) == Some((0, Duration::ZERO)) {
        true => Ok(()),
        false => Err(format!("the signal did not arrive as it should: {message:.200}").into()),
    }
}
