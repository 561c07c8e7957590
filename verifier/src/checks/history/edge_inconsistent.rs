use super::breaches::findings;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// The graph of a task's steps is none: an edge leads elsewhere, is there twice, or closes a circle.
///
/// A step on a circle waits for itself for ever.
pub struct EdgeInconsistent;

impl Check for EdgeInconsistent {
    const CODE: Code = Code::new(624);
    const NAME: &'static str = "edge-inconsistent";
    const TITLE: &'static str = "every edge joins two steps of its task, once, and none leads back";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        findings::<Self>(evidence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::history::breaches::evidence_of;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;
    use crate::evidence::healthy::task_history;
    use crate::history::Edge;

    #[test]
    fn a_circle_a_repeat_and_a_loose_end_are_findings() {
        let forth = task_history().edges[0];
        let back = Edge {
            parent: forth.child,
            child: forth.parent,
        };
        let loose = Edge {
            parent: uuid::Uuid::from_u128(1),
            child: forth.child,
        };
        for (edge, said) in [
            (back, "back to it"),
            (forth, "twice"),
            (loose, "none of its steps"),
        ] {
            let mut task = task_history();
            task.edges.push(edge);

            let findings = fires::<EdgeInconsistent>(&evidence_of(task));

            assert!(
                findings[0].observed.contains(said),
                "{}",
                findings[0].observed
            );
        }
    }

    #[test]
    fn an_edge_to_a_step_that_was_created_earlier_closes_no_circle() {
        let mut task = task_history();
        task.edges[0] = Edge {
            parent: task.edges[0].child,
            child: task.edges[0].parent,
        };
        for step in &mut task.steps {
            step.transitions.truncate(1);
        }

        silent::<EdgeInconsistent>(&evidence_of(task));
    }

    #[test]
    fn without_the_history_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.history = Observed::not_looked("history");

        unknown::<EdgeInconsistent>(&evidence);
    }
}
