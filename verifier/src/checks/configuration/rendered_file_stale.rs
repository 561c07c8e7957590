use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, RenderedFile, Unseen};

/// A rendered file is not what the topology renders to now.
///
/// The supervisor and the tests read the rendered files, not the topology: with
/// a stale one they run another cluster than the one that is described.
pub struct RenderedFileStale;

impl Check for RenderedFileStale {
    const CODE: Code = Code::new(104);
    const NAME: &'static str = "rendered-file-stale";
    const TITLE: &'static str = "the rendered files are what the cluster file renders to";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        evidence.topology.seen()?;
        Ok(evidence
            .configuration
            .rendered
            .iter()
            .filter_map(defect)
            .collect())
    }
}

fn defect(file: &RenderedFile) -> Option<Finding> {
    let finding = Finding::about(&file.path).hint("run `cluster-verify render`");
    match file.first_difference {
        _ if !file.exists => Some(finding.observed("it was never rendered")),
        Some(line) => Some(
            finding
                .observed(format!(
                    "from line {line} on it is not what the cluster file renders to"
                ))
                .evidence("first difference", format!("{}:{line}", file.path)),
        ),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    #[test]
    fn a_file_that_differs_is_named_with_its_first_line() {
        let mut evidence = Evidence::healthy();
        evidence.configuration.rendered[0].first_difference = Some(12);

        let findings = fires::<RenderedFileStale>(&evidence);

        assert_eq!(
            findings[0].evidence["first difference"],
            "process-compose.yaml:12"
        );
    }

    #[test]
    fn a_file_that_is_absent_is_found() {
        let mut evidence = Evidence::healthy();
        evidence.configuration.rendered[0].exists = false;

        fires::<RenderedFileStale>(&evidence);
    }

    #[test]
    fn a_run_that_renders_nothing_has_nothing_stale() {
        let mut evidence = Evidence::healthy();
        evidence.configuration.rendered.clear();

        silent::<RenderedFileStale>(&evidence);
    }

    #[test]
    fn without_a_topology_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.topology = Observed::not_looked("the topology");

        unknown::<RenderedFileStale>(&evidence);
    }
}
