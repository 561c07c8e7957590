use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// The cluster file or an environment layer does not parse or contradicts itself.
///
/// Everything else is judged against the topology: until this is repaired, most
/// other checks are unknown.
pub struct TopologyInvalid;

impl Check for TopologyInvalid {
    const CODE: Code = Code::new(101);
    const NAME: &'static str = "topology-invalid";
    const TITLE: &'static str = "the cluster file and its environment layers parse";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let problems = &evidence.configuration.problems;
        if problems.is_empty() {
            evidence.topology.seen()?;
        }
        Ok(problems
            .iter()
            .map(|problem| {
                Finding::about(problem.place())
                    .observed(&problem.message)
                    .evidence("file", &problem.file)
                    .evidence("line", problem.line)
                    .hint(format!(
                        "correct {}, then `cluster-verify check --offline`",
                        problem.place()
                    ))
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, unknown};
    use crate::evidence::Observed;
    use crate::topology::Problem;

    #[test]
    fn every_place_that_does_not_parse_is_a_finding_of_its_own() {
        let mut evidence = Evidence::healthy();
        evidence.topology = Observed::unseen("the topology", "it does not parse");
        evidence.configuration.problems = vec![
            Problem::at("config/cluster.toml", 7, 3, "unknown field `prot`"),
            Problem::of_file("config/env/base.env", "cannot be read"),
        ];

        let findings = fires::<TopologyInvalid>(&evidence);

        assert_eq!(findings.len(), 2);
        assert_eq!(findings[0].subject, "config/cluster.toml:7:3");
        assert_eq!(findings[1].subject, "config/env/base.env");
    }

    #[test]
    fn without_a_topology_and_without_a_problem_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.topology = Observed::not_looked("the topology");

        unknown::<TopologyInvalid>(&evidence);
    }
}
