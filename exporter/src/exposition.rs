//! A page as text: Prometheus' format, OpenMetrics, JSON.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    self, DescriptorEncoder, EncodeLabel, EncodeLabelSet, LabelSetEncoder, MetricEncoder, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use serde_json::{Map, Value, json};

use crate::catalogue::{Definition, Kind};
use crate::compatibility;
use crate::page::{Page, Sample};

/// A text format that a scraper may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Prometheus' own, 0.0.4, which all scrapers know.
    Text,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl Format {
    /// The one that an `Accept` header prefers; the plain one if it names neither.
    pub fn accepted(accept: &str) -> Format {
        let mut best = (Format::Text, 0.0);
        for offer in accept.split(',') {
            let mut parts = offer.split(';').map(str::trim);
            let format = match parts.next().unwrap_or_default() {
                "application/openmetrics-text" => Format::OpenMetrics,
                "text/plain" | "text/*" | "*/*" => Format::Text,
                _ => continue,
            };
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
            if weight > best.1 {
                best = (format, weight);
            }
        }
        best.0
    }

    /// Its content type.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::Text => encoding::prometheus_text::CONTENT_TYPE,
            Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// Under which names the metrics stand on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum MetricNames {
    /// This exporter's names
    #[default]
    Own,
    /// Names of AMD's device-metrics-exporter, for metrics that both have
    Amd,
    /// Both
    Both,
}

/// The page in a text format.
///
/// # Errors
/// None that can happen: writing into memory does not fail.
pub fn text(page: &Arc<Page>, format: Format, names: MetricNames) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    if names != MetricNames::Amd {
        registry.register_collector(Box::new(Families(page.clone())));
    }
    if names != MetricNames::Own {
        registry.register_collector(Box::new(AmdFamilies(page.clone())));
    }
    let mut text = String::new();
    match format {
        Format::Text => encoding::prometheus_text::encode(&mut text, &registry)?,
        Format::OpenMetrics => encoding::text::encode(&mut text, &registry)?,
    }
    Ok(text)
}

/// The page as JSON: for each metric how it is to be read, and its series.
pub fn json(page: &Page) -> Value {
    let series = |sample: &Sample| {
        let labels: Map<String, Value> =
            sample.labels().map(|(name, value)| (name.to_owned(), value.into())).collect();
        json!({"labels": labels, "value": sample.value})
    };
    let families = page.families().map(|(metric, samples)| {
        let definition = metric.definition();
        let family = json!({
            "type": definition.kind.as_str(),
            "unit": definition.unit,
            "help": definition.help,
            "series": samples.iter().map(series).collect::<Vec<_>>(),
        });
        (definition.name.to_owned(), family)
    });
    Value::Object(families.collect())
}

#[derive(Debug)]
struct Families(Arc<Page>);

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for (metric, samples) in self.0.families() {
            let definition = metric.definition();
            let unit = definition.unit.map(|unit| Unit::Other(unit.to_owned()));
            let kind = match definition.kind {
                Kind::Gauge => MetricType::Gauge,
                Kind::Counter => MetricType::Counter,
                Kind::Info => MetricType::Info,
            };
            // The sentence gets the full stop that the library's own registration would give it.
            let help = format!("{}.", definition.help);
            let mut family = encoder.encode_descriptor(stem(definition), &help, unit.as_ref(), kind)?;
            for sample in samples {
                match definition.kind {
                    Kind::Info => family.encode_info(&All(sample))?,
                    Kind::Counter => count(&mut family.encode_family(&All(sample))?, sample.value)?,
                    Kind::Gauge => gauge(&mut family.encode_family(&All(sample))?, sample.value)?,
                }
            }
        }
        Ok(())
    }
}

#[derive(Debug)]
struct AmdFamilies(Arc<Page>);

impl Collector for AmdFamilies {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for family in compatibility::families(&self.0) {
            let mut encoded =
                encoder.encode_descriptor(&family.name, &family.help, None, MetricType::Gauge)?;
            for sample in &family.samples {
                gauge(&mut encoded.encode_family(&All(sample))?, sample.value)?;
            }
        }
        Ok(())
    }
}

