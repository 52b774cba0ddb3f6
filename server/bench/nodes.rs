//! Several nodes with one store, beside one node without: what a signal from one to the next takes and costs, and what joins
//! cost. Everything runs on this machine, so that the processor time tells more than what is done in a second.
use std::{
    net::{Ipv4Addr, TcpStream},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use futures_util::future::try_join_all;
use tokio::task::spawn_blocking;

use crate::{
    Result,
    cli::Options,
    handshake::Address,
    health::Health,
    peer::Peer,
    relays,
    report::{Figure, Report},
    rounds,
    server::{Live, Server},
    server_process::{Limits, Process, Spending, Started, free_port},
};

/// Discarded before joins are counted: what is not said often enough to be fast, and caches.
const WARM_UP: Duration = Duration::from_secs(1);
/// Until the store answers, and until the nodes know of each other.
const START_MAX: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Nodes, and whether they have a store. The others are compared with the first.
const COLUMNS: [(&str, usize, bool); 4] =
    [("no store", 1, false), ("1 node", 1, true), ("2 nodes", 2, true), ("4 nodes", 4, true)];

enum Step {
    Signals { rate: u64 },
    Joins,
}

/// Nodes that know of each other. All end with this value.
struct Nodes {
    nodes: Vec<Live>,
    store: Option<Store>,
}

/// A Redis that keeps nothing on a disk.
struct Store {
    port: u16,
    process: Process,
    _started: Started,
}

/// Two people who come to a room of two and leave it, again and again.
struct Couple {
    founder: Peer,
    guest: Peer,
}

pub(crate) async fn run(options: &Options) -> Result<Report> {
    let server = match &*options.servers()? {
        [server] if server.is_command() => server.clone(),
        _ => return Err("nodes are started for this: give one server, by exec:COMMAND {port}".into()),
    };
    let steps: Vec<Step> =
        options.rates.iter().map(|rate| Step::Signals { rate: *rate }).chain([Step::Joins]).collect();
    let names = COLUMNS.map(|(name, ..)| name.to_owned());
    let take = async |step: &Step, at: usize| {
        let (server, (_, n_nodes, has_store)) = (server.clone(), COLUMNS[at]);
        let nodes = spawn_blocking(move || Nodes::begin(&server, n_nodes, has_store)).await??;
        match step {
            Step::Signals { rate } => relays::between(&nodes.addresses(), nodes.groups(), options, *rate).await,
            Step::Joins => joins(&nodes, options).await,
        }
    };
    let mut report = rounds::alternate(&steps, &names, options.rounds(names.len()), take).await?;
    for rate in &options.rates {
        let p50 = |at| report.value(&format!("{rate}/s: p50"), at);
        let added: Vec<_> = (1..names.len()).filter_map(|at| Some((at, p50(at)? - p50(0)?))).collect();
        for (at, more) in added {
            report.add(at, vec![Figure::median(format!("{rate}/s: p50 less that without a store"), "ms", more)]);
        }
    }
    Ok(report)
}

/// Joins in a second, where each couple has one thing under way at a time, and what each costs. Whoever makes a room joins it
/// too, and everybody who joins leaves.
async fn joins(nodes: &Nodes, options: &Options) -> Result<Vec<Figure>> {
    let addresses = nodes.addresses();
    let at = |n: usize| addresses[n % addresses.len()];
    let couples = (0..options.pairs).map(|n| Couple::arrive(at(n), at(n + 1)));
    let mut couples = try_join_all(couples).await?;
    visits(&mut couples, WARM_UP).await?;
    let (spending, begun) = (Spending::begin(nodes.groups())?, Instant::now());
    let n_joins = 2 * visits(&mut couples, Duration::from_secs_f64(options.seconds)).await?;
    let (cpu, lasted) = (spending.each(n_joins, |what| format!("joins: {what}"))?, begun.elapsed());
    let mut figures = vec![Figure::median("joins", "1/s", n_joins as f64 / lasted.as_secs_f64())];
    figures.extend(cpu);
    Ok(figures)
}

/// How many visits all couples made, of which none begins after so long.
async fn visits(couples: &mut [Couple], for_so_long: Duration) -> Result<usize> {
    let until = Instant::now() + for_so_long;
    let made = try_join_all(couples.iter_mut().map(|couple| couple.visit_until(until))).await?;
    Ok(made.into_iter().sum())
}

impl Couple {
    async fn arrive(at: &Address, then_at: &Address) -> Result<Self> {
        Ok(Self { founder: Peer::arrive(at).await?, guest: Peer::arrive(then_at).await? })
    }

    async fn visit_until(&mut self, until: Instant) -> Result<usize> {
        let mut n_visits = 0;
        while Instant::now() < until {
            let room = self.founder.create_room(2).await?;
            self.guest.join_room(&room).await?;
            self.guest.leave_room(&room)?;
            self.founder.hear_of_leave().await?;
            self.founder.leave_room(&room)?;
            n_visits += 1;
        }
        Ok(n_visits)
    }
}

impl Nodes {
    fn begin(server: &Server, n_nodes: usize, has_store: bool) -> Result<Self> {
        let store = has_store.then(Store::begin).transpose()?;
        let server = match &store {
            Some(Store { port, .. }) => {
                server.clone().with("P2PCHAT_CLUSTER__REDIS", format!(r#"["redis://127.0.0.1:{port}"]"#))
            }
            None => server.clone(),
        };
        let nodes = (0..n_nodes).map(|_| server.begin(Limits::None)).collect::<Result<Vec<Live>>>()?;
        if has_store {
            for node in &nodes {
                meets(node, n_nodes)?;
            }
        }
        Ok(Self { nodes, store })
    }

    fn addresses(&self) -> Vec<&Address> {
        self.nodes.iter().map(|node| &node.address).collect()
    }

    /// All processes, and the store alone.
    fn groups(&self) -> Vec<(&'static str, Vec<Process>)> {
        let store: Vec<Process> = self.store.iter().map(|store| store.process).collect();
        let all = self.nodes.iter().map(|node| node.process).chain(store.iter().copied()).collect();
        let mut groups = vec![("CPU each", all)];
        if !store.is_empty() {
            groups.push(("CPU each, of the store", store));
        }
        groups
    }
}

impl Store {
    fn begin() -> Result<Self> {
        let port = free_port()?;
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        let mut started = Started::of(&mut command)?;
        let begun = Instant::now();
        while let Err(error) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
            started.still_runs()?;
            if begun.elapsed() > START_MAX {
                return Err(format!("no Redis on port {port} within {START_MAX:?}: {error}").into());
            }
            thread::sleep(LOOK_EVERY);
        }
        Ok(Self { port, process: Process::listening_on(port)?, _started: started })
    }
}

/// Until a node has its store, and knows of all others.
fn meets(node: &Live, n_nodes: usize) -> Result<()> {
    let (begun, mut health) = (Instant::now(), Health::open(node.address.socket)?);
    loop {
        let cluster = &health.ask()?["cluster"];
        if cluster["store"] == true && cluster["nodes"] == n_nodes {
            return Ok(());
        }
        if begun.elapsed() > START_MAX {
            return Err(format!("a node does not meet the others within {START_MAX:?}: {cluster}").into());
        }
        thread::sleep(LOOK_EVERY);
    }
}
