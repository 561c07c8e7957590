use std::collections::BTreeMap;

use super::detailed::told_by_ready;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// Ready instances of one service tell different versions of the engine.
///
/// Whichever takes a message decides by which rules it is dealt with.
pub struct SiblingVersionDiffers;

impl Check for SiblingVersionDiffers {
    const CODE: Code = Code::new(406);
    const NAME: &'static str = "sibling-version-differs";
    const TITLE: &'static str = "all ready instances of a service tell one engine version";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let ready = told_by_ready(evidence)?;
        let mut findings = Vec::new();
        for service in &topology.services {
            let mut by_version: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for instance in &service.instances {
                let id = instance.id.as_str();
                let told = ready.iter().any(|(ready, _)| *ready == id);
                let version = evidence.endpoints.get(id).and_then(|it| it.version());
                if let (true, Some(version)) = (told, version) {
                    by_version.entry(version).or_default().push(id);
                }
            }
            if by_version.len() < 2 {
                continue;
            }
            let mut finding = Finding::about(format!("service {}", service.name))
                .observed(format!("its instances tell {} versions", by_version.len()))
                .hint("run `./dev down` and `./dev up --wait`, which builds one version for all");
            for (version, ids) in by_version {
                finding = finding.evidence(version, ids.join(", "));
            }
            findings.push(finding);
        }
        Ok(findings)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::checks::testing::{fires, silent, unknown};

    fn telling(id: &str, place: &str, version: &str) -> Evidence {
        let mut evidence = Evidence::healthy();
        let endpoints = evidence.endpoints.get_mut(id).unwrap();
        endpoints.detailed.seen_mut().body[place]["version"] = json!(version);
        evidence
    }

    #[test]
    fn two_versions_of_one_service_are_a_finding() {
        let findings =
            fires::<SiblingVersionDiffers>(&telling("worker-rust-2", "system_info", "0.1.7"));

        assert_eq!(findings[0].subject, "service worker-rust");
        assert_eq!(findings[0].evidence["0.1.7"], "worker-rust-2");
    }

    #[test]
    fn an_instance_that_is_not_ready_does_not_count() {
        let mut evidence = telling("orchestration-2", "info", "0.1.7");
        let endpoints = evidence.endpoints.get_mut("orchestration-2").unwrap();
        endpoints.ready.seen_mut().status = 503;

        silent::<SiblingVersionDiffers>(&evidence);
    }

    #[test]
    fn an_instance_that_was_not_asked_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.endpoints.clear();

        unknown::<SiblingVersionDiffers>(&evidence);
    }
}