/// A whole number without point and zero, which are a fifth of a page.
fn whole(value: f64) -> Option<i64> {
    /// Up to here each whole number is a float of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (value.fract() == 0.0 && value.abs() <= EXACT).then_some(value as i64)
}

fn gauge(metric: &mut MetricEncoder<'_>, value: f64) -> fmt::Result {
    match whole(value) {
        Some(whole) => metric.encode_gauge(&whole),
        None => metric.encode_gauge(&value),
    }
}

fn count(metric: &mut MetricEncoder<'_>, value: f64) -> fmt::Result {
    match whole(value).and_then(|whole| u64::try_from(whole).ok()) {
        Some(whole) => metric.encode_counter::<NoLabelSet, _, u64>(&whole, None),
        None => metric.encode_counter::<NoLabelSet, _, u64>(&value, None),
    }
}

/// The name without what the formats add to it.
fn stem(definition: &Definition) -> &'static str {
    let name = definition.name.trim_end_matches("_total").trim_end_matches("_info");
    let stem = definition.unit.and_then(|unit| name.strip_suffix(unit)?.strip_suffix('_'));
    stem.unwrap_or(name)
}

/// All labels of a series.
#[derive(Debug)]
struct All<'a>(&'a Sample);

impl EncodeLabelSet for All<'_> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        for label in self.0.labels() {
            label.encode(encoder.encode_label())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Metric;
    use crate::selection::Selection;

    #[test]
    fn formats() {
        let mut page = Page::new(Arc::new(Selection::default()));
        let gpu = Arc::new(vec![("gpu", "0000:03:00.0".to_owned())]);
        page.put(Metric::Energy, &gpu, Vec::new(), 12.5);
        page.put(Metric::Info, &gpu, vec![("name", "a \"b\" \\ \n".to_owned())], 1.0);
        page.put(Metric::Temperature, &gpu, vec![("sensor", "edge".to_owned())], -4.0);
        let page = Arc::new(page);
        let plain = text(&page, Format::Text, MetricNames::Own).unwrap();
        let help = "Energy used by the package since its firmware started.";
        assert!(
            plain.contains(&format!(
                "# HELP amdgpu_energy_joules_total {help}\n# TYPE amdgpu_energy_joules_total counter\n\
                 amdgpu_energy_joules_total{{gpu=\"0000:03:00.0\"}} 12.5\n"
            )),
            "{plain}"
        );
        assert!(plain.contains(r#"amdgpu_info{gpu="0000:03:00.0",name="a \"b\" \\ \n"} 1"#), "{plain}");
        assert!(plain.contains("# TYPE amdgpu_info gauge\n"), "{plain}");
        assert!(plain.contains("sensor=\"edge\"} -4\n"), "{plain}");
        let open = text(&page, Format::OpenMetrics, MetricNames::Own).unwrap();
        assert!(
            open.contains(
                "# TYPE amdgpu_energy_joules counter\n# UNIT amdgpu_energy_joules joules\n\
                 amdgpu_energy_joules_total{gpu=\"0000:03:00.0\"} 12.5\n"
            ),
            "{open}"
        );
        assert!(open.contains("# TYPE amdgpu info\n") && open.ends_with("# EOF\n"), "{open}");
        assert_eq!(json(&page)["amdgpu_energy_joules_total"]["series"][0]["value"], 12.5);
    }

    #[test]
    fn the_scraper_chooses() {
        let prometheus = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                          text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        assert_eq!(Format::accepted(prometheus), Format::OpenMetrics);
        assert_eq!(Format::accepted("text/plain;version=0.0.4;q=0.5,*/*;q=0.1"), Format::Text);
        assert_eq!(Format::accepted("application/openmetrics-text;q=0.2,text/plain"), Format::Text);
        for odd in ["", "text/html", ";;,,", "application/openmetrics-text;q=x"] {
            let expected = if odd.starts_with("app") { Format::OpenMetrics } else { Format::Text };
            assert_eq!(Format::accepted(odd), expected, "{odd}");
        }
    }
}
