//! A step as its handler sees it.

use serde_json::Value;
use tasker_shared::types::TaskSequenceStep;

use crate::handler::Failed;

/// One step of a task, with what it may look at.
pub struct Step<'a>(&'a TaskSequenceStep);

impl<'a> Step<'a> {
    /// Wraps what the engine hands out.
    pub fn new(step: &'a TaskSequenceStep) -> Self {
        Self(step)
    }

    /// The step's name.
    pub fn name(&self) -> &'a str {
        &self.0.workflow_step.name
    }

    /// Which attempt this is, from 1. The engine counts those before it.
    pub fn attempt(&self) -> i32 {
        self.0.workflow_step.attempts.unwrap_or(0) + 1
    }

    /// A value of the task's context.
    pub fn context(&self, name: &str) -> Option<&'a Value> {
        self.0.task.task.context.as_ref()?.get(name)
    }

    /// A value that the template gives the handler.
    pub fn setting(&self, name: &str) -> Option<&'a Value> {
        self.0.step_definition.handler.initialization.get(name)
    }

    /// Where in its batch a step begins that the engine made from a template of steps.
    pub fn batch_start(&self) -> Option<u64> {
        self.0
            .workflow_step
            .inputs
            .as_ref()?
            .pointer("/cursor/start_cursor")?
            .as_u64()
    }

    /// What the steps came to that this one depends on directly, in the template's order.
    ///
    /// The engine hands out the results of all predecessors. For a step that waits for a batch it names the template of
    /// the batch's steps, whose results are those of the steps made from it.
    ///
    /// # Errors
    /// One has no result, for now: a server writes that a step is complete a moment before it marks its row as processed,
    /// which the engine wants of results that it hands out, and in that moment another server may enqueue this step.
    pub fn parents(&self) -> Result<Vec<&'a Value>, Failed> {
        let results = &self.0.dependency_results;
        let mut parents = Vec::new();
        for parent in &self.0.step_definition.dependencies {
            if let Some(result) = results.get(parent) {
                parents.push(&result.result);
                continue;
            }
            let of_batch = format!("{parent}_");
            let mut batch: Vec<_> = results
                .iter()
                .filter(|(name, _)| name.starts_with(&of_batch))
                .collect();
            if batch.is_empty() {
                return Err(Failed::for_now(format!(
                    "the result of {parent} is not there yet"
                )));
            }
            batch.sort_by_key(|(name, _)| *name);
            parents.extend(batch.into_iter().map(|(_, result)| &result.result));
        }
        Ok(parents)
    }

    /// What the only parent came to.
    pub fn parent(&self) -> Result<&'a Value, Failed> {
        match self.parents()?[..] {
            [parent] => Ok(parent),
            ref parents => Err(Failed::permanently(format!(
                "{} wants one parent and has {}",
                self.name(),
                parents.len()
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Step;
    use crate::testing::StepBuilder;

    #[test]
    fn only_direct_parents_are_looked_at() {
        let step = StepBuilder::new("s")
            .parent("b", json!(2))
            .predecessor("a", json!(1))
            .build();

        assert_eq!(Step::new(&step).parents().unwrap(), [&json!(2)]);
    }

    #[test]
    fn the_parents_of_a_join_are_the_steps_of_the_batch() {
        let step = StepBuilder::new("join")
            .depends_on("part")
            .predecessor("part_002", json!(2))
            .predecessor("part_001", json!(1))
            .predecessor("root", json!(0))
            .build();

        assert_eq!(Step::new(&step).parents().unwrap(), [&json!(1), &json!(2)]);
    }

    #[test]
    fn a_result_that_is_not_there_yet_is_waited_for() {
        let step = StepBuilder::new("s").depends_on("a").build();

        let failed = Step::new(&step).parents().unwrap_err();

        assert_eq!(
            (failed.message.as_str(), failed.retryable),
            ("the result of a is not there yet", true)
        );
    }

    #[test]
    fn attempts_count_from_one() {
        assert_eq!(Step::new(&StepBuilder::new("s").build()).attempt(), 1);
        assert_eq!(
            Step::new(&StepBuilder::new("s").attempts(2).build()).attempt(),
            3
        );
    }
}
