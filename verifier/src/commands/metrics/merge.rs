//! Puts the texts of several instances together: one family of each name, each sample with its instance.

use std::collections::BTreeMap;
use std::fmt;

use prom_text_format_parser::{Label, Metric, Scrape, Type};

use crate::collect::prometheus;

/// The label by which samples are told apart.
const INSTANCE: &str = "instance";
/// What Prometheus renames a label to that a target sets itself.
const EXPORTED: &str = "exported_instance";

/// Families by name; numbers stay the text that the instance wrote.
#[derive(Debug, Default)]
pub struct Merged {
    families: BTreeMap<String, Metric>,
}

impl Merged {
    /// Adds one instance's text; answers what of it could not be used.
    pub fn add(&mut self, instance: &str, text: &str) -> Vec<String> {
        let (metrics, problem) = prometheus::read(text);
        let mut problems: Vec<String> = problem.into_iter().collect();
        for mut metric in metrics {
            own(&mut metric, instance);
            let Some(family) = self.families.get_mut(&metric.name) else {
                self.families.insert(metric.name.clone(), metric);
                continue;
            };
            if family.kind != metric.kind && metric.kind != Type::Untyped {
                problems.push(format!(
                    "its {} is a {}, elsewhere it is a {}",
                    metric.name, metric.kind, family.kind
                ));
                continue;
            }
            family.help_desc = family.help_desc.take().or(metric.help_desc);
            family.samples.extend(metric.samples);
        }
        problems
    }
}

impl fmt::Display for Merged {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let metrics = self.families.values().cloned().collect();
        write!(out, "{}", Scrape { metrics })
    }
}

/// Labels each sample with the instance, which is nobody else's to say.
fn own(metric: &mut Metric, instance: &str) {
    for sample in &mut metric.samples {
        for label in sample
            .labels
            .iter_mut()
            .filter(|label| label.key == INSTANCE)
        {
            label.key = EXPORTED.to_owned();
        }
        let label = Label::new(INSTANCE.to_owned(), instance.to_owned());
        sample.labels.insert(0, label);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a worker of engine 0.1.8 writes it.
    const WORKER: &str = "# HELP tasker_worker_info Worker information\n\
        # TYPE tasker_worker_info gauge\n\
        tasker_worker_info{version=\"0.1.8\",worker_type=\"command_processor\"} 1\n\n\
        # HELP tasker_worker_uptime_seconds Worker uptime in seconds\n\
        # TYPE tasker_worker_uptime_seconds counter\n\
        tasker_worker_uptime_seconds {} 326";

    /// As the exporter of an orchestration server writes a histogram: type first, buckets last.
    const SERVER: &str = "# TYPE step_seconds histogram\n\
        # HELP step_seconds Time of a step\n\
        # UNIT step_seconds seconds\n\
        step_seconds_count{kind=\"a,b=}\"} 2\n\
        step_seconds_sum{kind=\"a,b=}\"} 0.1\n\
        step_seconds_bucket{kind=\"a,b=}\",le=\"5\"} 2\n\
        step_seconds_bucket{kind=\"a,b=}\",le=\"+Inf\"} 2\n";

    #[test]
    fn each_family_stands_once_and_each_sample_names_its_instance() {
        let mut merged = Merged::default();

        assert_eq!(merged.add("worker-rust-1", WORKER), Vec::<String>::new());
        assert_eq!(merged.add("worker-rust-2", WORKER), Vec::<String>::new());

        assert_eq!(
            merged.to_string(),
            "# HELP tasker_worker_info Worker information\n\
             # TYPE tasker_worker_info gauge\n\
             tasker_worker_info{instance=\"worker-rust-1\",version=\"0.1.8\",worker_type=\"command_processor\"} 1\n\
             tasker_worker_info{instance=\"worker-rust-2\",version=\"0.1.8\",worker_type=\"command_processor\"} 1\n\
             # HELP tasker_worker_uptime_seconds Worker uptime in seconds\n\
             # TYPE tasker_worker_uptime_seconds counter\n\
             tasker_worker_uptime_seconds{instance=\"worker-rust-1\"} 326\n\
             tasker_worker_uptime_seconds{instance=\"worker-rust-2\"} 326\n"
        );
    }

    #[test]
    fn histograms_keep_their_parts_and_labels_their_commas() {
        let mut merged = Merged::default();

        assert_eq!(merged.add("orchestration-1", SERVER), Vec::<String>::new());

        let text = merged.to_string();
        assert!(text.contains("# TYPE step_seconds histogram\n"), "{text}");
        assert!(
            text.contains(
                "step_seconds_bucket{instance=\"orchestration-1\",kind=\"a,b=}\",le=\"+Inf\"} 2\n"
            ),
            "{text}"
        );
        assert!(
            text.contains("step_seconds_sum{instance=\"orchestration-1\",kind=\"a,b=}\"} 0.1\n"),
            "{text}"
        );
    }

    #[test]
    fn what_is_merged_can_be_read_again() {
        let mut merged = Merged::default();
        merged.add("worker-rust-1", WORKER);
        merged.add("orchestration-1", SERVER);

        let read = Scrape::parse(&merged.to_string()).unwrap();

        assert_eq!(read.metrics.len(), 3);
    }

    #[test]
    fn an_instance_label_of_the_engines_own_is_kept_under_another_name() {
        let mut merged = Merged::default();

        merged.add("worker-rust-1", "up{instance=\"x\"} 1\n");

        assert_eq!(
            merged.to_string(),
            "up{instance=\"worker-rust-1\",exported_instance=\"x\"} 1\n"
        );
    }

    #[test]
    fn text_of_another_kind_is_a_problem() {
        let mut merged = Merged::default();

        let problems = merged.add("worker-rust-1", "<html>oh</html>");

        assert_eq!(problems.len(), 1);
        assert!(
            problems[0].starts_with("its text is not Prometheus's"),
            "{problems:?}"
        );
    }

    #[test]
    fn a_family_of_another_type_is_left_out_and_told() {
        let mut merged = Merged::default();
        merged.add("a-1", "# TYPE x counter\nx 1\n");

        let problems = merged.add("b-1", "# TYPE x gauge\nx 2\n");

        assert_eq!(problems, ["its x is a gauge, elsewhere it is a counter"]);
        assert!(!merged.to_string().contains("b-1"));
    }
}
