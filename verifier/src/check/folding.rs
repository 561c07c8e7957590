//! Which findings follow from another: those are told beneath it, since mending it mends them too.

use std::collections::BTreeSet;

use super::finding::{Cause, Finding};
use crate::checks::duty::duties;
use crate::evidence::Evidence;
use crate::report::{CheckResult, Outcome};

/// How two findings must be related for the one to explain the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    /// Both are about one instance.
    Instance,
    /// The other is about a namespace, and of each worker that should serve it such a cause was found.
    Workers,
    /// Both are about one namespace.
    Namespace,
    /// The whole cluster.
    Cluster,
}

/// Findings of `cause` explain those of `effects`.
struct Explanation {
    cause: &'static str,
    link: Link,
    effects: &'static [&'static str],
}

/// What a worker that cannot take its steps leaves behind in a namespace.
const LEFT_BEHIND: &[&str] = &["CV308", "CV312", "CV502", "CV617"];
/// What an instance with a wrong environment shows.
const MISLED: &[&str] = &["CV309", "CV310", "CV311", "CV408", "CV410", "CV502"];
/// What an instance shows that answers nobody.
const SILENT: &[&str] = &[
    "CV204", "CV309", "CV311", "CV401", "CV402", "CV403", "CV407", "CV408", "CV409", "CV410",
    "CV501", "CV502",
];

const fn explains(
    cause: &'static str,
    link: Link,
    effects: &'static [&'static str],
) -> Explanation {
    Explanation {
        cause,
        link,
        effects,
    }
}

/// Earlier lines are nearer to the root; an effect takes the first cause that is there.
const EXPLANATIONS: &[Explanation] = &[
    explains(
        "CV301",
        Link::Cluster,
        &[
            "CV401", "CV402", "CV403", "CV404", "CV407", "CV409", "CV501", "CV502",
        ],
    ),
    explains("CV104", Link::Cluster, &["CV113"]),
    explains("CV108", Link::Instance, MISLED),
    explains("CV108", Link::Workers, LEFT_BEHIND),
    explains("CV109", Link::Instance, &["CV112"]),
    explains("CV109", Link::Instance, MISLED),
    explains("CV109", Link::Workers, LEFT_BEHIND),
    explains("CV111", Link::Instance, MISLED),
    explains("CV203", Link::Instance, MISLED),
    explains("CV203", Link::Workers, LEFT_BEHIND),
    explains("CV203", Link::Instance, &["CV108", "CV109"]),
    explains("CV202", Link::Instance, &["CV201", "CV213", "CV206"]),
    explains("CV202", Link::Instance, SILENT),
    explains("CV213", Link::Instance, &["CV201", "CV207"]),
    explains("CV213", Link::Instance, SILENT),
    explains("CV201", Link::Instance, SILENT),
    explains("CV201", Link::Workers, LEFT_BEHIND),
    explains("CV210", Link::Instance, SILENT),
    explains("CV210", Link::Workers, LEFT_BEHIND),
    explains("CV206", Link::Instance, &["CV205", "CV319"]),
    explains(
        "CV401",
        Link::Instance,
        &[
            "CV402", "CV403", "CV408", "CV409", "CV501", "CV503", "CV505",
        ],
    ),
    explains("CV307", Link::Namespace, LEFT_BEHIND),
    explains("CV309", Link::Workers, LEFT_BEHIND),
    explains("CV311", Link::Workers, &["CV312", "CV502"]),
    explains("CV308", Link::Namespace, &["CV312", "CV502", "CV617"]),
];

/// Keys under which a finding names what else it is about.
const NAMING: &[&str] = &[
    "instance",
    "instances",
    "namespace",
    "namespaces",
    "queue",
    "template",
    "via",
];

/// Tells each finding that follows from another so.
pub fn fold(evidence: &Evidence, results: &mut [CheckResult]) {
    let scene = Scene::of(evidence);
    let causes: Vec<(String, Finding, Touched)> = results
        .iter()
        .flat_map(|result| result.findings().iter().map(|it| (result.code.clone(), it)))
        .filter(|(_, finding)| finding.known.is_none())
        .map(|(code, finding)| (code, finding.clone(), scene.touched(finding)))
        .collect();
    let nearest = |code: &str, touched: &Touched| {
        EXPLANATIONS
            .iter()
            .filter(|it| it.effects.contains(&code))
            .find_map(|it| scene.cause(it, &causes, touched))
    };
    for result in results {
        let Outcome::Found { findings } = &mut result.outcome else {
            continue;
        };
        for finding in findings.iter_mut().filter(|it| it.known.is_none()) {
            let mut cause = nearest(&result.code, &scene.touched(finding));
            // Up to the root: what explains the cause explains this, too.
            while let Some((code, touched)) = &cause {
                let Some(above) = nearest(code, touched) else {
                    break;
                };
                cause = Some(above);
            }
            finding.follows_from = cause.and_then(|(code, touched)| {
                let of_cause = |it: &&(String, Finding, Touched)| it.0 == code && it.2 == *touched;
                let (_, cause, _) = causes.iter().find(of_cause)?;
                Some(Cause {
                    code: code.to_owned(),
                    subject: cause.subject.clone(),
                })
            });
        }
    }
}

