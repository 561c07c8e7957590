//! The probe: does the server take connections?

use std::process::ExitCode;

use crate::connect;
use crate::settings::Settings;

/// 0 when it does, else 1. Says nothing: it is asked every second while the cluster starts.
pub fn ready(settings: &Settings) -> ExitCode {
    let connected = connect::runtime()
        .and_then(|runtime| runtime.block_on(connect::connect(settings, "postgres")));
    match connected {
        Ok(_) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
