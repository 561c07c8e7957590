//! Which workers of this boot have run handlers, as their own witness files tell.
//!
//! Of two workers that run one step the database keeps the result of one alone: the other took from the queue too.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::postgres::{Expected, add_work_done};
use super::witness::{Reach, each_line};
use crate::evidence::{Evidence, Identity, Observed, Sign, Subscriptions, WorkDone};
use crate::project::Project;

/// Where to look, and how lines of the present boots are told from others.
pub struct Witnessed<'a> {
    project: &'a Project,
    /// By instance: its pid, and since when it has that.
    boots: BTreeMap<String, (u32, DateTime<Utc>)>,
}

/// What one worker ran of one namespace.
struct Ran {
    runs: u64,
    last: DateTime<Utc>,
}

impl<'a> Witnessed<'a> {
    /// By the identity records of those that are expected: whoever does not run takes from no queue, whatever it ran.
    pub fn of(project: &'a Project, evidence: &Evidence, expected: &Expected) -> Self {
        let boot = |(id, identity): (&String, &Observed<Identity>)| {
            let identity = identity.ok()?;
            let is_expected = expected.namespaces.contains_key(id);
            is_expected.then(|| (id.clone(), (identity.pid, identity.started_at)))
        };
        Self {
            project,
            boots: evidence.identities.iter().filter_map(boot).collect(),
        }
    }

    /// Adds who has run handlers of which namespace.
    pub fn add(&self, seen: &mut Subscriptions) {
        for (work, last) in self.work() {
            if last >= seen.began {
                let instance = work.instance.clone();
                seen.alive.entry(instance).or_insert(Sign::Worked);
            }
            add_work_done(&mut seen.work, work);
        }
    }

    /// The work that proves what is not known by earlier looks; nothing where all is, for to read costs.
    pub fn work_of(&self, expected: &Expected) -> Vec<WorkDone> {
        let known = Subscriptions {
            polls: expected.seen.clone(),
            ..Subscriptions::default()
        };
        if expected.missing(&known).is_empty() {
            return Vec::new();
        }
        self.work().into_iter().map(|(work, _)| work).collect()
    }

    /// Who has run handlers of which namespace, and when last. What cannot be read shows nobody: that is reported
    /// where the witness itself is judged.
    fn work(&self) -> Vec<(WorkDone, DateTime<Utc>)> {
        let mut ran: BTreeMap<(String, String), Ran> = BTreeMap::new();
        let _ = each_line(self.project, Reach::Ends, |line| {
            let boot = self.boots.get(line.instance);
            if !boot.is_some_and(|(pid, since)| line.pid == *pid && line.at.wall >= *since) {
                return;
            }
            let key = (line.instance.to_owned(), line.namespace.to_owned());
            let last = line.at.wall;
            let ran = ran.entry(key).or_insert(Ran { runs: 0, last });
            ran.runs += u64::from(line.started);
            ran.last = ran.last.max(last);
        });
        let work = ran.into_iter().map(|((instance, namespace), ran)| {
            let steps = ran.runs;
            let done = WorkDone {
                instance,
                namespace,
                steps,
            };
            (done, ran.last)
        });
        work.collect()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::evidence::Poll;

    /// A line of a witness file: a run of a step of a namespace began.
    fn line(pid: u32, namespace: &str, wall: DateTime<Utc>) -> String {
        let wall = wall.format("%Y-%m-%dT%H:%M:%S%.6fZ");
        format!(
            r#"{{"v":1,"event":"started","run":"01990000-0000-7000-8000-00000000c000","task":"01990000-0000-7000-8000-000000000001","step":"01990000-0000-7000-8000-000000000002","step_name":"write","namespace":"{namespace}","attempt":1,"instance":"worker-rust-1","pid":{pid},"wall":"{wall}","mono_ns":5}}"#
        ) + "\n"
    }

    /// A state folder with these lines in a witness file.
    fn witness(lines: &[String]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let files = folder.path().join("witness");
        std::fs::create_dir(&files).unwrap();
        std::fs::write(files.join("worker-rust-1.jsonl"), lines.concat()).unwrap();
        folder
    }

    fn project(folder: &tempfile::TempDir) -> Project {
        Project {
            root: folder.path().to_path_buf(),
            state: folder.path().to_path_buf(),
        }
    }

    /// What the lines show to a look that began five minutes after the boot.
    fn of(lines: &[String]) -> Subscriptions {
        let folder = witness(lines);
        let mut seen = Subscriptions {
            began: boot().1 + TimeDelta::minutes(5),
            ..Subscriptions::default()
        };
        let healthy = Evidence::healthy();
        Witnessed::of(&project(&folder), &healthy, &expected()).add(&mut seen);
        seen
    }

    fn expected() -> Expected {
        Expected {
            namespaces: [("worker-rust-1".to_owned(), ["mail".to_owned()].into())].into(),
            ..Expected::default()
        }
    }

    /// The healthy worker's pid, and when it began.
    fn boot() -> (u32, DateTime<Utc>) {
        let evidence = Evidence::healthy();
        let identity = evidence.identities["worker-rust-1"].ok().unwrap();
        (identity.pid, identity.started_at)
    }

    #[test]
    fn what_a_worker_ran_in_this_boot_is_work_of_it() {
        let (pid, began) = boot();
        let early = began + TimeDelta::minutes(1);

        let seen = of(&[line(pid, "mail", early), line(pid, "mail", early)]);

        assert!(seen.proven("worker-rust-1", "mail"));
        assert!(!seen.proven("worker-rust-1", "parcel"));
        assert_eq!(seen.work[0].steps, 2);
        assert!(!seen.is_alive("worker-rust-1"));
    }

    #[test]
    fn what_it_ran_since_the_look_began_shows_that_it_takes_work_now() {
        let (pid, began) = boot();

        let seen = of(&[line(pid, "mail", began + TimeDelta::minutes(6))]);

        assert!(seen.is_alive("worker-rust-1"));
    }

    #[test]
    fn what_an_instance_ran_that_does_not_run_any_more_shows_nothing() {
        let (pid, began) = boot();
        let folder = witness(&[line(pid, "mail", began + TimeDelta::minutes(1))]);
        let mut seen = Subscriptions::default();

        let nobody = Expected::default();
        Witnessed::of(&project(&folder), &Evidence::healthy(), &nobody).add(&mut seen);

        assert_eq!(seen.work, []);
    }

    #[test]
    fn where_all_was_seen_before_nothing_is_read() {
        let (pid, began) = boot();
        let folder = witness(&[line(pid, "mail", began + TimeDelta::minutes(1))]);
        let project = project(&folder);
        let mut expected = expected();
        let witnessed = Witnessed::of(&project, &Evidence::healthy(), &expected);

        assert_eq!(witnessed.work_of(&expected).len(), 1);

        expected.seen = vec![Poll {
            instance: "worker-rust-1".into(),
            namespace: "mail".into(),
            first_seen: began,
        }];
        assert_eq!(witnessed.work_of(&expected), []);
    }

    #[test]
    fn what_its_predecessor_ran_is_none_of_its_work() {
        let (pid, began) = boot();

        let seen = of(&[
            line(pid + 1, "mail", began + TimeDelta::minutes(1)),
            line(pid, "mail", began - TimeDelta::minutes(1)),
        ]);

        assert_eq!(seen.work, []);
    }
}
