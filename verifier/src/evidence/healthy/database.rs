//! What PostgreSQL says.

use chrono::TimeDelta;

use super::now;
use crate::evidence::{
    DatabaseView, Listen, Migration, Observed, Poll, Queue, Session, Sign, Subscriptions, WorkDone,
};
use crate::topology::{Role, Topology};

pub fn database(topology: &Topology) -> DatabaseView {
    let session = |(index, id): (usize, &str)| Session {
        pid: 1000 + i32::try_from(index).unwrap(),
        application: id.to_owned(),
        state: Some("idle".into()),
        state_seconds: Some(1),
        waiting_for_lock: false,
    };
    let queue = |name: &str| Queue {
        name: name.to_owned(),
        messages: 0,
        visible: 0,
        oldest_visible_seconds: None,
        oldest_unread_seconds: None,
        max_read_count: 0,
        passed_over: None,
    };
    DatabaseView {
        clock_ahead_ms: 0,
        clock_error_ms: 1,
        version_num: 180_006,
        max_connections: 300,
        misplaced_queues: Vec::new(),
        pgmq: Some("1.11.1".into()),
        migrations: [1, 2]
            .map(|version| Migration {
                version,
                description: "m".into(),
                success: true,
            })
            .into(),
        sessions: topology
            .instances()
            .map(|(_, instance)| instance.id.as_str())
            .enumerate()
            .map(session)
            .collect(),
        queues: [
            "worker_mail_queue",
            "mail_domain_events",
            "mail_domain_events_dlq",
            "orchestration_task_requests",
            "orchestration_step_results",
            "orchestration_task_finalizations",
        ]
        .map(queue)
        .into(),
        role: "tasker".into(),
        schemas: vec!["tasker".into(), "public".into()],
        deadlocks: 0,
        counted_since: Some(now() - TimeDelta::seconds(70)),
        notify_usage: 0.0,
        zombies: Observed::Seen(Vec::new()),
        dead_tasks: Observed::Seen(Vec::new()),
    }
}

fn workers(topology: &Topology) -> impl Iterator<Item = String> + '_ {
    topology
        .with_role(crate::topology::Role::Worker)
        .map(|(_, instance)| instance.id.clone())
}

pub fn subscriptions(topology: &Topology) -> Subscriptions {
    Subscriptions {
        window_ms: 6000,
        cycle_ms: 5000,
        polls: workers(topology)
            .map(|instance| Poll {
                instance,
                namespace: "mail".into(),
                first_seen: now(),
            })
            .collect(),
        listens: topology
            .instances()
            .filter(|_| topology.profile != "polling")
            .map(|(service, instance)| Listen {
                instance: instance.id.clone(),
                channel: match service.role {
                    Role::Orchestration => "pgmq_message_ready.orchestration".into(),
                    Role::Worker => "pgmq_message_ready.mail".into(),
                },
            })
            .collect(),
        work: workers(topology)
            .map(|instance| WorkDone {
                instance,
                namespace: "mail".into(),
                steps: 2,
            })
            .collect(),
        began: now() - TimeDelta::seconds(6),
        alive: workers(topology)
            .map(|instance| (instance, Sign::Polled))
            .collect(),
        rounds: Default::default(),
    }
}