/// The instances and namespaces that a finding is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Touched {
    instances: BTreeSet<String>,
    namespaces: BTreeSet<String>,
}

/// Who there is, and who should serve what.
#[derive(Default)]
struct Scene {
    instances: BTreeSet<String>,
    /// Workers by namespace.
    workers: Vec<(String, BTreeSet<String>)>,
}

type Found = (String, Finding, Touched);

impl Scene {
    fn of(evidence: &Evidence) -> Self {
        let mut scene = Self::default();
        if let Some(topology) = evidence.topology.ok() {
            scene.instances = topology.instances().map(|(_, it)| it.id.clone()).collect();
        }
        for duty in duties(evidence).unwrap_or_default() {
            for namespace in duty.namespaces {
                let id = duty.instance.id.clone();
                match scene.workers.iter_mut().find(|(name, _)| name == namespace) {
                    Some((_, workers)) => {
                        workers.insert(id);
                    }
                    None => scene.workers.push((namespace.to_owned(), [id].into())),
                }
            }
        }
        scene
    }

    fn touched(&self, finding: &Finding) -> Touched {
        let named = finding
            .evidence
            .iter()
            .filter(|(key, _)| NAMING.contains(&key.as_str()))
            .map(|(key, value)| match key.as_str() {
                // NAMESPACE/NAME: a template of one namespace may be called like another namespace.
                "template" => value.split_once('/').map_or("", |(namespace, _)| namespace),
                _ => value,
            });
        let mut touched = Touched::default();
        for text in named.chain([finding.subject.as_str()]) {
            for word in
                text.split(|letter: char| !letter.is_alphanumeric() && !"_-".contains(letter))
            {
                if self.instances.contains(word) {
                    touched.instances.insert(word.to_owned());
                }
                let of_queue = word
                    .strip_prefix("worker_")
                    .and_then(|it| it.strip_suffix("_queue"));
                let namespace = of_queue.unwrap_or(word);
                if self.workers.iter().any(|(name, _)| name == namespace) {
                    touched.namespaces.insert(namespace.to_owned());
                }
            }
        }
        touched
    }

