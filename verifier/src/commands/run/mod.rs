//! `run WORKLOAD`: sends tasks of one workload, waits for them, and judges exactly those.

mod choose;
mod life;
mod render;
mod summary;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use serde::Serialize;

use self::life::Life;
use self::summary::Summary;
use super::gather::begin;
use super::gather_tasks::gather_tasks;
use super::{past, unavailable};
use crate::check::{Filter, judge};
use crate::cli::{ListFormat, RunArgs};
use crate::collect::postgres;
use crate::collect::progress::Progress;
use crate::collect::workload::{Load, Sent, send};
use crate::error::{Error, Result};
use crate::evidence::{Canaries, Evidence, Observed};
use crate::exit;
use crate::known::Known;
use crate::project::Project;
use crate::report::{Report, Verdict};
use crate::topology::{Workload, Workloads};

/// What a run comes to: its numbers, and the verdict of the checks.
#[derive(Debug, Serialize)]
struct RunReport {
    run: Summary,
    report: Report,
}

/// What was looked at, and the numbers of it.
struct Seen {
    evidence: Evidence,
    summary: Summary,
}

pub fn run(given: Option<&Path>, args: &RunArgs) -> Result<ExitCode> {
    let begun = Instant::now();
    let project = Project::find(given)?;
    let workloads =
        Workloads::load(&project.root).map_err(|problem| Error::Configuration(vec![problem]))?;
    let workload = choose::workload(&workloads, &args.workload).map_err(Error::Usage)?;
    let known =
        Known::load(&project.root).map_err(|problem| Error::Configuration(vec![problem]))?;
    let Seen {
        evidence,
        mut summary,
    } = super::block_on(look(&project, workload, args))??;
    let filter = Filter {
        only: vec!["5".to_owned(), "6".to_owned()],
        // A task is not read right after its create and not on its way: that would load the servers.
        // Twins and cancellations are tried by `check`.
        skip: ["505", "506", "511", "515"].map(str::to_owned).into(),
    };
    let evidence = evidence.masked();
    let results = judge(&evidence, &filter, &known, evidence.taken_at.date_naive());
    if !workload.results.is_empty() && evidence.canaries.ok().is_some() {
        let wrong = results.iter().filter(|result| result.code == "CV512");
        summary.wrong_results = Some(wrong.map(|result| result.findings().len() as u64).sum());
    }
    let mut report = Report::new(
        &evidence,
        results,
        args.strict,
        begun.elapsed().as_secs_f64(),
    );
    if !summary.unexpected().is_empty() && report.verdict != Verdict::Misconfigured {
        report.verdict = Verdict::Failed;
    }
    let verdict = report.verdict;
    let report = RunReport {
        run: summary,
        report,
    };
    super::print(&match args.output {
        ListFormat::Table => render::table(&report),
        ListFormat::Json => format!("{:#}\n", serde_json::json!(report)),
    })?;
    Ok(exit::of_verdict(verdict))
}

async fn look(project: &Project, workload: &Workload, args: &RunArgs) -> Result<Seen> {
    let mut evidence = begin(project)?;
    let Observed::Seen(topology) = evidence.topology.clone() else {
        return Err(Error::Configuration(evidence.configuration.problems));
    };
    let connected = postgres::connect(project, &topology);
    let (pool, _held) = past::hold(connected).await.map_err(unavailable)?;
    let load = Load {
        number: args.number as usize,
        concurrency: args.concurrency as usize,
    };
    let mut interrupted = super::interrupts()?;
    let mut sent = {
        let bar = Progress::of(u64::from(args.number));
        send(
            project,
            &topology,
            workload,
            load,
            &pool,
            &mut interrupted,
            &bar,
        )
        .await
        .map_err(unavailable)?
    };
    let mut lives: Vec<Life> = Vec::new();
    // After the load, so that instances which died under it are not taken for running.
    let progress = Progress::new();
    let tasks = &mut sent.tasks;
    let gathered = gather_tasks(project, &mut evidence, &pool, tasks, &progress, |task| {
        lives.push(Life::of(task));
    });
    tokio::select! {
        gathered = gathered => gathered?,
        _ = interrupted.recv() => return Err(Error::Interrupted),
    }
    pool.close().await;
    let Sent { tasks, interrupted } = sent;
    let mut summary = Summary::of(workload, &tasks, &lives, &evidence.instances_by_id());
    summary.wanted = load.number;
    summary.concurrency = load.concurrency;
    summary.interrupted = interrupted;
    evidence.canaries = Observed::Seen(Canaries {
        tasks,
        end: (workload.outcome != "complete").then(|| workload.outcome.clone()),
        ..Canaries::default()
    });
    Ok(Seen { evidence, summary })
}
