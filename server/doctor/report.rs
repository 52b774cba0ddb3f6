//! What the doctor has found, in words.
use std::fmt::{self, Display};

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should be.
    Good,
    /// It works, and people outside may miss something.
    Note,
    /// Somebody has to mend it.
    Fault,
}

/// One step, and what came of it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What was tried, in two or three words.
    pub step: &'static str,
    /// How it went.
    pub outcome: Outcome,
    /// What was seen, and for a fault what to do about it.
    pub text: String,
}

/// What was found at one address.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The address.
    pub url: String,
    /// Step by step.
    pub findings: Vec<Finding>,
    /// Whether pages there can be introduced to each other.
    pub has_signaling: bool,
    /// By what the relay has passed something on: `UDP`, `TCP`, `TLS`.
    pub relayed_by: Vec<&'static str>,
    /// The relay was not tried, as only invited people make or join rooms.
    pub is_relay_untried: bool,
}

impl Report {
    pub(super) fn good(&mut self, step: &'static str, text: impl Into<String>) {
        self.findings.push(Finding { step, outcome: Outcome::Good, text: text.into() });
    }

    pub(super) fn note(&mut self, step: &'static str, text: impl Into<String>) {
        self.findings.push(Finding { step, outcome: Outcome::Note, text: text.into() });
    }

    pub(super) fn fault(&mut self, step: &'static str, text: impl Into<String>) {
        self.findings.push(Finding { step, outcome: Outcome::Fault, text: text.into() });
    }

    /// Steps that have to be mended.
    pub fn n_faults(&self) -> usize {
        self.findings.iter().filter(|it| it.outcome == Outcome::Fault).count()
    }

    fn verdict(&self) -> String {
        if !self.has_signaling {
            return "No connection: people cannot meet at this address.".to_owned();
        }
        if self.is_relay_untried {
            return "People connect directly, where their networks let them. Whether the relay serves the others was not tried."
                .to_owned();
        }
        match &*self.relayed_by {
            [] => "People connect directly, where their networks let them. Nothing relays for the others.".to_owned(),
            ways => format!(
                "People connect directly where their networks let them, and otherwise relayed by {}.",
                ways.join(", ")
            ),
        }
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "p2pchat-server {} looks at {}\n", env!("CARGO_PKG_VERSION"), self.url)?;
        for Finding { step, outcome, text } in &self.findings {
            let mark = match outcome {
                Outcome::Good => "good ",
                Outcome::Note => "note ",
                Outcome::Fault => "FAULT",
            };
            writeln!(f, "{mark}  {step:<22}  {text}")?;
        }
        let mend = match self.n_faults() {
            0 => "There is nothing to mend.".to_owned(),
            1 => "One step is to be mended.".to_owned(),
            n => format!("{n} steps are to be mended."),
        };
        writeln!(f, "\n{} {mend}", self.verdict())
    }
}
