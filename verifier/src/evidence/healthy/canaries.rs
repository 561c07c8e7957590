//! What the canaries met.

use std::collections::BTreeMap;

use serde_json::json;

use super::{now, uuid, worker_uuid};
use crate::evidence::{Canaries, Canary, CanaryStep, Cancellation, CreateOutcome, Reading, Twins};
use crate::topology::Topology;

pub fn canaries(topology: &Topology) -> Canaries {
    let servers: Vec<String> = topology
        .with_role(crate::topology::Role::Orchestration)
        .map(|(_, instance)| instance.id.clone())
        .collect();
    let tasks = servers
        .iter()
        .enumerate()
        .map(|(index, via)| {
            let readings = |state: &str| {
                servers
                    .iter()
                    .map(|via| Reading {
                        via: via.clone(),
                        status: 200,
                        state: Some(state.into()),
                        steps: vec![
                            ("send".into(), state.into()),
                            ("write".into(), state.into()),
                        ],
                    })
                    .collect::<Vec<_>>()
            };
            let worker = |name: &str| worker_uuid(name).to_string();
            let step = |number: u128, name: &str| CanaryStep {
                step_uuid: uuid(0x500 + number).to_string(),
                name: name.into(),
                state: "complete".into(),
                attempts: 1,
                workers: vec![worker(if number.is_multiple_of(2) {
                    "worker-rust-1"
                } else {
                    "worker-rust-2"
                })],
                message_waiting: false,
                result: Some(json!({"success": true, "result": {"result": true}})),
            };
            let number = u128::try_from(index).unwrap() * 2;
            Canary {
                via: via.clone(),
                namespace: "mail".into(),
                template: "letter".into(),
                correlation_id: uuid(0xD000 + number).to_string(),
                expected: [("send".to_owned(), json!(true))].into(),
                in_database: Some(true),
                database_state: Some("complete".into()),
                tasks_of_correlation: Some(1),
                events: Some(BTreeMap::new()),
                on_the_way: readings("steps_in_process"),
                creator: Some(uuid(0xB000 + 100 + index as u128).to_string()),
                create: CreateOutcome::Created {
                    task_uuid: uuid(0xE000 + number).to_string(),
                },
                turned_away: Vec::new(),
                logged: None,
                create_ms: 20,
                first_readings: readings("pending"),
                last_readings: readings("complete"),
                finished_ms: Some(300),
                waited_ms: 300,
                steps: vec![step(number, "write"), step(number + 1, "send")],
            }
        })
        .collect();
    let answer = |status: u16| match status {
        200 => CreateOutcome::Created {
            task_uuid: uuid(0xF000).to_string(),
        },
        _ => CreateOutcome::Refused {
            status,
            message: "CONFLICT".into(),
        },
    };
    let cancelled = servers.iter().map(|via| Reading {
        via: via.clone(),
        status: 200,
        state: Some("cancelled".into()),
        steps: vec![("sleep".into(), "cancelled".into())],
    });
    Canaries {
        aged_out: 0,
        tasks,
        end: None,
        twins: Some(Twins {
            namespace: "mail".into(),
            template: "letter".into(),
            correlation_id: uuid(0xF001).to_string(),
            answers: servers
                .iter()
                .enumerate()
                .map(|(index, via)| (via.clone(), answer(if index == 0 { 200 } else { 409 })))
                .collect(),
            tasks: 1,
        }),
        cancellation: Some(Cancellation {
            created_via: servers[0].clone(),
            via: servers[servers.len() - 1].clone(),
            task: uuid(0xF002).to_string(),
            status: 200,
            readings: cancelled.collect(),
        }),
        tried_at: Some(now()),
        ways: None,
    }
}
