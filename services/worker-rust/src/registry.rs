//! Finds the handler that a step's template names as its `callable`.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use tasker_shared::types::TaskSequenceStep;
use tasker_worker::worker::{StepHandler, StepHandlerRegistry};

use crate::witnessed::{Runs, Witnessed};
use crate::workloads::Named;

/// The handlers of this worker.
pub struct Registry(RwLock<BTreeMap<String, Arc<dyn StepHandler>>>);

impl Registry {
    /// `handlers`, each run of which is recorded in `runs`.
    pub fn new(handlers: Vec<Named>, runs: &Arc<Runs>) -> Self {
        let by_callable = handlers
            .into_iter()
            .map(|(name, handler)| {
                (
                    name.to_owned(),
                    Arc::new(Witnessed::new(name, handler, runs.clone())) as Arc<dyn StepHandler>,
                )
            })
            .collect();
        Self(RwLock::new(by_callable))
    }

    fn find(&self, callable: &str) -> Option<Arc<dyn StepHandler>> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(callable)
            .cloned()
    }
}

#[async_trait]
impl StepHandlerRegistry for Registry {
    async fn get(&self, step: &TaskSequenceStep) -> Option<Arc<dyn StepHandler>> {
        self.find(&step.step_definition.handler.callable)
    }

    fn register(&self, name: &str, handler: Arc<dyn StepHandler>) {
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), handler);
    }

    fn handler_available(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    fn registered_handlers(&self) -> Vec<String> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .keys()
            .cloned()
            .collect()
    }
}
