//! What the bridge takes from the engine's configuration.

use std::time::Duration;

use tasker_shared::config::TaskerConfig;

use crate::error::{Code, Error};

pub struct Settings {
    pub bind_address: String,
    pub completion_buffer: usize,
    pub concurrency: u32,
    pub handler_timeout: Duration,
}

impl Settings {
    pub fn of(configuration: &TaskerConfig) -> Result<Self, Error> {
        let absent = |what: &str| {
            Error::new(
                Code::Configuration,
                format!("the file in TASKER_CONFIG_PATH has no [{what}]"),
            )
            .next("run `cluster-verify render`: it writes a file for workers and one for servers")
        };
        let worker = configuration
            .worker
            .as_ref()
            .ok_or_else(|| absent("worker"))?;
        let web = worker.web.as_ref().ok_or_else(|| absent("worker.web"))?;
        let dispatch = &worker.mpsc_channels.handler_dispatch;
        Ok(Self {
            bind_address: web.bind_address.clone(),
            completion_buffer: dispatch.completion_buffer_size as usize,
            concurrency: dispatch.max_concurrent_handlers,
            // The engine's own default for hosts in other languages is 30 s and ignores this key.
            handler_timeout: Duration::from_millis(u64::from(dispatch.handler_timeout_ms)),
        })
    }
}
