//! An orchestration server: boots the engine's, writes down who it is, and stops when asked to.

use std::process::ExitCode;

use instance::{Environment, Failure, Identity, Ids, Service, Shutdown};
use tasker_orchestration::orchestration::OrchestrationCore;
use tasker_orchestration::orchestration::bootstrap::OrchestrationBootstrap;
use tasker_shared::TaskerResult;

fn main() -> ExitCode {
    instance::run(
        Service::new("orchestration", env!("CARGO_PKG_VERSION")),
        serve,
    )
}

async fn serve(service: Service) -> Result<(), Failure> {
    let environment = Environment::read()?;
    let mut shutdown = Shutdown::listen()?;
    let configuration = instance::configuration()?;
    let web = configuration
        .orchestration
        .and_then(|orchestration| orchestration.web)
        .ok_or_else(|| {
            Failure::configuration(
                "the configuration has no [orchestration.web]: run `cluster-verify render`",
            )
        })?;
    let port = instance::bind_port(&environment, &web.bind_address)?;
    // The engine does this with its own logging, which is not ours; without it, GET /metrics panics.
    tasker_shared::metrics::init_metrics();

    let booting = instance::bootstrap("orchestration server", OrchestrationBootstrap::bootstrap());
    let Some(mut server) = shutdown.unless_requested(booting).await.transpose()? else {
        return Ok(());
    };
    let ids = Ids {
        processor_uuid: server
            .orchestration_core
            .context
            .processor_uuid()
            .to_string(),
        ..Ids::default()
    };
    Identity::new(&environment, &service, port, ids).write(&environment.run_dir)?;
    tracing::info!(port, "ready");

    let signal = shutdown.requested().await;
    tracing::info!("{signal}: stopping");
    let stopping = async {
        server.stop().await?;
        drain(&server.orchestration_core).await
    };
    match tokio::time::timeout_at(shutdown.deadline(), stopping).await {
        Ok(Ok(())) => {
            tracing::info!("stopped");
            Ok(())
        }
        Ok(Err(error)) => Err(Failure::other(format!("did not stop cleanly: {error}"))),
        Err(_) => Err(Failure::other(
            "stopped without waiting any longer for the engine",
        )),
    }
}

/// Waits until the engine has done what it had in hand.
///
/// Its own stop does not: a task of which it was just enqueuing the steps would stay in `enqueuing_steps` for ever.
/// Commands are worked off one after the other, so when this one is answered, those before it are done.
async fn drain(core: &OrchestrationCore) -> TaskerResult<()> {
    core.get_processing_stats().await.map(|_| ())
}
