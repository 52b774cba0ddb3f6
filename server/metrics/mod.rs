//! The figures for Prometheus: their names, types, units and meanings. The figures themselves are handed in.
//!
//! **Invariants:** names keep to the conventions of Prometheus and begin with `p2pchat_`, but for those of the process, which
//! have names that every dashboard knows. The values of labels are from closed lists: no id, no address, no word of a client.
//! `docs/deployment.md` has the table, and a test compares it.
mod hosting;
mod page;
mod process;

use std::fmt;

pub use page::Format;
use page::{Labels, Page, Sample};
pub use process::Process;

use crate::{
    accounting::{Balance, ConnectionCount, ListenerKind, Reason, ReasonKind},
    cluster::ClusterFigures,
    hosting::HostingFigures,
    relay::Stats,
    sessions::{Durations, EventKind, EventResult, RealmStatistics, ResumeResult, Statistics},
};

/// Everything at one moment.
#[derive(Clone, Debug)]
pub struct Figures {
    /// The server's version.
    pub version: &'static str,
    /// What the system says.
    pub process: Process,
    /// Connections and memory.
    pub balance: Balance,
    /// How often each reason occurred.
    pub reasons: Vec<(Reason, u64)>,
    /// Sessions, rooms, and what clients asked for.
    pub sessions: Statistics,
    /// The relay, where there is one.
    pub relay: Option<Stats>,
    /// Stars that the server hosts, where it does.
    pub hosting: Option<HostingFigures>,
    /// Requests between nodes, where there are several.
    pub forwarded: Option<Forwarded>,
    /// The cluster, where this server is one of several nodes.
    pub cluster: Option<ClusterFigures>,
    /// When the certificate ends, in seconds since 1970, where there is one.
    pub certificate_expiry_s: Option<u64>,
}

/// Requests that reached another node than that of their session.
#[derive(Clone, Debug)]
pub struct Forwarded {
    /// How many were forwarded, by what became of them.
    pub results: Vec<(&'static str, u64)>,
    /// How many of other nodes were taken.
    pub n_received: u64,
}

impl Figures {
    /// The page.
    ///
    /// # Errors
    /// A number does not fit into the format.
    pub fn render(self, format: Format) -> Result<String, fmt::Error> {
        page::render(format, move |page| self.write(page))
    }

