//! What `./check` asks of every change: that neither a signal nor an idle connection costs a multiple of what it costs the
//! floor. Both are compiled alike and measured in the same run, so that neither the machine nor what else it does counts.
//! The ratios are those of the dev profile, which `./check` builds: there our layers weigh more than in a build for use.
use crate::{
    Result,
    cli::{Options, What},
    report::Report,
    rounds,
};

/// Signals a second: few enough for an executable that is not optimised, on a core that others use too.
pub(crate) const RATE: u64 = 2_000;
/// More than the first of the bench's sizes, between which and this the memory of each is taken.
pub(crate) const CONNECTIONS: usize = 1_000;

struct Limit {
    what: &'static str,
    /// The figure, or the difference between two of them.
    figure: &'static str,
    less: Option<&'static str>,
    /// About one and two thirds of what it is, so that a doubling is noticed and a noisy machine is not.
    ratio_max: f64,
}

/// Measured 2026-11-29: 3.4 and 1.2.
const LIMITS: [Limit; 2] = [
    Limit { what: "processor time of a signal", figure: "2000/s: CPU each", less: None, ratio_max: 5.6 },
    Limit {
        what: "memory of an idle connection",
        figure: "idle 1000: resident",
        less: Some("idle 100: resident"),
        ratio_max: 2.0,
    },
];

/// The table of what was measured.
///
/// # Errors
/// When a measurement fails, when anything is lost, and with that table when a limit is exceeded.
pub(crate) async fn run(server: &str) -> Result<Report> {
    let options = Options::of_gate(server);
    let report = rounds::run(&What::Gate { server: server.to_owned() }, &options).await?;
    let mut faults = Vec::new();
    for Limit { what, figure, less, ratio_max } in LIMITS {
        let of = |at| {
            let value = |label| report.value(label, at).ok_or_else(|| format!("{label} was not measured"));
            less.map_or(Ok(0.0), value).and_then(|less| Ok(value(figure)? - less))
        };
        let ratio = of(0)? / of(1)?;
        // Also where it is no number.
        if !(0.0..=ratio_max).contains(&ratio) {
            faults.push(format!("{what}: {ratio:.2} times the floor's, and {ratio_max} is the limit"));
        }
    }
    if report.value("2000/s: lost, or over 10 s late", 0) != Some(0.0) {
        faults.push("signals were lost".to_owned());
    }
    if faults.is_empty() { Ok(report) } else { Err(format!("{}\n{}", report.table(), faults.join("\n")).into()) }
}
