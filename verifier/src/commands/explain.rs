//! `explain CODE`: the page of a code.

use std::process::ExitCode;

use crate::check::{REGISTRY, find};
use crate::error::{Error, Result};

pub fn run(code: &str) -> Result<ExitCode> {
    let entry = find(code).ok_or_else(|| {
        let near: Vec<String> = REGISTRY
            .iter()
            .filter(|entry| entry.name.contains(code))
            .map(|entry| format!("{} {}", entry.code, entry.name))
            .collect();
        let hint = if near.is_empty() {
            "`cluster-verify codes` lists all".to_owned()
        } else {
            format!("did you mean {}?", near.join(" or "))
        };
        Error::Usage(format!("no check has the code or name `{code}`; {hint}"))
    })?;
    super::print(entry.page)?;
    Ok(ExitCode::SUCCESS)
}
