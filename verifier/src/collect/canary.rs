//! Sends the canaries: small real tasks, at least one a namespace.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;

use super::create::create;
use super::due::Errand;
use super::flight::Flight;
use super::pace::{Pace, Pacer};
use super::postgres::Databases;
use super::progress::{Progress, few};
use super::reading::{look_back, read};
use super::servers::{Server, Servers};
use crate::evidence::{Canaries, Canary, Observed, Unseen};

/// Canaries that make no progress for this long are given up, where nobody takes longer to look.
pub const STALLED: Duration = Duration::from_secs(15);
const LOOK: Duration = Duration::from_millis(200);
/// Creates at a time.
const AT_ONCE: usize = 3;
/// One that is at work for longer waits for something, and is no load.
const WORKS: Duration = Duration::from_secs(3);

/// Key of a canary's context that makes it a task of its own.
pub const CANARY_KEY: &str = "cluster_verify_canary";

/// States in which a task stays until somebody acts.
pub const AT_REST: [&str; 5] = [
    "complete",
    "error",
    "cancelled",
    "resolved_manually",
    "blocked_by_failures",
];

/// Sends canaries to a cluster.
#[derive(Clone, Copy)]
pub struct Sender<'a> {
    pub servers: &'a Servers,
    pub pool: &'a Databases,
    pub pace: Pace,
    /// How long canaries that make no progress are waited for.
    pub patience: Duration,
    pub progress: &'a Progress,
}

impl Sender<'_> {
    /// Creates, follows and reads back every canary.
    pub async fn send(&self, errands: &[Errand<'_>]) -> Observed<Canaries> {
        match sent(self, errands).await {
            Ok(tasks) => Observed::Seen(Canaries {
                tasks,
                ..Canaries::default()
            }),
            Err(unseen) => Observed::Unseen(unseen),
        }
    }
}

async fn sent(
    &Sender {
        servers,
        pool,
        pace,
        patience,
        progress,
    }: &Sender<'_>,
    errands: &[Errand<'_>],
) -> Result<Vec<Canary>, Unseen> {
    let mut flight = Flight::default();
    let server = |errand: &Errand<'_>| servers.all.iter().find(|server| server.id == errand.via);
    let mut waiting: VecDeque<_> = errands
        .iter()
        .filter_map(|errand| Some((errand.workload, server(errand)?)))
        .collect();
    let total = waiting.len();
    let line = progress.beside();
    // One after the other of a template: the engine refuses the first concurrent creates.
    let mut creating = BTreeSet::new();
    // Whether a task can be read at once, and only goes forward, is a matter of the servers.
    let mut read_first = BTreeSet::new();
    let mut creates = FuturesUnordered::new();
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut looks = 0;
    let mut pacer = Pacer::new(pace);
    loop {
        loop {
            // A create that a busy server put off keeps nobody else waiting.
            let at_work = creates.len().saturating_sub(servers.busy.waited_for());
            if at_work >= AT_ONCE
                || waiting.is_empty()
                || !pacer.admits(at_work + flight.younger_than(WORKS), waiting.len())
            {
                break;
            }
            let next = waiting.iter().position(|(workload, server)| {
                !creating.contains(&workload.template) && !servers.busy.is_waited_for(&server.id)
            });
            let Some((workload, server)) = next.and_then(|next| waiting.remove(next)) else {
                break;
            };
            creating.insert(&workload.template);
            pacer.goes();
            let is_first = read_first.insert((&server.id, &workload.language));
            let readers: &[Server] = if is_first { &servers.all } else { &[] };
            let task = create(servers, workload, "canary", server, readers, pool);
            creates.push(async move { (&workload.template, task.await) });
        }
        if creates.is_empty()
            && waiting.is_empty()
            && (flight.open() == 0 || flight.stalled(patience))
        {
            break;
        }
        line.say(format!(
            "canaries: {} of {total} at rest{}",
            flight.at_rest(),
            match flight.open() {
                0 => String::new(),
                _ => format!(", open in {}", few(flight.open_namespaces())),
            }
        ));
        tokio::select! {
            Some((template, task)) = creates.next() => {
                creating.remove(template);
                flight.add(task);
            }
            _ = look.tick() => {
                flight.look(pool).await?;
                look_on_the_way(servers, &mut flight, looks).await;
                looks += 1;
            }
        }
    }
    let mut tasks = flight.tasks;
    tasks.sort_by(|one, other| (&one.namespace, &one.via).cmp(&(&other.namespace, &other.via)));
    look_back(servers, pool, &mut tasks).await?;
    Ok(tasks)
}

/// One read a look, through the next server each time, of a task that was read from the first moment: enough to see
/// one go backwards.
async fn look_on_the_way(servers: &Servers, flight: &mut Flight, looks: usize) {
    let Some(server) = servers.all.get(looks % servers.all.len().max(1)) else {
        return;
    };
    let open = |canary: &&mut Canary| !canary.at_rest() && !canary.first_readings.is_empty();
    let Some(canary) = flight.tasks.iter_mut().find(open) else {
        return;
    };
    if let Some(task) = canary.create.task_uuid().map(str::to_owned) {
        canary.on_the_way.push(read(servers, server, &task).await);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use uuid::Uuid;

    use super::*;
    use crate::collect::due::all;
    use crate::collect::own_postgres::Postgres;
    use crate::collect::postgres::connect_to;
    use crate::collect::stand_in::{Manner, stand_in, with_tasks};
    use crate::topology::Workload;

    const BUSY: Manner = Manner::Says(
        "503 Service Unavailable",
        r#"{"error":{"message":"full","retry_after_seconds":15}}"#,
    );
    const CREATED: Manner = Manner::Says(
        "201 Created",
        r#"{"task_uuid":"00000000-0000-0000-0000-000000000001"}"#,
    );

    fn workload(number: u32) -> Workload {
        Workload {
            template: format!("send_{number}"),
            ..Workload::example()
        }
    }

    #[tokio::test]
    async fn busy_servers_are_waited_for_together_and_hold_up_no_other() {
        let database = Postgres::start();
        let (task, step) = (Uuid::from_u128(1), Uuid::from_u128(2));
        database.ask(&format!("SELECT a_task('{task}', '{step}', 'canary', 0)"));
        let takes = stand_in(Manner::WELL, CREATED, Manner::TEXT);
        let urls = [with_tasks(BUSY), with_tasks(BUSY), takes].map(|it| it.url);
        let patience = Duration::from_secs(3);
        let servers = Servers::at(&urls, patience);
        let sender = Sender {
            servers: &servers,
            pool: &connect_to(&database.url, None).await.unwrap(),
            pace: Pace::Quick,
            patience: STALLED,
            progress: &Progress::hidden(),
        };
        let workloads: Vec<Workload> = (0..4).map(workload).collect();
        let ids: Vec<&str> = servers.all.iter().map(|it| it.id.as_str()).collect();
        let errands = all(&workloads.iter().collect::<Vec<_>>(), &ids);
        let begun = Instant::now();

        let sent = sender.send(&errands).await;

        // One after the other they would take twice as long.
        let took = begun.elapsed();
        assert!(took >= patience && took < patience * 2, "{took:?}");
        let tasks = sent.ok().unwrap().sent().unwrap();
        assert_eq!(tasks.len(), errands.len());
        for task in tasks {
            let is_created = task.create.task_uuid().is_some();
            assert_eq!(is_created, task.via == ids[2], "{task:?}");
        }
        sender.pool.close().await;
    }
}
