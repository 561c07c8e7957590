//! Every check, by code: one line each.

use super::{Check, Code, Finding, Severity};
use crate::checks::{
    configuration as c, consistency as x, database as d, health as h, history as y, processes as p,
};
use crate::evidence::{Evidence, Unseen};

/// A check as data.
pub struct Entry {
    pub code: Code,
    pub name: &'static str,
    pub title: &'static str,
    pub severity: Severity,
    /// The text of `cluster-verify explain`, in Markdown.
    pub page: &'static str,
    pub judge: fn(&Evidence) -> Result<Vec<Finding>, Unseen>,
    /// The name of its type, by which its tests are found.
    #[cfg(test)]
    check: &'static str,
}

/// A missing page does not compile.
macro_rules! entry {
    ($check:path, $code:literal) => {
        Entry {
            code: <$check as Check>::CODE,
            name: <$check as Check>::NAME,
            title: <$check as Check>::TITLE,
            severity: <$check as Check>::SEVERITY,
            page: include_str!(concat!("../../docs/codes/", $code, ".md")),
            judge: <$check as Check>::judge,
            #[cfg(test)]
            check: stringify!($check),
        }
    };
}

pub static REGISTRY: &[Entry] = &[
    entry!(c::TopologyInvalid, "CV101"),
    entry!(c::PortConflict, "CV102"),
    entry!(c::TooManyInstances, "CV103"),
    entry!(c::RenderedFileStale, "CV104"),
    entry!(c::InstanceIdMalformed, "CV105"),
    entry!(c::EngineConfigMissing, "CV106"),
    entry!(c::EngineConfigWrongRole, "CV107"),
    entry!(c::TemplatePathMissing, "CV108"),
    entry!(c::EnvironmentInherited, "CV109"),
    entry!(c::EnvironmentRejected, "CV110"),
    entry!(c::DotenvLeak, "CV111"),
    entry!(c::SiblingDrift, "CV112"),
    entry!(c::TestUrlsIncomplete, "CV113"),
    entry!(c::DatabaseMismatch, "CV114"),
    entry!(c::PoolsExceedServer, "CV115"),
    entry!(c::EngineConfigUnknownKey, "CV116"),
    entry!(c::ExposedBind, "CV117"),
    entry!(c::TemplateInvalid, "CV118"),
    entry!(c::NamespaceUnserved, "CV119"),
    entry!(c::NamespaceShared, "CV120"),
    entry!(c::CacheBackendUnreachable, "CV121"),
    entry!(c::AcceptedFindingStale, "CV122"),
    entry!(c::ToolMismatch, "CV123"),
    entry!(p::InstanceNotRunning, "CV201"),
    entry!(p::ForeignListener, "CV202"),
    entry!(p::EnvironmentDiffers, "CV203"),
    entry!(p::IdentityMissing, "CV204"),
    entry!(p::IdentityDuplicate, "CV205"),
    entry!(p::OrphanProcess, "CV206"),
    entry!(p::Restarting, "CV207"),
    entry!(p::BinaryDiffers, "CV208"),
    entry!(p::ClockSkew, "CV209"),
    entry!(p::ProcessStopped, "CV210"),
    entry!(p::PanicLogged, "CV211"),
    entry!(p::DescriptorsNearLimit, "CV212"),
    entry!(p::RestartLoop, "CV213"),
    entry!(d::DatabaseUnreachable, "CV301"),
    entry!(d::ServerVersion, "CV302"),
    entry!(d::PgmqMissing, "CV303"),
    entry!(d::MigrationsMissing, "CV304"),
    entry!(d::RoleOrSearchPath, "CV305"),
    entry!(d::OrchestrationQueueMissing, "CV306"),
    entry!(d::NamespaceQueueMissing, "CV307"),
    entry!(d::NamespaceWithoutSubscriber, "CV308"),
    entry!(d::InstanceNotSubscribed, "CV309"),
    entry!(d::InstanceOversubscribed, "CV310"),
    entry!(d::ListenLost, "CV311"),
    entry!(d::BacklogStuck, "CV312"),
    entry!(d::ZombieMessage, "CV313"),
    entry!(d::RedeliveryExcess, "CV314"),
    entry!(d::OrphanQueue, "CV315"),
    entry!(d::DeadLetter, "CV316"),
    entry!(d::PoolOverMaximum, "CV317"),
    entry!(d::LongTransaction, "CV318"),
    entry!(d::ConnectionUnattributed, "CV319"),
    entry!(d::NotifyQueueFilling, "CV320"),
    entry!(d::QueueMisplaced, "CV321"),
    entry!(h::Unreachable, "CV401"),
    entry!(h::NotReady, "CV402"),
    entry!(h::ComponentDegraded, "CV403"),
    entry!(h::CircuitOpen, "CV404"),
    entry!(h::PoolUtilisation, "CV405"),
    entry!(h::SiblingVersionDiffers, "CV406"),
    entry!(h::HealthSlow, "CV407"),
    entry!(h::TemplatesDiffer, "CV408"),
    entry!(h::MetricsUnreadable, "CV409"),
    entry!(h::HealthyButIdle, "CV410"),
    entry!(x::CreateRefused, "CV501"),
    entry!(x::CanaryIncomplete, "CV502"),
    entry!(x::TaskStateDiffers, "CV503"),
    entry!(x::StepsDiffer, "CV504"),
    entry!(x::ReadAfterWrite, "CV505"),
    entry!(x::ReadGoesBackwards, "CV506"),
    entry!(x::ApiDiffersFromDatabase, "CV507"),
    entry!(x::DuplicateTaskId, "CV508"),
    entry!(x::RoundRobinSkew, "CV509"),
    entry!(x::WorkerSkew, "CV510"),
    entry!(x::CreateNotIdempotent, "CV511"),
    entry!(x::WrongResult, "CV512"),
    entry!(x::IndeterminateCreate, "CV513"),
    entry!(x::DomainEventMissingOrRepeated, "CV514"),
    entry!(x::CancelNotSeen, "CV515"),
    entry!(x::OtherEnd, "CV516"),
    entry!(x::TurnedAway, "CV517"),
    entry!(y::TaskChainBroken, "CV601"),
    entry!(y::StepChainBroken, "CV602"),
    entry!(y::IllegalTaskEdge, "CV603"),
    entry!(y::IllegalStepEdge, "CV604"),
    entry!(y::SortKeyGap, "CV605"),
    entry!(y::MostRecentWrong, "CV606"),
    entry!(y::StepCompletedTwice, "CV607"),
    entry!(y::TaskCompletedTwice, "CV608"),
    entry!(y::AfterTerminal, "CV609"),
    entry!(y::AttemptsMismatch, "CV610"),
    entry!(y::OverlappingRuns, "CV611"),
    entry!(y::UnattributedExtraRun, "CV612"),
    entry!(y::AuditCount, "CV613"),
    entry!(y::DependencyViolated, "CV614"),
    entry!(y::FlagsDiffer, "CV615"),
    entry!(y::StrandedInProgress, "CV616"),
    entry!(y::StrandedEnqueued, "CV617"),
    entry!(y::StrandedOpen, "CV618"),
    entry!(y::TaskLost, "CV619"),
    entry!(y::AttemptsExceeded, "CV620"),
    entry!(y::ResultMissing, "CV621"),
    entry!(y::UnknownWorker, "CV622"),
    entry!(y::TimeBackwards, "CV623"),
    entry!(y::EdgeInconsistent, "CV624"),
    entry!(y::CompleteTooEarly, "CV625"),
];

