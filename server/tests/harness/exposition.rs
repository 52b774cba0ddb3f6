//! A reader of metrics that is stricter than Prometheus: the text formats of OpenMetrics 1.0 and of Prometheus 0.0.4, and the
//! conventions for names and units.
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    time::{Duration, Instant},
};

use p2pchat_server::metrics::Format;

use super::web::{Answer, Web};

/// What Prometheus sends.
pub(crate) const ACCEPT: &str =
    "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";

/// Looks for what should come, and fails after so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A page of metrics.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    /// By name, as it stands in queries: with `_total`.
    pub(crate) families: BTreeMap<String, Family>,
    /// By name and labels, as they stand there.
    pub(crate) series: BTreeMap<String, f64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Family {
    pub(crate) kind: String,
    /// Names of labels, but for that of a bucket's bound.
    pub(crate) labels: BTreeSet<String>,
    unit: String,
    n_samples: usize,
}

/// Asks as Prometheus does.
pub(crate) async fn scrape(address: SocketAddr) -> Page {
    let answer = Web::to(address).await.ask("GET", "/metrics", &[("accept", ACCEPT)], b"").await;
    assert_eq!(answer.status, 200);
    read(&answer)
}

/// The page of an answer, in the format that it names.
pub(crate) fn read(answer: &Answer) -> Page {
    let format = match answer.header("content-type") {
        "application/openmetrics-text; version=1.0.0; charset=utf-8" => Format::OpenMetrics,
        "text/plain; version=0.0.4; charset=utf-8" => Format::Prometheus,
        other => panic!("{other}"),
    };
    parse(answer.text(), format)
}

/// Fails at the first thing that is not as it must be.
pub(crate) fn parse(text: &str, format: Format) -> Page {
    let is_open = format == Format::OpenMetrics;
    let mut page = Page::default();
    let mut current = (String::new(), Family::default());
    let text = text.strip_suffix(if is_open { "\n# EOF\n" } else { "\n" }).expect("it ends as it must");
    for line in text.split('\n') {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap_or_else(|| panic!("no help: {line}"));
            assert!(is_name(name) && help.ends_with('.') && !help.contains('\\'), "{line}");
            page.finish(std::mem::replace(&mut current, (name.to_owned(), Family::default())), is_open);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let kind =
                rest.strip_prefix(&*current.0).and_then(|it| it.strip_prefix(' ')).expect("the family's own type");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(current.1 == Family::default(), "its type comes once, and first: {line}");
            current.1.kind = kind.to_owned();
        } else if let Some(rest) = line.strip_prefix("# UNIT ") {
            let unit =
                rest.strip_prefix(&*current.0).and_then(|it| it.strip_prefix(' ')).expect("the family's own unit");
            assert!(is_open && current.0.ends_with(&format!("_{unit}")) && current.1.n_samples == 0, "{line}");
            current.1.unit = unit.to_owned();
        } else {
            page.sample(line, &current.0, &mut current.1, is_open);
        }
    }
    page.finish(current, is_open);
    page.check_histograms();
    page
}

impl Page {
    /// A time series by its name and labels.
    pub(crate) fn value(&self, series: &str) -> f64 {
        *self.series.get(series).unwrap_or_else(|| panic!("there is no {series}"))
    }

    /// The names that queries may have.
    pub(crate) fn queried_names(&self) -> BTreeSet<String> {
        let names = self.families.iter().flat_map(|(name, family)| {
            let suffixes: &[&str] = if family.kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            suffixes.iter().map(move |it| format!("{name}{it}"))
        });
        names.collect()
    }

    /// What has another value later. Times, memory and what the system says are left out: nobody knows them beforehand.
    pub(crate) fn moved(&self, later: &Page) -> BTreeMap<String, f64> {
        assert!(self.series.keys().eq(later.series.keys()), "a page always has the same series");
        let is_known = |it: &str| {
            !it.starts_with("process_")
                && !it.starts_with("p2pchat_memory_")
                && !it.contains("_bucket")
                && !it.contains("_sum")
        };
        let moved = self.series.iter().zip(later.series.values()).filter(|(before, after)| before.1 != *after);
        moved.map(|(before, after)| (before.0.clone(), after - before.1)).filter(|it| is_known(&it.0)).collect()
    }