    /// The code and the matter of a finding that explains one about `touched`.
    fn cause<'a>(
        &self,
        explanation: &Explanation,
        causes: &'a [Found],
        touched: &Touched,
    ) -> Option<(&'a str, &'a Touched)> {
        let of_code = || causes.iter().filter(|(code, ..)| code == explanation.cause);
        let about = |instance: &str| of_code().find(|(.., it)| it.instances.contains(instance));
        let found = match explanation.link {
            Link::Cluster => of_code().next(),
            Link::Instance => touched.instances.iter().find_map(|it| about(it)),
            Link::Namespace => {
                of_code().find(|(.., it)| !it.namespaces.is_disjoint(&touched.namespaces))
            }
            Link::Workers => {
                let served = |(name, _): &&(String, _)| touched.namespaces.contains(name);
                let (_, workers) = self.workers.iter().find(served)?;
                let all = workers.iter().all(|worker| about(worker).is_some());
                all.then(|| workers.iter().find_map(|it| about(it)))
                    .flatten()
            }
        };
        found.map(|(code, _, touched)| (code.as_str(), touched))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;

    fn results(found: &[(&str, Finding)]) -> Vec<CheckResult> {
        let of = |(code, finding): &(&str, Finding)| {
            let findings = vec![finding.clone()];
            CheckResult::new(find(code).unwrap(), Outcome::Found { findings })
        };
        found.iter().map(of).collect()
    }

    fn folded(found: &[(&str, Finding)]) -> Vec<Option<String>> {
        let mut results = results(found);
        fold(&Evidence::healthy(), &mut results);
        let causes = results.iter().flat_map(CheckResult::findings);
        causes
            .map(|it| {
                it.follows_from
                    .as_ref()
                    .map(|it| format!("{} {}", it.code, it.subject))
            })
            .collect()
    }

    #[test]
    fn a_wrong_environment_explains_what_its_worker_does_not_serve() {
        let canary = Finding::about("canary of mail via orchestration-1")
            .evidence("instance", "worker-rust-2");

        assert_eq!(
            folded(&[
                ("CV203", Finding::about("worker-rust-2")),
                ("CV309", Finding::about("worker-rust-2")),
                ("CV309", Finding::about("worker-rust-1")),
                ("CV502", canary),
            ]),
            [
                None,
                Some("CV203 worker-rust-2".into()),
                None,
                Some("CV203 worker-rust-2".into())
            ]
        );
    }

    #[test]
    fn what_is_told_once_for_all_instances_of_a_service_explains_each_of_them() {
        let inherited =
            Finding::about("worker-rust").evidence("instances", "worker-rust-1, worker-rust-2");

        assert_eq!(
            folded(&[
                ("CV109", inherited),
                ("CV309", Finding::about("worker-rust-2")),
                ("CV308", Finding::about("namespace mail")),
            ])[1..],
            [
                Some("CV109 worker-rust".to_owned()),
                Some("CV109 worker-rust".to_owned())
            ]
        );
    }

    #[test]
    fn a_namespace_is_only_explained_when_each_of_its_workers_is() {
        let one = ("CV201", Finding::about("worker-rust-1"));
        let other = ("CV201", Finding::about("worker-rust-2"));
        let lost = ("CV308", Finding::about("namespace mail"));
        let backlog = ("CV312", Finding::about("queue worker_mail_queue"));

        assert_eq!(folded(&[one.clone(), lost.clone()]), [None, None]);
        assert_eq!(
            folded(&[one, other, lost, backlog])[2..],
            [
                Some("CV201 worker-rust-1".to_owned()),
                Some("CV201 worker-rust-1".to_owned())
            ]
        );
    }

    #[test]
    fn the_root_of_a_chain_is_named_and_what_is_unrelated_stands_alone() {
        assert_eq!(
            folded(&[
                ("CV308", Finding::about("namespace mail")),
                ("CV312", Finding::about("queue worker_mail_queue")),
                ("CV312", Finding::about("queue worker_parcel_queue")),
                ("CV607", Finding::about("task 1")),
            ]),
            [None, Some("CV308 namespace mail".into()), None, None]
        );
    }

    #[test]
    fn a_template_that_is_called_like_a_namespace_is_not_of_it() {
        let lost = ("CV308", Finding::about("namespace mail"));
        let stranded = |template: &str| {
            let finding = Finding::about("task 1").evidence("template", template);
            folded(&[lost.clone(), ("CV617", finding)])[1].clone()
        };

        assert_eq!(stranded("parcel/mail"), None);
        assert_eq!(stranded("mail"), None);
        assert_eq!(stranded("mail/parcel"), Some("CV308 namespace mail".into()));
    }

    #[test]
    fn workers_none_of_which_listens_explain_what_takes_long() {
        let deaf = |id: &str| ("CV311", Finding::about(id));
        let canary = (
            "CV502",
            Finding::about("canary of mail via orchestration-1"),
        );

        assert_eq!(folded(&[deaf("worker-rust-1"), canary.clone()])[1], None);
        assert_eq!(
            folded(&[deaf("worker-rust-1"), deaf("worker-rust-2"), canary])[2],
            Some("CV311 worker-rust-1".into())
        );
    }

    #[test]
    fn a_known_finding_explains_nothing() {
        let mut known = Finding::about("worker-rust-1");
        known.known = Some("seen".into());

        assert_eq!(
            folded(&[("CV201", known), ("CV401", Finding::about("worker-rust-1"))]),
            [None, None]
        );
    }

    #[test]
    fn explanations_name_checks_and_none_leads_back_to_itself() {
        for it in EXPLANATIONS {
            assert!(find(it.cause).is_some(), "{}", it.cause);
            let mut reached: Vec<&str> = it.effects.to_vec();
            let mut next = 0;
            while let Some(code) = reached.get(next).copied() {
                assert!(find(code).is_some(), "{code}");
                assert_ne!(code, it.cause, "{} explains itself", it.cause);
                for further in EXPLANATIONS.iter().filter(|other| other.cause == code) {
                    let new = further
                        .effects
                        .iter()
                        .filter(|code| !reached.contains(code));
                    reached.extend(new.copied().collect::<Vec<_>>());
                }
                next += 1;
            }
        }
    }
}
