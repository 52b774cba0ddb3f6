//! What was measured: figures by server and round, their table, their JSON. Ratios are of medians of the same run.
use std::fmt::Write as _;

use serde_json::{Value, json};

/// How the rounds of one figure become one number.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Across {
    Median,
    /// For losses and the like, where one bad round must not vanish.
    Sum,
}

pub(crate) struct Figure {
    pub(crate) label: String,
    pub(crate) unit: &'static str,
    pub(crate) value: f64,
    pub(crate) across: Across,
}

impl Figure {
    pub(crate) fn median(label: impl Into<String>, unit: &'static str, value: f64) -> Self {
        Self { label: label.into(), unit, value, across: Across::Median }
    }

    pub(crate) fn sum(label: impl Into<String>, unit: &'static str, value: f64) -> Self {
        Self { label: label.into(), unit, value, across: Across::Sum }
    }
}

pub(crate) struct Report {
    servers: Vec<String>,
    rows: Vec<Row>,
}

struct Row {
    label: String,
    unit: &'static str,
    across: Across,
    /// By server, then by round.
    values: Vec<Vec<f64>>,
}

impl Report {
    pub(crate) fn new(servers: Vec<String>) -> Self {
        Self { servers, rows: Vec::new() }
    }

    pub(crate) fn add(&mut self, server: usize, figures: Vec<Figure>) {
        for Figure { label, unit, value, across } in figures {
            let at = self.rows.iter().position(|row| row.label == label).unwrap_or_else(|| {
                let values = vec![Vec::new(); self.servers.len()];
                self.rows.push(Row { label, unit, across, values });
                self.rows.len() - 1
            });
            self.rows[at].values[server].push(value);
        }
    }

    /// What the rounds of one server make of a figure.
    pub(crate) fn value(&self, label: &str, server: usize) -> Option<f64> {
        let row = self.rows.iter().find(|row| row.label == label)?;
        row.summary(row.values.get(server)?)
    }

    pub(crate) fn table(&self) -> String {
        let head = ["figure", "unit"].into_iter().map(str::to_owned).chain(self.servers.iter().cloned());
        let lines: Vec<Vec<String>> = std::iter::once(head.collect()).chain(self.rows.iter().map(Row::cells)).collect();
        let columns = self.servers.len() + 2;
        let widths: Vec<usize> = (0..columns)
            .map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0))
            .collect();
        let mut table = String::new();
        for line in &lines {
            let cells: Vec<String> = line.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}")).collect();
            // Writing to a string cannot fail.
            let _ = writeln!(table, "{}", cells.join("  ").trim_end());
        }
        table.push_str(
            "\nmedian [least–most of the rounds]; Σ: summed over the rounds; ×: over the first server's median\n",
        );
        table
    }

    pub(crate) fn json(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            let by_server: serde_json::Map<String, Value> = self
                .servers
                .iter()
                .zip(&row.values)
                .map(|(server, values)| (server.clone(), json!({ "value": row.summary(values), "rounds": values })))
                .collect();
            let across = if row.across == Across::Sum { "sum" } else { "median" };
            json!({ "figure": row.label, "unit": row.unit, "across": across, "servers": by_server })
        });
        json!({ "servers": self.servers, "figures": rows.collect::<Vec<_>>() })
    }
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let first = self.values.first().and_then(|values| self.summary(values));
        let servers = self.values.iter().enumerate().map(|(n, values)| self.cell(values, first.filter(|_| n > 0)));
        [self.label.clone(), self.unit.to_owned()].into_iter().chain(servers).collect()
    }

    fn cell(&self, values: &[f64], first: Option<f64>) -> String {
        let Some(value) = self.summary(values) else { return "–".to_owned() };
        if self.across == Across::Sum {
            return format!("{}{value:.0}", if values.len() > 1 { "Σ " } else { "" });
        }
        let mut cell = readable(value);
        if values.len() > 1 {
            let least = values.iter().copied().fold(f64::INFINITY, f64::min);
            let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            cell = format!("{cell} [{}–{}]", readable(least), readable(most));
        }
        match first.filter(|first| *first > 0.0) {
            Some(first) => format!("{cell} ×{}", readable(value / first)),
            None => cell,
        }
    }

    fn summary(&self, values: &[f64]) -> Option<f64> {
        match self.across {
            _ if values.is_empty() => None,
            Across::Sum => Some(values.iter().sum()),
            Across::Median => {
                let mut sorted = values.to_vec();
                sorted.sort_by(f64::total_cmp);
                let middle = sorted.len() / 2;
                Some(if sorted.len() % 2 == 1 {
                    sorted[middle]
                } else {
                    f64::midpoint(sorted[middle - 1], sorted[middle])
                })
            }
        }
    }
}

/// The smallest value that at least this share of all values does not exceed; zero of none.
pub(crate) fn quantile(sorted: &[u64], share: f64) -> u64 {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied().unwrap_or(0)
}

/// Three digits that matter, as many as a noisy machine deserves.
fn readable(value: f64) -> String {
    let digits = match value.abs() {
        0.0 => 0,
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        size if size >= 0.9995 => 2,
        _ => 3,
    };
    format!("{value:.digits$}")
}

/// The arithmetic that no run would show to be wrong.
pub(crate) fn self_check() {
    let hundred: Vec<u64> = (1..=100).collect();
    assert_eq!([0.5, 0.99, 0.999, 0.0].map(|share| quantile(&hundred, share)), [50, 99, 100, 1]);
    assert_eq!(quantile(&[], 0.5), 0);
    let row = Row { label: String::new(), unit: "", across: Across::Median, values: Vec::new() };
    assert_eq!(
        [row.summary(&[3.0, 1.0, 2.0]), row.summary(&[4.0, 1.0]), row.summary(&[])],
        [Some(2.0), Some(2.5), None]
    );
    assert_eq!([0.1234, 1.0, 12.34, 1234.4].map(readable), ["0.123", "1.00", "12.3", "1234"]);
}