/// Finds a check by code (`CV308`, `308`, any case) or name.
pub fn find(wanted: &str) -> Option<&'static Entry> {
    let upper = wanted.to_uppercase();
    REGISTRY.iter().find(|entry| {
        let code = entry.code.to_string();
        code == upper || code.trim_start_matches("CV") == upper || entry.name == wanted
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::{Mode, Selection};

    #[test]
    fn codes_are_sorted_and_each_stands_once() {
        assert!(REGISTRY.windows(2).all(|pair| pair[0].code < pair[1].code));
    }

    const HEADINGS: [&str; 4] = [
        "\n## Evidence\n",
        "\n## When it can be wrong\n",
        "\n## Fix\n",
        "\n## Reproduce\n",
    ];

    #[test]
    fn each_page_opens_with_its_code_and_name_and_has_the_fixed_headings() {
        for entry in REGISTRY {
            let opening = format!("# {} {}\n", entry.code, entry.name);
            assert!(
                entry.page.starts_with(&opening),
                "{}: {opening}",
                entry.code
            );
            for heading in HEADINGS {
                assert!(entry.page.contains(heading), "{}: {heading}", entry.code);
            }
            let words = entry.page.split_whitespace().count();
            assert!((50..=240).contains(&words), "{}: {words} words", entry.code);
        }
    }

    #[test]
    fn each_page_in_the_folder_belongs_to_a_check() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/codes");
        for page in std::fs::read_dir(folder).unwrap() {
            let name = page.unwrap().file_name().into_string().unwrap();
            assert!(
                find(name.trim_end_matches(".md")).is_some(),
                "{name} has no check"
            );
        }
    }

    #[test]
    fn no_check_fires_on_the_evidence_of_a_healthy_cluster_of_any_kind() {
        let kinds = [
            Selection::default(),
            Selection {
                mode: Some(Mode::Single),
                ..Selection::default()
            },
            Selection {
                split: true,
                ..Selection::default()
            },
            Selection {
                profile: Some("polling".into()),
                ..Selection::default()
            },
        ];
        for selection in kinds {
            let evidence = Evidence::of_topology(&selection);
            for entry in REGISTRY {
                let findings = (entry.judge)(&evidence);
                assert_eq!(findings, Ok(Vec::new()), "{} of {selection:?}", entry.code);
            }
        }
    }

    #[test]
    fn each_check_has_a_file_with_tests_that_make_it_fire_and_unknown() {
        for entry in REGISTRY {
            let file = format!("{}.rs", entry.name.replace('-', "_"));
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/checks");
            let source = std::fs::read_dir(folder)
                .unwrap()
                .filter_map(|family| std::fs::read_to_string(family.ok()?.path().join(&file)).ok())
                .next();
            let source = source.unwrap_or_else(|| panic!("{}: no file {file}", entry.code));
            let check = entry.check.rsplit("::").next().unwrap_or_default().trim();
            for outcome in ["fires", "unknown"] {
                let wanted = format!("{outcome}::<{check}>(");
                assert!(
                    source.contains(&wanted),
                    "{}: no {wanted} in {file}",
                    entry.code
                );
            }
        }
    }
}