    fn write(&self, page: &mut Page<'_>) -> fmt::Result {
        page.gauge(
            "p2pchat_build_info",
            "Always 1; the version of the server is its label.",
            &[(vec![("version", self.version)], 1)],
        )?;
        self.process.write(page)?;
        self.write_connections(page)?;
        self.write_sessions(page)?;
        self.write_events(page)?;
        self.write_reasons(page)?;
        self.write_memory(page)?;
        self.write_durations(page)?;
        if let Some(relay) = &self.relay {
            self.write_relay(page, relay)?;
        }
        if let Some(figures) = &self.hosting {
            hosting::write(page, figures)?;
        }
        if let Some(forwarded) = &self.forwarded {
            let sample = |it: &(&'static str, u64)| (vec![("result", it.0)], it.1);
            page.counter(
                "p2pchat_forwarded_requests",
                "Requests that were forwarded to the node of their session, by what became of them.",
                &forwarded.results.iter().map(sample).collect::<Vec<_>>(),
            )?;
            page.counter(
                "p2pchat_forwarded_requests_received",
                "Requests that other nodes forwarded here.",
                &one(forwarded.n_received),
            )?;
        }
        if let Some(cluster) = &self.cluster {
            write_cluster(page, cluster)?;
        }
        if let Some(expiry_s) = self.certificate_expiry_s {
            page.gauge(
                "p2pchat_certificate_expiry_timestamp_seconds",
                "When the certificate in use ends, in seconds since 1970.",
                &one(expiry_s),
            )?;
        }
        Ok(())
    }

    fn write_connections(&self, page: &mut Page<'_>) -> fmt::Result {
        let of = |value: fn(&ConnectionCount) -> u64| {
            let sample = |it: &ConnectionCount| (listener_labels(it.listener), value(it));
            self.balance.connections.iter().map(sample).collect::<Vec<_>>()
        };
        page.gauge(
            "p2pchat_connections",
            "TCP connections that are open, by what their listener is for and whether it speaks TLS.",
            &of(|it| it.n_open as u64),
        )?;
        page.counter("p2pchat_connections_accepted", "TCP connections that were taken in.", &of(|it| it.n_accepted))
    }

    fn write_sessions(&self, page: &mut Page<'_>) -> fmt::Result {
        page.gauge(
            "p2pchat_sessions",
            "Clients by the protocol that they speak, those whose connection broke and who may come back included.",
            &self.by_protocol(|it| it.n_sessions as u64),
        )?;
        page.gauge(
            "p2pchat_sessions_in_grace",
            "Of these, clients whose connection broke and who may come back.",
            &one(self.sessions.n_in_grace as u64),
        )?;
        let rooms = self.sessions.realms.iter().flat_map(|it| {
            let topologies = [("mesh", it.n_meshes), ("star", it.n_stars)];
            topologies.map(|(name, n)| (vec![("protocol", it.protocol), ("topology", name)], n as u64))
        });
        page.gauge(
            "p2pchat_rooms",
            "Rooms by their protocol and by how their members are connected, rooms that wait for somebody included.",
            &rooms.collect::<Vec<_>>(),
        )?;
        let resumes = ResumeResult::ALL.iter();
        let resume = |it: &ResumeResult| (vec![("result", it.as_str())], self.sessions.tally.n_resumes(*it));
        page.counter(
            "p2pchat_resumes",
            "Clients that came back: with all that they missed, with some of it lost, or too late.",
            &resumes.map(resume).collect::<Vec<_>>(),
        )
    }

    fn write_events(&self, page: &mut Page<'_>) -> fmt::Result {
        let mut events = Vec::new();
        for realm in &self.sessions.realms {
            for kind in EventKind::ALL {
                for result in EventResult::ALL {
                    // Of what makes no sense the kind is not known, and nothing else is of no kind.
                    if (*kind == EventKind::Unknown) == (*result == EventResult::Malformed) {
                        let labels =
                            vec![("protocol", realm.protocol), ("event", kind.as_str()), ("result", result.as_str())];
                        events.push((labels, realm.traffic.n_events(*kind, *result)));
                    }
                }
            }
        }
        page.counter("p2pchat_events", "Messages of clients, by what they asked for and what became of it.", &events)?;
        page.counter(
            "p2pchat_signals_relayed",
            "Signals that were passed on, once for each receiver.",
            &self.by_protocol(|it| it.traffic.n_signals),
        )?;
        page.counter(
            "p2pchat_signals_relayed_bytes",
            "Bytes of the signals that were passed on, as they stand on the wire.",
            &self.by_protocol(|it| it.traffic.n_signal_bytes),
        )
    }

    fn write_reasons(&self, page: &mut Page<'_>) -> fmt::Result {
        page.counter(
            "p2pchat_disconnects",
            "Connections and sessions that ended, and rooms that the operator closed, by reason.",
            &self.by_reason(ReasonKind::Disconnect),
        )?;
        page.counter(
            "p2pchat_refusals",
            "Connections, sessions and requests that were refused, by reason.",
            &self.by_reason(ReasonKind::Refusal),
        )
    }

    fn write_memory(&self, page: &mut Page<'_>) -> fmt::Result {
        let memory = &self.balance.memory;
        page.gauge(
            "p2pchat_memory_accounted_bytes",
            "Memory that is accounted for: what is queued and kept for clients, and what their connections cost.",
            &one(memory.held),
        )?;
        page.gauge("p2pchat_memory_limit_bytes", "The bound for the memory of the process.", &one(memory.max))?;
        page.gauge(
            "p2pchat_memory_full",
            "1 while new work is refused for want of memory.",
            &one(memory.is_full.into()),
        )
    }

    fn write_durations(&self, page: &mut Page<'_>) -> fmt::Result {
        let tally = &self.sessions.tally;
        page.histogram(
            "p2pchat_signal_duration_seconds",
            "Time from when a signal came in until it was queued for all its receivers.",
            &[(Labels::new(), &tally.signals)],
        )?;
        let operation = |name, durations| -> (Labels, &Durations) { (vec![("operation", name)], durations) };
        page.histogram(
            "p2pchat_room_operation_duration_seconds",
            "Time from when somebody asked for a room until the answer and what others are told of it were queued.",
            &[operation("create", &tally.creates), operation("join", &tally.joins)],
        )
    }

    fn write_relay(&self, page: &mut Page<'_>, relay: &Stats) -> fmt::Result {
        page.gauge("p2pchat_relay_allocations", "Allocations at the relay.", &one(relay.n_allocations as u64))?;
        page.gauge("p2pchat_relay_peers", "Clients that have any allocation.", &one(relay.n_peers as u64))?;
        page.counter("p2pchat_relay_packets", "Packets that the relay passed on.", &one(relay.n_packets))?;
        page.counter("p2pchat_relay_bytes", "Bytes in the packets that the relay passed on.", &one(relay.n_bytes))?;
        page.counter(
            "p2pchat_relay_refusals",
            "Requests and data that the relay refused or dropped, by reason.",
            &self.by_reason(ReasonKind::RelayRefusal),
        )
    }

    fn by_protocol(&self, value: impl Fn(&RealmStatistics) -> u64) -> Vec<Sample> {
        self.sessions.realms.iter().map(|it| (vec![("protocol", it.protocol)], value(it))).collect()
    }

    fn by_reason(&self, kind: ReasonKind) -> Vec<Sample> {
        let of_kind = self.reasons.iter().filter(|it| it.0.kind() == kind);
        of_kind.map(|(reason, n)| (vec![("reason", reason.as_str())], *n)).collect()
    }
}

fn write_cluster(page: &mut Page<'_>, cluster: &ClusterFigures) -> fmt::Result {
    let ClusterFigures { is_up, n_nodes, lease_age, store, bus_lag, n_failures, n_waiting, counts } = cluster;
    page.gauge("p2pchat_cluster_store_up", "1 while the store that nodes share answers.", &one((*is_up).into()))?;
    page.gauge("p2pchat_cluster_nodes", "Nodes that have a lease, this one included.", &one(*n_nodes as u64))?;
    page.gauge(
        "p2pchat_cluster_lease_age_seconds",
        "Since this node last renewed its lease, which lasts ten seconds.",
        &one(lease_age.as_secs()),
    )?;
    page.histogram(
        "p2pchat_cluster_store_duration_seconds",
        "Time that the store took to answer, for all that was asked of it in one go.",
        &[(Labels::new(), store)],
    )?;
    page.histogram(
        "p2pchat_cluster_bus_lag_seconds",
        "Time that a message of this node to itself took by way of the store, tried every three seconds.",
        &[(Labels::new(), bus_lag)],
    )?;
    page.counter("p2pchat_cluster_store_failures", "How often the store did not answer.", &one(*n_failures))?;
    page.gauge("p2pchat_cluster_waiting", "What waits for the store.", &one(*n_waiting as u64))?;
    page.counter("p2pchat_cluster_commits", "Changes of rooms that the store took.", &one(counts.n_commits))?;
    page.counter(
        "p2pchat_cluster_conflicts",
        "Changes of rooms that were planned again, because another node was faster.",
        &one(counts.n_conflicts),
    )?;
    let frames = [("sent", counts.n_sent), ("received", counts.n_received), ("lost", counts.n_lost)];
    page.counter(
        "p2pchat_cluster_frames",
        "Messages for people at other nodes, and from there. Lost: the node was gone, or the store did not answer.",
        &frames.map(|(name, n)| (vec![("direction", name)], n)),
    )?;
    let adopted = [("living", counts.n_moved - counts.n_adopted), ("gone", counts.n_adopted)];
    page.counter(
        "p2pchat_cluster_sessions_moved",
        "Clients that came here from another node: from one that gave them up, and from one that was gone or did not answer.",
        &adopted.map(|(name, n)| (vec![("node", name)], n)),
    )
}

fn listener_labels(listener: ListenerKind) -> Labels {
    let (name, tls) = match listener {
        ListenerKind::Http => ("http", "false"),
        ListenerKind::Https => ("http", "true"),
        ListenerKind::Relay => ("relay", "false"),
        ListenerKind::Nodes => ("nodes", "false"),
    };
    vec![("listener", name), ("tls", tls)]
}

/// A family without labels. More than the format can say is said as the most that it can.
fn one(value: u64) -> Vec<Sample> {
    vec![(Labels::new(), value.min(i64::MAX as u64))]
}
