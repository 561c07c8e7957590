//! `env INSTANCE`: every variable of an instance, and which line set it.

use std::path::Path;
use std::process::ExitCode;

use crate::cli::EnvArgs;
use crate::error::{Error, Result};
use crate::project::Project;
use crate::topology::{self, Instance, Setting};

pub fn run(given: Option<&Path>, args: &EnvArgs) -> Result<ExitCode> {
    let project = Project::find(given)?;
    let selection = project.recorded_selection()?;
    let topology = topology::load(&project.root, &selection).map_err(Error::Configuration)?;
    let (_, instance) = topology.instance(&args.instance).ok_or_else(|| {
        let ids: Vec<&str> = topology
            .instances()
            .map(|(_, instance)| instance.id.as_str())
            .collect();
        Error::Usage(format!(
            "no instance `{}`; there are {}",
            args.instance,
            ids.join(", ")
        ))
    })?;
    super::print(&if args.provenance {
        provenance(instance)
    } else {
        plain(instance)
    });
    Ok(ExitCode::SUCCESS)
}

/// As a dotenv file.
fn plain(instance: &Instance) -> String {
    instance
        .environment
        .iter()
        .map(|variable| format!("{}={}\n", variable.name, variable.setting.value))
        .collect()
}

/// Each variable, the line that set it, and what that overrode, nearest first.
fn provenance(instance: &Instance) -> String {
    let mut text = String::new();
    let line = |setting: &Setting| format!("{} ({})", setting.value, setting.origin);
    for variable in &instance.environment {
        text.push_str(&format!("{}={}\n", variable.name, line(&variable.setting)));
        for overrode in variable.overrode.iter().rev() {
            text.push_str(&format!("    over {}\n", line(overrode)));
        }
    }
    text
}
