use super::engine_settings::{self, EngineSettings};
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};
use crate::topology::{Instance, RESERVE, Role, Topology};

/// The pools of all instances together may open more connections than the server grants.
///
/// They do so under load only, and then whichever instance comes last waits
/// for connections that nobody gives back.
pub struct PoolsExceedServer;

impl Check for PoolsExceedServer {
    const CODE: Code = Code::new(115);
    const NAME: &'static str = "pools-exceed-server";
    const TITLE: &'static str = "the server has a connection for every place in every pool";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let files = engine_settings::all(topology, &evidence.configuration)?;
        let mut finding = Finding::about("max_connections");
        let mut sum = u64::from(RESERVE);
        for file in &files {
            let each: Vec<u64> = file
                .readers
                .iter()
                .map(|(service, instance)| connections(topology, file, service.role, instance))
                .collect();
            sum += each.iter().sum::<u64>();
            let largest = each.iter().max().copied().unwrap_or_default();
            finding = finding.evidence(file.path, format!("{} x {largest}", each.len()));
        }
        let granted = match evidence.database.ok() {
            Some(database) => u64::try_from(database.max_connections).unwrap_or_default(),
            None => u64::from(topology.database.max_connections),
        };
        if sum <= granted {
            return Ok(Vec::new());
        }
        Ok(vec![
            finding
                .observed(format!(
                    "the pools may take {sum} connections, {RESERVE} of them for tools, and the \
                     server grants {granted}"
                ))
                .evidence("granted", granted)
                .evidence("wanted", sum)
                .hint(format!(
                    "size the `pools` in config/cluster.toml for it, or raise `max_connections` \
                     there to {sum}; then `cluster-verify render`, `./dev down` and `./dev up`"
                )),
        ])
    }
}

/// The most that each instance opens.
///
/// # Errors
/// An engine configuration that was not looked at.
pub fn connections_of(evidence: &Evidence) -> Result<Vec<(&Instance, u64)>, Unseen> {
    let topology = evidence.topology.seen()?;
    let files = engine_settings::all(topology, &evidence.configuration)?;
    let mut each = Vec::new();
    for file in &files {
        for &(service, instance) in &file.readers {
            each.push((
                instance,
                connections(topology, file, service.role, instance),
            ));
        }
    }
    Ok(each)
}

/// The most that one instance opens.
fn connections(
    topology: &Topology,
    file: &EngineSettings<'_>,
    role: Role,
    instance: &Instance,
) -> u64 {
    let main = file
        .number("common.database.pool.max_connections")
        .unwrap_or_default();
    let queues = file.number("common.pgmq_database.pool.max_connections");
    // Whose URL `services/launch` makes, so that no layer has it.
    let split = topology.database.queues.is_some();
    let named = file
        .text("common.pgmq_database.url", instance)
        .is_some_and(|url| {
            !url.is_empty() && Some(url) != file.text("common.database.url", instance)
        });
    let api = match role {
        // Without a section for it the engine takes 30.
        Role::Orchestration => file
            .number("orchestration.web.database_pools.web_api_max_connections")
            .unwrap_or(30),
        Role::Worker => 0,
    };
    main + api
        + if split || named {
            queues.unwrap_or(main)
        } else {
            0
        }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn set(evidence: &mut Evidence, key: &str, value: serde_json::Value) {
        for file in evidence.configuration.engine_files.values_mut() {
            file.settings.insert(key.into(), value.clone());
        }
    }

    #[test]
    fn pools_beyond_what_the_server_grants_are_added_up_by_file() {
        let mut evidence = Evidence::healthy();
        evidence.database.seen_mut().max_connections = 159;

        let findings = fires::<PoolsExceedServer>(&evidence);

        assert_eq!(findings[0].evidence["wanted"], "160");
        assert_eq!(findings[0].evidence["orchestration.toml"], "2 x 45");
        assert_eq!(findings[0].evidence["worker.toml"], "2 x 30");
    }

    #[test]
    fn a_split_cluster_has_the_pools_of_its_queues_too() {
        let mut evidence = Evidence::healthy();
        evidence.database.seen_mut().max_connections = 160;
        evidence.topology.seen_mut().database.queues = Some("tasker_queues".into());
        set(
            &mut evidence,
            "common.pgmq_database.pool.max_connections",
            json!(10),
        );

        assert_eq!(
            fires::<PoolsExceedServer>(&evidence)[0].evidence["wanted"],
            "200"
        );
    }

    #[test]
    fn queues_in_a_database_of_their_own_have_pools_of_their_own() {
        let mut evidence = Evidence::healthy();
        evidence.database.seen_mut().max_connections = 160;
        silent::<PoolsExceedServer>(&evidence);

        set(
            &mut evidence,
            "common.pgmq_database.url",
            json!("postgresql://h/queues"),
        );
        set(
            &mut evidence,
            "common.pgmq_database.pool.max_connections",
            json!(10),
        );

        assert_eq!(
            fires::<PoolsExceedServer>(&evidence)[0].evidence["wanted"],
            "200"
        );
    }

    #[test]
    fn an_empty_url_of_the_queues_opens_no_second_pool() {
        let mut evidence = Evidence::healthy();
        evidence.database.seen_mut().max_connections = 160;
        set(
            &mut evidence,
            "common.pgmq_database.url",
            json!("${PGMQ_DATABASE_URL:-}"),
        );
        set(
            &mut evidence,
            "common.pgmq_database.pool.max_connections",
            json!(10),
        );

        silent::<PoolsExceedServer>(&evidence);
    }

    #[test]
    fn offline_the_topologys_own_number_counts() {
        let mut evidence = Evidence::healthy();
        evidence.database = Observed::not_looked("the database");
        silent::<PoolsExceedServer>(&evidence);

        evidence.topology.seen_mut().database.max_connections = 100;
        fires::<PoolsExceedServer>(&evidence);
    }

    #[test]
    fn without_a_look_at_the_files_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.configuration.engine_files.clear();

        unknown::<PoolsExceedServer>(&evidence);
    }
}
