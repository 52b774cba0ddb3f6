//! The order of a run: one measurement after the other, each in rounds that alternate between the servers, so that
//! what disturbs the machine disturbs all of them. One server is measured at a time.
use std::time::Duration;

use tokio::task::spawn_blocking;

use crate::{
    Result,
    cli::{Options, What},
    crowd,
    floods::{self, Attack},
    mesh, nodes, overload, relays,
    report::{Figure, Report},
    server::Server,
    server_process::Limits,
    soak,
};

const STARTS: usize = 10;
/// How often a crowd comes and goes.
const CHURNS: usize = 3;

enum Step {
    Relays { rate: u64 },
    Mesh,
    Accept,
    Idle { churns: usize },
    Start,
    Soak,
    Overload(&'static str),
    Flood(&'static str, Attack),
}

pub(crate) async fn run(what: &What, options: &Options) -> Result<Report> {
    if let What::Nodes(_) = what {
        return nodes::run(options).await;
    }
    let servers = options.servers()?;
    let names: Vec<String> = servers.iter().map(|server| server.name.clone()).collect();
    let steps = steps(what, options, &servers);
    alternate(&steps, &names, options.rounds(names.len()), async |step, at| step.take(&servers[at], options).await)
        .await
}

/// Takes every step in so many rounds of all columns.
pub(crate) async fn alternate<S>(
    steps: &[S],
    columns: &[String],
    rounds: usize,
    take: impl AsyncFn(&S, usize) -> Result<Vec<Figure>>,
) -> Result<Report> {
    let mut report = Report::new(columns.to_vec());
    for (done, step) in steps.iter().enumerate() {
        for round in 0..rounds {
            // Nobody always goes first.
            for turn in 0..columns.len() {
                let at = (round + turn) % columns.len();
                let name = &columns[at];
                eprintln!("step {} of {}, round {} of {rounds}: {name}", done + 1, steps.len(), round + 1);
                let figures = take(step, at).await;
                report.add(at, figures.map_err(|error| format!("{name}: {error}"))?);
            }
        }
    }
    Ok(report)
}

fn steps(what: &What, options: &Options, servers: &[Server]) -> Vec<Step> {
    let relays = || options.rates.iter().map(|rate| Step::Relays { rate: *rate });
    match what {
        What::Relays(_) => relays().collect(),
        What::Idle(_) => vec![Step::Idle { churns: CHURNS }],
        What::Accept(_) => vec![Step::Accept],
        What::Mesh(_) => vec![Step::Mesh],
        What::Start(_) => vec![Step::Start],
        What::Floods(_) => {
            let kinds = floods::KINDS.iter().filter(|it| it.0.contains(&options.kind));
            kinds.map(|(name, attack)| Step::Flood(name, *attack)).collect()
        }
        What::Soak(_) => vec![Step::Soak],
        What::Overload(_) => overload::SETTINGS.map(Step::Overload).into(),
        What::Compare(_) => {
            let start = servers.iter().all(Server::is_command).then_some(Step::Start);
            relays().chain([Step::Mesh, Step::Accept, Step::Idle { churns: CHURNS }]).chain(start).collect()
        }
        What::Gate { .. } => relays().chain([Step::Idle { churns: 0 }]).collect(),
        What::Nodes(_) | What::Floor { .. } => Vec::new(),
    }
}

impl Step {
    async fn take(&self, server: &Server, options: &Options) -> Result<Vec<Figure>> {
        let server = server.clone();
        if let Self::Start = self {
            return start_up(server).await;
        }
        // Kept until the measurement is over: a server started for it ends with this value.
        let limits = match self {
            Self::Flood(..) => Limits::Default { memory_bytes_max: options.memory },
            Self::Overload(setting) => Limits::Places { setting, n: overload::places(setting, options.pairs) },
            _ => Limits::None,
        };
        let live = spawn_blocking(move || server.begin(limits)).await??;
        match self {
            Self::Flood(name, attack) => floods::run(&live, options, (name, *attack)).await,
            Self::Relays { rate } => relays::run(&live, options, *rate).await,
            Self::Mesh => mesh::run(&live, options).await,
            Self::Accept => crowd::accept(&live, options).await,
            Self::Idle { churns } => crowd::idle(&live, options, *churns).await,
            Self::Soak => soak::run(&live, options).await,
            Self::Overload(setting) => overload::run(&live, options, setting).await,
            Self::Start => Ok(Vec::new()),
        }
    }
}

async fn start_up(server: Server) -> Result<Vec<Figure>> {
    let mut times: Vec<Duration> = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let server = server.clone();
        times.push(spawn_blocking(move || server.start_up()).await??);
    }
    times.sort_unstable();
    let median = (times[(STARTS - 1) / 2] + times[STARTS / 2]) / 2;
    Ok(vec![Figure::median(format!("start: median of {STARTS}"), "ms", median.as_secs_f64() * 1e3)])
}
