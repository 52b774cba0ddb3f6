//! The table of metrics in the documentation and the dashboard name what there is, and nothing else.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use p2pchat_server::{
    accounting::{Ledger, Limits},
    app::realm_settings,
    cluster::ClusterFigures,
    hosting::HostingFigures,
    ice::Ice,
    metrics::{Figures, Format, Forwarded, Process},
    protocols, relay,
    sessions::{Durations, Lifetimes, Sessions, cluster::ClusterCounts},
    transports::socketio::ForwardResult,
};
use serde_json::Value;

use crate::harness::exposition::{Page, parse};

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// With a relay, a certificate, other nodes and every protocol.
fn page(format: Format) -> Page {
    let ledger = Ledger::new(Limits::default());
    let ice = Ice { servers: Vec::new(), credential_ttl_s: 60 };
    let sessions = Sessions::new(ice, ledger.clone(), Lifetimes::default());
    for protocol in protocols::ALL {
        let limits = p2pchat_server::rooms::Limits {
            peers_max: 20,
            rooms_per_peer_max: 9,
            name_units_max: 9,
            password_units_max: 9,
        };
        sessions.open(realm_settings(*protocol, limits));
    }
    let figures = Figures {
        version: "1.2.3",
        process: Process::now(SystemTime::now()),
        balance: ledger.balance(),
        reasons: ledger.counted().collect(),
        sessions: sessions.statistics(),
        relay: Some(relay::Stats::default()),
        hosting: Some(HostingFigures::default()),
        forwarded: Some(Forwarded { results: ForwardResult::ALL.map(|it| (it.as_str(), 0)).to_vec(), n_received: 0 }),
        cluster: Some(cluster()),
        certificate_expiry_s: Some(1_900_000_000),
    };
    parse(&figures.render(format).unwrap(), format)
}

fn cluster() -> ClusterFigures {
    ClusterFigures {
        is_up: true,
        n_nodes: 2,
        lease_age: Duration::ZERO,
        store: Durations::default(),
        bus_lag: Durations::default(),
        n_failures: 0,
        n_waiting: 0,
        counts: ClusterCounts::default(),
    }
}

/// Of each metric its type and its labels, as the table has them.
fn documented() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let text = text("docs/deployment.md");
    let rows = text.lines().filter(|it| it.starts_with("| `p2pchat_") || it.starts_with("| `process_"));
    let row = |line: &str| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, kind, labels, meaning] = cells[..] else { panic!("{line}") };
        assert!(!meaning.is_empty(), "{line}");
        let labels = labels.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        (name.trim_matches('`').to_owned(), (kind.to_owned(), labels))
    };
    rows.map(row).collect()
}

#[test]
fn the_documented_metrics_are_those_that_there_are() {
    let page = page(Format::OpenMetrics);
    let there: BTreeMap<_, _> = page.families.into_iter().map(|(name, it)| (name, (it.kind, it.labels))).collect();
    assert!(there.len() > 25, "{there:?}");
    assert_eq!(documented(), there);
}

#[test]
fn both_formats_have_the_same_figures() {
    let (new, old) = (page(Format::OpenMetrics), page(Format::Prometheus));
    assert!(new.series.keys().eq(old.series.keys()) && new.families == old.families);
}

#[test]
fn the_number_of_series_is_bounded_by_closed_lists() {
    let n_series = page(Format::OpenMetrics).series.len();
    assert!((100..400).contains(&n_series), "{n_series}");
}

/// Every text under this name, wherever it stands.
fn texts<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if key == name => found.push(text),
                    other => texts(other, name, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|it| texts(it, name, found)),
        _ => (),
    }
}

#[test]
fn the_dashboard_asks_for_what_there_is() {
    let dashboard: Value = serde_json::from_str(&text("deploy/grafana.json")).unwrap();
    let page = page(Format::OpenMetrics);
    let (names, mut queries) = (page.queried_names(), Vec::new());
    texts(&dashboard, "expr", &mut queries);
    assert!(queries.len() > 20, "{}", queries.len());
    let labels: BTreeSet<_> = page.families.values().flat_map(|it| &it.labels).map(String::as_str).collect();
    let mut asked = BTreeSet::new();
    for query in &queries {
        let words = query.split(|it: char| !it.is_ascii_alphanumeric() && it != '_');
        let metrics = words.filter(|it| it.starts_with("p2pchat_") || it.starts_with("process_"));
        let of_query: BTreeSet<_> = metrics.map(str::to_owned).collect();
        assert!(!of_query.is_empty(), "it asks for nothing of ours: {query}");
        for name in &of_query {
            assert!(names.contains(name), "there is no {name}: {query}");
            // A counter says something by how fast it grows alone.
            let is_counter = name.ends_with("_total") || name.ends_with("_bucket") || name.ends_with("_count");
            assert!(!is_counter || query.contains("rate(") || query.contains("increase("), "{query}");
        }
        for group in query.split(" by (").skip(1) {
            let group = group.split_once(')').unwrap().0;
            for label in group.split(',').map(str::trim) {
                assert!(labels.contains(label) || label == "le" || label == "instance", "there is no {label}: {query}");
            }
        }
        asked.extend(of_query);
    }
    let is_asked = |name: &&String| ["", "_bucket"].iter().any(|suffix| asked.contains(&format!("{name}{suffix}")));
    let unasked: Vec<_> = page.families.keys().filter(|it| !is_asked(it)).collect();
    assert_eq!(unasked, [""; 0], "the dashboard shows every figure");
    let mut titles = Vec::new();
    texts(&dashboard, "title", &mut titles);
    assert!(titles.iter().all(|it| !it.is_empty()));
}
