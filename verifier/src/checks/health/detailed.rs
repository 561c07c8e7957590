//! What the ready instances tell of their parts.

use serde_json::Value;

use crate::checks::duty::{is_foreign, is_ready};
use crate::evidence::{Evidence, Unseen};

/// Each ready instance's `/health/detailed`. One that is not ready, or whose port a stranger holds, has codes of its own.
///
/// # Errors
/// It was not asked for, or a ready instance did not answer.
pub fn told_by_ready(evidence: &Evidence) -> Result<Vec<(&str, &Value)>, Unseen> {
    let mut told = Vec::new();
    for (_, instance) in evidence.topology.seen()?.instances() {
        let id = instance.id.as_str();
        let nobody = || Unseen::new(format!("endpoints of {id}"), "this run did not ask");
        let endpoints = evidence.endpoints.get(id).ok_or_else(nobody)?;
        if !is_ready(evidence, id)? || is_foreign(evidence, instance) {
            continue;
        }
        let answer = endpoints.detailed.seen()?;
        let unreadable = || {
            let why = format!("{id} answered {} without JSON", answer.status);
            Unseen::new("/health/detailed", why)
        };
        told.push((
            id,
            endpoints
                .told()
                .filter(|told| told.is_object())
                .ok_or_else(unreadable)?,
        ));
    }
    Ok(told)
}

/// Its parts that call themselves neither healthy nor unknown: name, status and message.
pub fn ailing(told: &Value) -> impl Iterator<Item = (&str, &str, &str)> {
    let parts = told["checks"].as_object().into_iter().flatten();
    parts.filter_map(|(name, part)| {
        let status = part["status"].as_str()?;
        let message = part["message"].as_str().unwrap_or("no reason given");
        (!matches!(status, "healthy" | "unknown")).then_some((name.as_str(), status, message))
    })
}
