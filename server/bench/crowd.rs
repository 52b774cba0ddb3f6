//! Many peers who have their ids and then only answer pings: what they cost at rest, and what coming costs.
use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, timeout_at},
};

use crate::{Result, cli::Options, handshake::Address, peer::Peer, report::Figure, server::Live, wire::Connection};

/// So many shake hands at a time: fewer than the shortest queue a server listens with.
const AT_ONCE: usize = 100;
const LEAVING_MAX: Duration = Duration::from_secs(30);
const TIERS: [usize; 4] = [100, 1_000, 5_000, 10_000];
const MIB: f64 = 1024.0 * 1024.0;

#[derive(Default)]
struct Crowd {
    guests: Vec<Guest>,
}

struct Guest {
    connection: Arc<Connection>,
    stay: JoinHandle<Result<()>>,
}

/// Resident memory with more and more idle connections, and after all have come and gone so many times.
pub(crate) async fn idle(server: &Live, options: &Options, churns: usize) -> Result<Vec<Figure>> {
    let settle = Duration::from_secs_f64(options.settle);
    let mut crowd = Crowd::default();
    // What only the start needs is given back when nobody has come for a moment.
    sleep(settle.max(Duration::from_secs(3))).await;
    let empty = server.process.resident()?;
    let mut figures = vec![Figure::median("idle 0: resident", "MiB", empty / MIB)];
    let tiers = TIERS.into_iter().filter(|tier| *tier < options.connections).chain([options.connections]);
    for tier in tiers {
        crowd.grow(&server.address, tier).await?;
        sleep(settle).await;
        crowd.all_are_here()?;
        let resident = server.process.resident()?;
        let each = (resident - empty) / tier as f64 / 1024.0;
        figures.push(Figure::median(format!("idle {tier}: resident"), "MiB", resident / MIB));
        figures.push(Figure::median(format!("idle {tier}: each"), "KiB", each));
    }
    for turn in 1..=churns {
        crowd.grow(&server.address, options.connections).await?;
        crowd.leave().await?;
        sleep(settle).await;
        figures.push(Figure::median(format!("gone {turn}: resident"), "MiB", server.process.resident()? / MIB));
    }
    Ok(figures)
}

/// How long it takes until everyone has an id.
pub(crate) async fn accept(server: &Live, options: &Options) -> Result<Vec<Figure>> {
    let count = options.connections;
    let (begun, cpu_before) = (Instant::now(), server.process.cpu_us()?);
    let mut crowd = Crowd::default();
    crowd.grow(&server.address, count).await?;
    let took = begun.elapsed();
    let cpu = server.process.cpu_us()? - cpu_before;
    crowd.leave().await?;
    Ok(vec![
        Figure::median(format!("accept {count}: in all"), "s", took.as_secs_f64()),
        Figure::median(format!("accept {count}: CPU each"), "µs", cpu / count as f64),
    ])
}

impl Crowd {
    async fn grow(&mut self, address: &Address, to: usize) -> Result<()> {
        let missing = to.saturating_sub(self.guests.len());
        let mut arrivals = stream::iter((0..missing).map(|_| Peer::arrive(address))).buffer_unordered(AT_ONCE);
        while let Some(Peer { reader, .. }) = arrivals.try_next().await? {
            let connection = reader.connection.clone();
            self.guests.push(Guest { connection, stay: tokio::spawn(reader.stay()) });
        }
        Ok(())
    }

    fn all_are_here(&self) -> Result<()> {
        match self.guests.iter().filter(|guest| guest.stay.is_finished()).count() {
            0 => Ok(()),
            gone => Err(format!("the server has ended {gone} of {} idle connections", self.guests.len()).into()),
        }
    }

    /// Everyone says goodbye and waits for the server to hang up.
    async fn leave(&mut self) -> Result<()> {
        let deadline = Instant::now() + LEAVING_MAX;
        for guest in &self.guests {
            guest.connection.say_close()?;
        }
        for guest in self.guests.drain(..) {
            timeout_at(deadline, guest.stay)
                .await
                .map_err(|_| "the server does not close connections when asked")???;
        }
        Ok(())
    }
}
