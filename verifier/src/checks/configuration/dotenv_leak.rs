use std::collections::BTreeMap;

use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, StrayDotenv, Unseen};
use crate::topology::{Instance, SERVICE_VARIABLES};

/// A `.env` that the engine finds sets what the instance's environment leaves open.
///
/// The engine loads the nearest one, from its working folder upwards to the
/// root of the disk, whoever put it there and for whatever purpose.
pub struct DotenvLeak;

impl Check for DotenvLeak {
    const CODE: Code = Code::new(111);
    const NAME: &'static str = "dotenv-leak";
    const TITLE: &'static str = "no .env file gets into an instance's environment";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        // Most likely all instances find the same file: one finding speaks for those who take the same from it.
        let mut leaks: BTreeMap<(&str, String), Vec<&str>> = BTreeMap::new();
        for (_, instance) in topology.instances() {
            let Some(dotenv) = evidence.configuration.stray_dotenv.get(&instance.id) else {
                continue;
            };
            let leaking = leaking(dotenv, instance);
            if !leaking.is_empty() {
                let readers = leaks.entry((&dotenv.path, leaking.join(", "))).or_default();
                readers.push(&instance.id);
            }
        }
        Ok(leaks
            .into_iter()
            .map(|((path, variables), readers)| {
                Finding::about(path)
                    .observed(format!(
                        "the engine loads it at its start and takes {variables}"
                    ))
                    .evidence("variables", variables)
                    .evidence("instances", readers.join(", "))
                    .hint(format!("remove {path}, then `./dev down` and `./dev up`"))
            })
            .collect())
    }
}

/// `NAME (line 3)` for each variable that matters to the engine and that the instance has not set itself.
fn leaking(dotenv: &StrayDotenv, instance: &Instance) -> Vec<String> {
    dotenv
        .lines
        .iter()
        .filter(|(name, _)| matters(name) && instance.variable(name).is_none())
        .map(|(name, line)| format!("{name} (line {line})"))
        .collect()
}

fn matters(name: &str) -> bool {
    // `services/launch` sets these, and what is set already is not overridden.
    let by_launch = ["DATABASE_URL", "TASKER_RUN_DIR", "TASKER_WITNESS_FILE"].contains(&name);
    let read_by_the_engine = [
        "PGMQ_DATABASE_URL",
        "REDIS_URL",
        "RABBITMQ_URL",
        "MEMCACHED_URL",
        "RUST_LOG",
        "LOG_LEVEL",
    ]
    .contains(&name)
        || SERVICE_VARIABLES.contains(&name)
        || name.starts_with("TASKER_")
        || name.starts_with("PG");
    read_by_the_engine && !by_launch && !name.starts_with("TASKER_TEST_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    /// A file that both workers find.
    fn with_dotenv(lines: &[(&str, usize)]) -> Evidence {
        let mut evidence = Evidence::healthy();
        let dotenv = StrayDotenv {
            path: "/project/.env".into(),
            lines: lines
                .iter()
                .map(|(name, line)| ((*name).to_owned(), *line))
                .collect(),
        };
        let stray = &mut evidence.configuration.stray_dotenv;
        stray.insert("worker-rust-1".into(), dotenv.clone());
        stray.insert("worker-rust-2".into(), dotenv);
        evidence
    }

    #[test]
    fn a_variable_that_the_instances_leave_open_is_named_with_its_line() {
        let findings = fires::<DotenvLeak>(&with_dotenv(&[("EDITOR", 1), ("WORKSPACE_PATH", 3)]));

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject, "/project/.env");
        assert_eq!(findings[0].evidence["variables"], "WORKSPACE_PATH (line 3)");
        assert_eq!(
            findings[0].evidence["instances"],
            "worker-rust-1, worker-rust-2"
        );
    }

    #[test]
    fn what_the_instance_sets_itself_is_not_overridden() {
        silent::<DotenvLeak>(&with_dotenv(&[
            ("TASKER_TEMPLATE_PATH", 1),
            ("DATABASE_URL", 2),
        ]));
    }

    #[test]
    fn an_empty_file_and_variables_that_nobody_reads_are_harmless() {
        silent::<DotenvLeak>(&with_dotenv(&[]));
        silent::<DotenvLeak>(&with_dotenv(&[("COLOR", 1)]));
    }

    #[test]
    fn without_a_topology_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.topology = Observed::not_looked("the topology");

        unknown::<DotenvLeak>(&evidence);
    }
}
