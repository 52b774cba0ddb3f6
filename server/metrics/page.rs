//! One page of metrics: families with their samples, in the text format that was asked for.
use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, MetricEncoder, prometheus_text, text},
    metrics::MetricType,
    registry::{Registry, Unit},
};

use crate::sessions::Durations;

/// How a page is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// OpenMetrics 1.0, which Prometheus asks for.
    OpenMetrics,
    /// Prometheus' own text format 0.0.4, for whoever asks for nothing.
    Prometheus,
}

/// Names and values, from closed lists.
pub(super) type Labels = Vec<(&'static str, &'static str)>;

/// One time series of a family.
pub(super) type Sample = (Labels, u64);

/// Takes the families in the order in which they are to stand on the page.
pub(super) struct Page<'a>(DescriptorEncoder<'a>);

static BYTES: Unit = Unit::Bytes;
static SECONDS: Unit = Unit::Seconds;

/// A page as `write` fills it.
pub(super) fn render(
    format: Format,
    write: impl Fn(&mut Page<'_>) -> fmt::Result + Send + Sync + 'static,
) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Filled(write)));
    let mut text = String::new();
    match format {
        Format::OpenMetrics => text::encode(&mut text, &registry)?,
        Format::Prometheus => prometheus_text::encode(&mut text, &registry)?,
    }
    Ok(text)
}

impl Page<'_> {
    /// What goes up and down.
    pub(super) fn gauge(&mut self, name: &str, help: &str, samples: &[Sample]) -> fmt::Result {
        let encoder = self.describe(name, help, MetricType::Gauge)?;
        each(encoder, samples, |encoder, value| encoder.encode_gauge(value))
    }

    /// What only grows. `name` is without `_total`.
    pub(super) fn counter(&mut self, name: &str, help: &str, samples: &[Sample]) -> fmt::Result {
        let encoder = self.describe(name, help, MetricType::Counter)?;
        each(encoder, samples, |encoder, value| encoder.encode_counter::<Labels, u64, f64>(value, None))
    }

    /// How long something took.
    pub(super) fn histogram(&mut self, name: &str, help: &str, samples: &[(Labels, &Durations)]) -> fmt::Result {
        let encoder = self.describe(name, help, MetricType::Histogram)?;
        each(encoder, samples, |encoder, durations| {
            let buckets: Vec<_> = durations.buckets().collect();
            encoder.encode_histogram::<Labels>(durations.sum_s(), durations.n(), &buckets, None)
        })
    }

    /// The unit is what a name ends with.
    fn describe<'s>(
        &'s mut self,
        name: &'s str,
        help: &str,
        kind: MetricType,
    ) -> Result<MetricEncoder<'s>, fmt::Error> {
        let mut units = [("_bytes", &BYTES), ("_seconds", &SECONDS)].into_iter();
        match units.find_map(|(suffix, unit)| Some((name.strip_suffix(suffix)?, unit))) {
            Some((stem, unit)) => self.0.encode_descriptor(stem, help, Some(unit), kind),
            None => self.0.encode_descriptor(name, help, None, kind),
        }
    }
}

fn each<V>(
    mut encoder: MetricEncoder<'_>,
    samples: &[(Labels, V)],
    encode: impl Fn(&mut MetricEncoder<'_>, &V) -> fmt::Result,
) -> fmt::Result {
    samples.iter().try_for_each(|(labels, value)| encode(&mut encoder.encode_family(labels)?, value))
}

/// What the library asks when it writes a registry.
struct Filled<F>(F);

impl<F: Fn(&mut Page<'_>) -> fmt::Result + Send + Sync + 'static> Collector for Filled<F> {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        (self.0)(&mut Page(encoder))
    }
}

impl<F> fmt::Debug for Filled<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Filled")
    }
}
