use std::collections::BTreeSet;

use serde_json::Value;

use crate::check::{Check, Code, Finding};
use crate::checks::duty::{Duty, duties, is_foreign};
use crate::evidence::{Evidence, Observed, Unseen};
use crate::topology::Role;

/// What an instance says that it serves is not what its templates on disk say.
///
/// A worker fixes its namespaces when it boots, and one whose registration failed
/// at that moment is left out without a word.
pub struct TemplatesDiffer;

impl Check for TemplatesDiffer {
    const CODE: Code = Code::new(408);
    const NAME: &'static str = "templates-differ";
    const TITLE: &'static str = "every instance that answers tells the templates that are on disk";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let duties = duties(evidence)?;
        let registered = registered(evidence, &duties);
        let mut findings = Vec::new();
        for (service, instance) in evidence.topology.seen()?.instances() {
            let id = &instance.id;
            let nobody = || Unseen::new(format!("endpoints of {id}"), "this run did not ask");
            let answer = match &evidence.endpoints.get(id).ok_or_else(nobody)?.templates {
                Observed::Seen(answer) if answer.status == 200 => &answer.body,
                // Who does not answer, or not well, has other codes.
                Observed::Seen(_) => continue,
                Observed::Unseen(unseen) if unseen.was_looked_for() => continue,
                Observed::Unseen(unseen) => return Err(unseen.clone()),
            };
            if is_foreign(evidence, instance) {
                continue;
            }
            let duty = duties.iter().find(|duty| duty.instance.id == *id);
            let told = match service.role {
                Role::Worker => namespaces(answer),
                Role::Orchestration => templates(answer),
            };
            let expected: BTreeSet<String> = match duty {
                Some(duty) => duty
                    .namespaces
                    .iter()
                    .map(|&name| name.to_owned())
                    .collect(),
                None => registered.clone(),
            };
            // The database also has templates that were registered long ago: more is no fault of a server.
            let more = service.role == Role::Worker && told.difference(&expected).next().is_some();
            if more || expected.difference(&told).next().is_some() {
                findings.push(finding(evidence, id, duty, &expected, &told));
            }
        }
        Ok(findings)
    }
}

/// What the workers that answer have on disk, as `namespace/name/version`.
fn registered(evidence: &Evidence, duties: &[Duty<'_>]) -> BTreeSet<String> {
    let answers = |duty: &&Duty<'_>| {
        let endpoints = evidence.endpoints.get(&duty.instance.id);
        endpoints.is_some_and(|endpoints| endpoints.templates.ok().is_some())
    };
    duties
        .iter()
        .filter(answers)
        .flat_map(|duty| &duty.root.templates)
        .map(|it| format!("{}/{}/{}", it.namespace, it.name, it.version))
        .collect()
}

fn namespaces(answer: &Value) -> BTreeSet<String> {
    let names = answer["supported_namespaces"].as_array();
    let names = names.into_iter().flatten().filter_map(Value::as_str);
    names.map(str::to_owned).collect()
}

fn templates(answer: &Value) -> BTreeSet<String> {
    let all = answer["templates"].as_array().into_iter().flatten();
    all.filter_map(|it| {
        let [namespace, name, version] =
            ["namespace", "name", "version"].map(|key| it[key].as_str());
        Some(format!("{}/{}/{}", namespace?, name?, version?))
    })
    .collect()
}

fn finding(
    evidence: &Evidence,
    id: &str,
    duty: Option<&Duty<'_>>,
    expected: &BTreeSet<String>,
    told: &BTreeSet<String>,
) -> Finding {
    let list = |names: Vec<&String>| {
        let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
        names.join(", ")
    };
    let missing = list(expected.difference(told).collect());
    let more = list(told.difference(expected).collect());
    let mut finding = Finding::about(id)
        .observed("its /v1/templates answers something else than the templates on disk")
        .hint(format!("run `process-compose process restart {id}`"));
    if !missing.is_empty() {
        finding = finding.evidence("not told", missing);
    }
    if let (Some(_), false) = (duty, more.is_empty()) {
        finding = finding.evidence("told beyond", more);
    }
    match duty.and_then(|duty| duty.misdirection(evidence.system.ok())) {
        Some(misdirection) => misdirection.told(id, finding),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::checks::testing::{fires, silent, unknown};

    fn telling(id: &str, body: Value) -> Evidence {
        let mut evidence = Evidence::healthy();
        let endpoints = evidence.endpoints.get_mut(id).unwrap();
        endpoints.templates.seen_mut().body = body;
        evidence
    }

    #[test]
    fn a_worker_that_left_a_namespace_out_is_a_finding() {
        let body = json!({"supported_namespaces": ["default"]});
        let findings = fires::<TemplatesDiffer>(&telling("worker-rust-2", body));

        assert_eq!(findings[0].subject, "worker-rust-2");
        assert_eq!(findings[0].evidence["not told"], "mail");
        assert_eq!(findings[0].evidence["told beyond"], "default");
    }

    #[test]
    fn a_server_that_does_not_know_a_template_is_a_finding() {
        let findings =
            fires::<TemplatesDiffer>(&telling("orchestration-2", json!({"templates": []})));

        assert_eq!(findings[0].evidence["not told"], "mail/letter/1.0.0");
    }

    #[test]
    fn a_server_may_know_templates_of_long_ago() {
        let body = json!({"templates": [
            {"namespace": "mail", "name": "letter", "version": "1.0.0"},
            {"namespace": "old", "name": "parcel", "version": "1.0.0"},
        ]});

        silent::<TemplatesDiffer>(&telling("orchestration-2", body));
    }

    #[test]
    fn where_no_worker_registered_anything_no_server_need_know_it() {
        let mut evidence = telling("orchestration-1", json!({"templates": []}));
        for id in ["worker-rust-1", "worker-rust-2"] {
            evidence.endpoints.get_mut(id).unwrap().templates =
                Observed::unseen("/v1/templates", "connection refused");
        }

        silent::<TemplatesDiffer>(&evidence);
    }

    #[test]
    fn an_instance_that_was_not_asked_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence
            .endpoints
            .get_mut("worker-rust-1")
            .unwrap()
            .templates = Observed::not_looked("/v1/templates");

        unknown::<TemplatesDiffer>(&evidence);
    }
}
