//! The life of the process: look at the environment, boot, say who we are, work, stop.

use std::sync::Arc;

use instance::{Environment, Failure, Identity, Service, Shutdown, Witness, templates};
use tasker_worker::worker::StepHandlerRegistry;

use crate::engine::Worker;
use crate::hand_back::HandBack;
use crate::registry::Registry;
use crate::witnessed::Runs;
use crate::workloads;

/// Runs until a signal asks to stop.
pub async fn serve(service: Service) -> Result<(), Failure> {
    let environment = Environment::read()?;
    let mut shutdown = Shutdown::listen()?;
    let configuration = instance::configuration()?;
    let web = configuration
        .worker
        .as_ref()
        .and_then(|worker| worker.web.as_ref())
        .ok_or_else(|| {
            Failure::configuration(
                "the configuration has no [worker.web]: run `cluster-verify render`",
            )
        })?;
    let port = instance::bind_port(&environment, &web.bind_address)?;
    let templates = templates::find()?;

    let hand_back = HandBack::new();
    let runs = Runs {
        instance: environment.instance.clone(),
        witness: Witness::open(&environment.instance)?,
        hand_back: hand_back.clone(),
    };
    let registry = Arc::new(Registry::new(workloads::all(), &Arc::new(runs)));
    let handlers = registry.registered_handlers();
    for (path, callable) in templates::without_handler(&templates, &handlers) {
        tracing::warn!(
            "{} calls `{callable}`, which this worker does not have: its steps will fail",
            path.display()
        );
    }

    let booting = Worker::start(&environment.instance, &configuration, registry);
    let Some(worker) = shutdown.unless_requested(booting).await.transpose()? else {
        return Ok(());
    };
    let unserved = templates::unserved(&templates, &worker.namespaces);
    if !unserved.is_empty() {
        let names = unserved.into_iter().collect::<Vec<_>>().join(", ");
        worker.stop(&hand_back, shutdown.deadline()).await?;
        return Err(Failure::other(format!(
            "the engine left out the namespaces {names}: another worker registered its templates at \
             the same moment; start this one again"
        )));
    }
    Identity::new(&environment, &service, port, worker.ids.clone())
        .serving(worker.namespaces.clone(), handlers)
        .write(&environment.run_dir)?;
    tracing::info!(port, namespaces = worker.namespaces.len(), "ready");

    let signal = shutdown.requested().await;
    tracing::info!("{signal}: stopping");
    worker.stop(&hand_back, shutdown.deadline()).await?;
    tracing::info!("stopped");
    Ok(())
}
