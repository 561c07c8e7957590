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
    templates::warn_without_handler(&templates, &handlers);

    let booting = Worker::start(&environment.instance, &configuration, registry);
    let Some(worker) = shutdown.unless_requested(booting).await.transpose()? else {
        return Ok(());
    };
    let record = Identity::new(&environment, &service, port, worker.ids.clone())
        .serving(worker.namespaces.clone(), handlers);
    let known = templates::ensure_served(&templates, &worker.namespaces)
        .and_then(|()| record.write(&environment.run_dir));
    if let Err(failure) = known {
        // In order, since steps may be claimed by now.
        if let Err(error) = worker.stop(&hand_back, shutdown.deadline()).await {
            tracing::warn!("{error}");
        }
        return Err(failure);
    }
    tracing::info!(port, namespaces = worker.namespaces.len(), "ready");

    let signal = shutdown.requested().await;
    tracing::info!("{signal}: stopping");
    worker.stop(&hand_back, shutdown.deadline()).await?;
    tracing::info!("stopped");
    Ok(())
}