    /// Waits until exactly this has moved since this page, which is then the later one. `expected` holds lines of a name, perhaps
    /// with labels, and by how much.
    pub(crate) async fn moves_by(&mut self, address: SocketAddr, what: &str, expected: &[(&str, f64)]) {
        let expected: BTreeMap<_, _> = expected.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
        let begun = Instant::now();
        loop {
            let later = scrape(address).await;
            let moved = self.moved(&later);
            if moved == expected {
                *self = later;
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{what}: {moved:#?} instead of {expected:#?}");
            tokio::task::yield_now().await;
        }
    }

    fn sample(&mut self, line: &str, family_name: &str, family: &mut Family, is_open: bool) {
        let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
        let (name, labels) = match series.split_once('{') {
            Some((name, rest)) => (name, rest.strip_suffix('}').unwrap_or_else(|| panic!("{line}"))),
            None => (series, ""),
        };
        let suffix = name.strip_prefix(family_name).unwrap_or_else(|| panic!("{line} in {family_name}"));
        let allowed: &[&str] = match &*family.kind {
            "counter" if is_open => &["_total"],
            "histogram" => &["_bucket", "_sum", "_count"],
            "counter" | "gauge" => &[""],
            _ => panic!("it has no type before its samples: {line}"),
        };
        assert!(allowed.contains(&suffix), "{line} in a {}", family.kind);
        let names: Vec<_> = labels.split(',').filter(|it| !it.is_empty()).map(|it| label(it).0).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "a label twice: {line}");
        let names: BTreeSet<_> = names.into_iter().filter(|it| *it != "le").map(str::to_owned).collect();
        assert!(
            family.n_samples == 0 || family.labels == names,
            "all samples of a family have the same labels: {line}"
        );
        let value: f64 = value.parse().unwrap();
        assert!(value.is_finite() && (family.kind == "gauge" || value >= 0.0), "{line}");
        (family.labels, family.n_samples) = (names, family.n_samples + 1);
        // One format has a bound last, and the other first; one writes it as 1, and the other as 1.0.
        let (bounds, others): (Vec<_>, Vec<_>) = labels.split(',').partition(|it| it.starts_with("le="));
        let bound = |it: &str| label(it).1.parse().map_or("+Inf".to_owned(), |it: f64| it.to_string());
        let bounds = bounds.into_iter().map(|it| format!("le=\"{}\"", bound(it)));
        let labels: Vec<_> = others.into_iter().filter(|it| !it.is_empty()).map(str::to_owned).chain(bounds).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let series = format!("{name}{labels}");
        assert_eq!(self.series.insert(series, value), None, "twice: {line}");
    }

    fn finish(&mut self, (name, family): (String, Family), is_open: bool) {
        if name.is_empty() {
            return;
        }
        assert!(family.n_samples > 0, "{name} has no samples");
        let is_counter = family.kind == "counter";
        assert!(is_open || name.ends_with("_total") == is_counter, "{name}");
        let bare = name.strip_suffix("_total").filter(|_| !is_open).unwrap_or(&*name);
        assert!(!bare.ends_with("_total") && !bare.ends_with("_count"), "{name}");
        let unit =
            ["bytes", "seconds"].into_iter().find(|it| bare.split('_').any(|word| word == *it)).unwrap_or_default();
        assert!(bare.ends_with(unit), "the unit of {name} comes last");
        assert!(!is_open || family.unit == unit, "{name} says its unit");
        assert!(bare.starts_with("p2pchat_") || bare.starts_with("process_"), "{name}");
        let queried = if is_counter { format!("{bare}_total") } else { name.clone() };
        assert_eq!(self.families.insert(queried, Family { unit: String::new(), ..family }), None, "{name} twice");
    }

    fn check_histograms(&self) {
        for name in self.families.iter().filter(|it| it.1.kind == "histogram").map(|it| it.0) {
            let mut buckets: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
            for (series, n) in self.series.iter().filter(|it| it.0.starts_with(&format!("{name}_bucket{{"))) {
                let labels = series.split_once('{').unwrap().1.trim_end_matches('}');
                let (bounds, others): (Vec<_>, Vec<_>) = labels.split(',').partition(|it| it.starts_with("le="));
                let bound = label(bounds[0]).1.replace("+Inf", "inf").parse().unwrap();
                buckets.entry(others.join(",")).or_default().push((bound, *n));
            }
            assert!(!buckets.is_empty());
            for (labels, mut buckets) in buckets {
                buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
                assert!(buckets.is_sorted_by(|one, other| one.1 <= other.1), "{name} is cumulative: {buckets:?}");
                let with_labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
                let last = *buckets.last().unwrap();
                assert_eq!(last, (f64::INFINITY, self.value(&format!("{name}_count{with_labels}"))));
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_')
        && text.starts_with(|it: char| it.is_ascii_lowercase())
}

/// Values are from closed lists, or bounds, or a version.
fn label(text: &str) -> (&str, &str) {
    let (name, value) = text.split_once('=').unwrap_or_else(|| panic!("no label: {text}"));
    let value = value.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap_or_else(|| panic!("{text}"));
    let is_plain = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b"_.+-I".contains(&it);
    assert!(is_name(name) && !value.is_empty() && value.len() <= 32 && value.bytes().all(is_plain), "{text}");
    (name, value)
}
