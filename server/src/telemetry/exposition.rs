//! The two formats of metrics: OpenMetrics 1.0, which Prometheus asks for, and the older text format, which node_exporter's textfile collector and
//! `promtool check metrics` read. The crate `prometheus-client` writes the former alone.

use std::fmt::Write;

use super::Histogram;

/// The kind of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
    Info,
}

/// Metrics of one name.
#[derive(Debug, Clone)]
pub(crate) struct Family {
    /// The name without what its kind appends to it.
    name: &'static str,
    kind: Kind,
    help: &'static str,
    points: Vec<Point>,
    /// Time from which it counts, in seconds since 1970; none for what goes on over restarts.
    created: Option<f64>,
}

/// One of the metrics of a family.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    labels: Vec<(&'static str, String)>,
    value: Value,
}

#[derive(Debug, Clone)]
enum Value {
    Number(f64),
    Histogram(Histogram),
}

impl Point {
    /// A number with these labels.
    pub(crate) fn of<const N: usize>(labels: [(&'static str, &str); N], value: f64) -> Self {
        let labels = labels.map(|(name, text)| (name, text.to_owned())).to_vec();
        Self { labels, value: Value::Number(value) }
    }

    /// The number of so many things with these labels.
    pub(crate) fn counted<const N: usize>(labels: [(&'static str, &str); N], count: u64) -> Self {
        Self::of(labels, count as f64)
    }
}

impl Family {
    fn new(kind: Kind, name: &'static str, help: &'static str, points: Vec<Point>) -> Self {
        Self { name, kind, help, points, created: None }
    }

    /// Numbers that only grow, for as long as the store is there.
    pub(crate) fn counter(name: &'static str, help: &'static str, points: Vec<Point>) -> Self {
        Self::new(Kind::Counter, name, help, points)
    }

    /// Numbers that go up and down.
    pub(crate) fn gauge(name: &'static str, help: &'static str, points: Vec<Point>) -> Self {
        Self::new(Kind::Gauge, name, help, points)
    }

    /// One number that goes up and down.
    pub(crate) fn one(name: &'static str, help: &'static str, value: f64) -> Self {
        Self::gauge(name, help, vec![Point::of([], value)])
    }

    /// One number of things, which goes up and down.
    pub(crate) fn number(name: &'static str, help: &'static str, count: u64) -> Self {
        Self::gauge(name, help, vec![Point::counted([], count)])
    }

    /// Facts, as labels.
    pub(crate) fn info(name: &'static str, help: &'static str, facts: Point) -> Self {
        Self::new(Kind::Info, name, help, vec![facts])
    }

    /// A histogram.
    pub(crate) fn histogram(name: &'static str, help: &'static str, histogram: &Histogram) -> Self {
        let value = Value::Histogram(histogram.clone());
        Self::new(Kind::Histogram, name, help, vec![Point { labels: Vec::new(), value }])
    }

    /// The same, which counts from this time on, in seconds since 1970.
    #[must_use]
    pub(crate) fn since(self, seconds: f64) -> Self {
        Self { created: Some(seconds), ..self }
    }

    /// The same with a further label, before the others.
    #[must_use]
    pub(crate) fn labelled(mut self, name: &'static str, text: &str) -> Self {
        self.points.iter_mut().for_each(|point| point.labels.insert(0, (name, text.to_owned())));
        self
    }

    /// The unit, if the name has one.
    fn unit(&self) -> Option<&'static str> {
        let (_, last) = self.name.rsplit_once('_')?;
        ["seconds", "bytes", "usd"].contains(&last).then_some(last)
    }

    /// What the kind appends to the name of its numbers.
    fn suffix(&self) -> &'static str {
        match self.kind {
            Kind::Counter => "_total",
            Kind::Info => "_info",
            Kind::Gauge | Kind::Histogram => "",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Openmetrics,
    Prometheus,
}

/// All of them in the format OpenMetrics 1.0.
pub(crate) fn openmetrics(families: &[Family]) -> String {
    let mut text = written(families, Format::Openmetrics);
    text.push_str("# EOF\n");
    text
}

/// All of them in the text format 0.0.4.
pub(crate) fn prometheus(families: &[Family]) -> String {
    written(families, Format::Prometheus)
}

fn written(families: &[Family], format: Format) -> String {
    let mut out = String::new();
    for family in families {
        // Writing to a text cannot fail.
        let _ = write_family(&mut out, family, format);
    }
    out
}

fn write_family(out: &mut String, family: &Family, format: Format) -> std::fmt::Result {
    let Family { name, help, .. } = family;
    let (head, kind) = match (format, family.kind) {
        (_, Kind::Gauge) => ("", "gauge"),
        (_, Kind::Histogram) => ("", "histogram"),
        (Format::Openmetrics, Kind::Counter) => ("", "counter"),
        (Format::Openmetrics, Kind::Info) => ("", "info"),
        (Format::Prometheus, Kind::Counter) => (family.suffix(), "counter"),
        (Format::Prometheus, Kind::Info) => (family.suffix(), "gauge"),
    };
    writeln!(out, "# HELP {name}{head} {help}")?;
    writeln!(out, "# TYPE {name}{head} {kind}")?;
    if let (Some(unit), Format::Openmetrics) = (family.unit(), format) {
        writeln!(out, "# UNIT {name} {unit}")?;
    }
    for point in &family.points {
        match &point.value {
            Value::Number(value) => {
                write_sample(out, &[name, family.suffix()], (&point.labels, None), number(*value))?;
            }
            Value::Histogram(histogram) => {
                for (bound, count) in histogram.buckets() {
                    let le = Some(le(bound, format));
                    write_sample(out, &[name, "_bucket"], (&point.labels, le), count.to_string())?;
                }
                write_sample(out, &[name, "_sum"], (&point.labels, None), number(histogram.sum()))?;
                let count = histogram.count().to_string();
                write_sample(out, &[name, "_count"], (&point.labels, None), count)?;
            }
        }
        if let (Some(created), Format::Openmetrics) = (family.created, format) {
            write_sample(out, &[name, "_created"], (&point.labels, None), number(created))?;
        }
    }
    Ok(())
}

type Labels<'a> = (&'a [(&'static str, String)], Option<String>);

fn write_sample(
    out: &mut String,
    name: &[&str],
    (labels, le): Labels<'_>,
    value: String,
) -> std::fmt::Result {
    out.extend(name.iter().copied());
    let mut sign = '{';
    let all = labels.iter().map(|(name, text)| (*name, text.as_str()));
    for (name, text) in all.chain(le.as_deref().map(|le| ("le", le))) {
        write!(out, "{sign}{name}=\"")?;
        for c in text.chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                '"' => out.push_str("\\\""),
                '\n' => out.push_str("\\n"),
                // It may be printed to a terminal.
                c if c.is_control() => out.push(char::REPLACEMENT_CHARACTER),
                c => out.push(c),
            }
        }
        out.push('"');
        sign = ',';
    }
    if sign == ',' {
        out.push('}');
    }
    writeln!(out, " {value}")
}

/// A bound. OpenMetrics wants it to be told from a whole number.
fn le(bound: f64, format: Format) -> String {
    match format {
        _ if bound.is_infinite() => "+Inf".to_owned(),
        Format::Openmetrics => format!("{bound:?}"),
        Format::Prometheus => bound.to_string(),
    }
}

fn number(value: f64) -> String {
    match value {
        value if value.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn families() -> Vec<Family> {
        let mut times = Histogram::of_moments();
        times.observe(0.2);
        vec![
            Family::counter(
                "x_cost_usd",
                "Cost.",
                vec![Point::of([("rule", "a\"b\\c\nd\u{1b}[2J"), ("z", "")], 0.25)],
            ),
            Family::counter("x_runs", "Runs.", vec![Point::counted([], 3)]).since(1.5),
            Family::gauge("x_none", "None.", Vec::new()),
            Family::number("x_tasks", "Tasks.", 7),
            Family::histogram("x_commit_seconds", "Commits.", &times).since(1.5),
            Family::info("x_build", "Build.", Point::of([("version", "1")], 1.0)),
        ]
    }

    #[test]
    fn openmetrics_names_units_and_the_time_from_which_it_counts() {
        let text = openmetrics(&families());
        let expected = "# HELP x_cost_usd Cost.\n# TYPE x_cost_usd counter\n# UNIT x_cost_usd usd\n\
             x_cost_usd_total{rule=\"a\\\"b\\\\c\\nd\u{fffd}[2J\",z=\"\"} 0.25\n\
             # HELP x_runs Runs.\n# TYPE x_runs counter\nx_runs_total 3\nx_runs_created 1.5\n\
             # HELP x_none None.\n# TYPE x_none gauge\n\
             # HELP x_tasks Tasks.\n# TYPE x_tasks gauge\nx_tasks 7\n\
             # HELP x_commit_seconds Commits.\n# TYPE x_commit_seconds histogram\n# UNIT x_commit_seconds seconds\n\
             x_commit_seconds_bucket{le=\"0.0005\"} 0\n";
        assert_eq!(text.get(..expected.len()), Some(expected), "{text}");
        assert!(
            text.contains("_bucket{le=\"1.0\"} 1\n") && text.contains("_bucket{le=\"+Inf\"} 1\n"),
            "{text}"
        );
        assert!(
            text.contains(
                "x_commit_seconds_sum 0.2\nx_commit_seconds_count 1\nx_commit_seconds_created 1.5\n"
            )
        );
        assert!(text.ends_with("# TYPE x_build info\nx_build_info{version=\"1\"} 1\n# EOF\n"), "{text}");
    }

    #[test]
    fn a_further_label_is_on_every_series() {
        let families: Vec<_> = families().into_iter().map(|family| family.labelled("p", "a b\"")).collect();
        for text in [prometheus(&families), openmetrics(&families)] {
            let series: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
            assert!(series.len() > 10 && series.iter().all(|line| line.contains("{p=\"a b\\\"\"")), "{text}");
        }
    }

    #[test]
    fn the_text_format_has_the_whole_name_everywhere() {
        let text = prometheus(&families());
        assert!(text.contains("# TYPE x_runs_total counter\nx_runs_total 3\n# HELP"), "{text}");
        assert!(
            text.contains("_bucket{le=\"1\"} 1\n") && text.contains("# TYPE x_build_info gauge\n"),
            "{text}"
        );
        assert!(!text.contains("_created") && !text.contains("# EOF") && !text.contains("# UNIT"), "{text}");
    }
}
