//! `check`: looks, judges, reports.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::gather::{Depth, begin, gather};
use super::recording::{self, Recording};
use super::status::unhealthy;
use crate::check::{Code, Entry, Family, Filter, REGISTRY, judge};
use crate::cli::CheckArgs;
use crate::collect::pace::Pace;
use crate::collect::postgres::Past;
use crate::collect::progress::{Progress, few};
use crate::collect::witness::Reach;
use crate::error::{Error, Result};
use crate::evidence::Evidence;
use crate::exit;
use crate::known::Known;
use crate::project::Project;
use crate::report::{Report, render};
use crate::topology::ForeignCluster;

pub fn run(given: Option<&Path>, args: &CheckArgs) -> Result<ExitCode> {
    let begun = Instant::now();
    let filter = filter(args)?;
    let recording = args.record.as_deref().map(Recording::open).transpose()?;
    let evidence = match (&args.replay, &args.cluster) {
        (Some(file), _) => recording::read(file)?,
        (None, Some(cluster)) => {
            let cluster = super::foreign::describe(cluster)?;
            // Known findings are this project's; without one, nothing is accepted.
            let known = Project::find(given).ok().map(|project| known(&project));
            let known = known.transpose()?.unwrap_or_default();
            let look = super::until_interrupted(look_abroad(&cluster, args));
            let mut evidence = super::block_on(look)??;
            evidence.configuration.accepted = known.entries;
            evidence
        }
        (None, None) => {
            let project = Project::find(given)?;
            // What does not parse is told before anything is looked at.
            known(&project)?;
            let look = super::until_interrupted(look_as_deep_as_asked(&project, args, &filter));
            super::block_on(look)??
        }
    };
    let evidence = evidence.masked();
    let recorded = recording.map(|recording| recording.write(&evidence));
    // As they were when the cluster was looked at, wherever that is judged.
    let known = Known {
        entries: evidence.configuration.accepted.clone(),
    };
    let results = judge(&evidence, &filter, &known, evidence.taken_at.date_naive());
    let seconds = begun.elapsed().as_secs_f64();
    let report = Report::new(&evidence, results, args.strict, seconds);
    super::print(&render(&report, args.output))?;
    // After the verdict, which a full disk does not change.
    recorded.transpose()?;
    Ok(exit::of_verdict(report.verdict))
}

fn filter(args: &CheckArgs) -> Result<Filter> {
    let mut filter = Filter {
        only: args.only.clone(),
        skip: args.skip.clone(),
    };
    if args.offline {
        let others = REGISTRY.iter().map(|entry| entry.code);
        let others = others.filter(|code| code.family() != Family::Configuration);
        filter.skip.extend(others.map(|code| code.to_string()));
        // Tools are asked for their version.
        filter.skip.push("123".to_owned());
    }
    let unknown = filter.unknown_words();
    if !unknown.is_empty() {
        return Err(Error::Usage(format!(
            "no check and no family is called {}; `cluster-verify codes` lists all",
            unknown.join(", ")
        )));
    }
    if !REGISTRY.iter().any(|entry| filter.admits(entry)) {
        let why = match args.offline {
            true => "none of the checks that `--offline` judges",
            false => "no check",
        };
        return Err(Error::Usage(format!(
            "`--only` and `--skip` leave {why}; `cluster-verify codes` lists all"
        )));
    }
    Ok(filter)
}

fn known(project: &Project) -> Result<Known> {
    Known::load(&project.root).map_err(|problem| Error::Configuration(vec![problem]))
}

fn depth(args: &CheckArgs) -> Depth {
    let past = Past {
        since_seconds: args.since,
        profile_began: None,
        keep_all: args.all_events,
        ..Past::default()
    };
    if args.offline {
        Depth::Files
    } else if args.quick {
        Depth::Quick {
            past,
            witness: Reach::Ends,
        }
    } else {
        Depth::Full {
            past,
            thorough: args.thorough,
            pace: if args.gentle {
                Pace::Gentle
            } else {
                Pace::Quick
            },
        }
    }
}

async fn look_abroad(cluster: &ForeignCluster, args: &CheckArgs) -> Result<Evidence> {
    super::foreign::look(cluster, depth(args), &Progress::new()).await
}

/// Checks that judge without canaries or subscriptions, and better with them.
const BETTER_WITH_ALL: [u16; 3] = [122, 312, 509];

/// With `--only`, what no check asks for is not looked at: a quick look comes first, and is enough
/// unless one of the checks lacks something.
async fn look_as_deep_as_asked(
    project: &Project,
    args: &CheckArgs,
    filter: &Filter,
) -> Result<Evidence> {
    let full = depth(args);
    let Depth::Full { past, .. } = full else {
        return look(project, args, full).await;
    };
    let admitted = || REGISTRY.iter().filter(|entry| filter.admits(entry));
    let better = BETTER_WITH_ALL.map(Code::new);
    if filter.only.is_empty() || admitted().any(|entry| better.contains(&entry.code)) {
        return look(project, args, full).await;
    }
    // Nobody asked for a look that sees less.
    let without_canaries = Depth::Quick {
        past,
        witness: Reach::Whole,
    };
    let evidence = look(project, args, without_canaries).await?;
    let lacks = |entry: &Entry| {
        let judged = (entry.judge)(&evidence);
        judged.is_err_and(|unseen| !unseen.was_looked_for())
    };
    match admitted().any(lacks) {
        true => look(project, args, full).await,
        false => Ok(evidence),
    }
}

async fn look(project: &Project, args: &CheckArgs, depth: Depth) -> Result<Evidence> {
    let progress = Progress::new();
    if let Some(seconds) = args.wait {
        wait_until_healthy(project, Duration::from_secs(seconds), &progress).await?;
    }
    let mut evidence = begin(project)?;
    gather(project, &mut evidence, depth, &progress).await?;
    Ok(evidence)
}

/// Waits for the cluster. When the time is up the check goes on and says what is wrong.
async fn wait_until_healthy(
    project: &Project,
    patience: Duration,
    progress: &Progress,
) -> Result<()> {
    let begun = Instant::now();
    progress.say("waiting for the cluster");
    while begun.elapsed() < patience {
        let others = unhealthy(project).await?;
        if others.is_empty() {
            return Ok(());
        }
        progress.say(format!(
            "waiting for {}, {} s left",
            few(others),
            patience.saturating_sub(begun.elapsed()).as_secs()
        ));
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    Ok(())
}
