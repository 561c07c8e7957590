//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use uuid::Uuid;

use crate::exit;
use crate::report::Format;
use crate::topology::Mode;

/// Proves that a Tasker cluster is complete, healthy, consistent, and lost nothing.
#[derive(Debug, Parser)]
#[command(version, after_help = exit::HELP, max_term_width = 100)]
pub struct Cli {
    /// The checkout to work on [default: the nearest folder upwards with config/cluster.toml]
    #[arg(long, global = true, value_name = "DIR")]
    pub project: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Verify the cluster and print the verdict
    Check(CheckArgs),
    /// Show every instance: whether it runs and answers, its pid, port and database id
    Status(StatusArgs),
    /// Write process-compose.yaml and the other rendered files
    Render(RenderArgs),
    /// Show every queue: what waits in it and which instances take from it
    Queues(QueuesArgs),
    /// Show one task's life as a time line, and where it stands
    Task(TaskArgs),
    /// Send tasks of one workload, wait for them, and judge exactly those
    Run(RunArgs),
    /// Print all instances' metrics as one Prometheus text, each sample with its instance
    Metrics,
    /// Remove the tasks that earlier checks and runs sent and that are at rest
    ///
    /// They carry the tag and the source system `cluster-verify`. What is not at rest is left, since it may be the
    /// trace of a fault. A check does the same with canaries that are older than a day and that no finding names.
    ///
    /// While a check or a run looks at the tasks nothing is removed: exit status 2.
    Prune(PruneArgs),
    /// Run psql on the cluster's database, with the address and password that it needs
    Psql(PsqlArgs),
    /// Show an instance's environment, or the tests', and which line of which file set it
    Env(EnvArgs),
    /// Explain a code: meaning, evidence, fix, how to reproduce
    Explain {
        /// CV308, 308 or namespace-without-subscriber
        code: String,
    },
    /// List every code
    Codes {
        /// How to write it
        #[arg(short, long, value_enum, default_value_t)]
        output: ListFormat,
    },
    /// Print the completion script of a shell
    Completions {
        /// Whose script
        #[arg(value_enum)]
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Wait until all instances are healthy first, 60 s unless given
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true,
          default_missing_value = "60", value_parser = seconds)]
    pub wait: Option<u64>,
    /// How to write the report
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Format,
    /// Only these checks: codes, names or family digits, comma-separated; what none of them needs is not looked at
    #[arg(long, value_delimiter = ',', value_name = "CHECK")]
    pub only: Vec<String>,
    /// Leave these checks out
    #[arg(long, value_delimiter = ',', value_name = "CHECK")]
    pub skip: Vec<String>,
    /// Only what the files say (family 1); asks no process
    #[arg(long, conflicts_with_all = ["wait", "quick"])]
    pub offline: bool,
    /// No canaries, no wait for the poll cycle, and of each witness file the last 8 MiB
    ///
    /// Runs of handlers that are older are not seen by CV611 and CV612, and a step in progress of which no line was
    /// read makes CV616 unknown.
    #[arg(long)]
    pub quick: bool,
    /// Send every canary, also those that an earlier check has seen through: each namespace through each server
    ///
    /// Else a check tries again those whose proof is oldest, the smallest of each language and server that these leave
    /// out, and whatever has changed or is suspect since.
    #[arg(long, conflicts_with_all = ["offline", "quick", "replay"])]
    pub thorough: bool,
    /// One canary at a time, with pauses, and the history as slowly, for a cluster that has other work to do
    #[arg(long, conflicts_with_all = ["offline", "quick", "replay"])]
    pub gentle: bool,
    /// Count known findings too
    #[arg(long)]
    pub strict: bool,
    /// Judge only tasks created within this time, such as 90s, 10m, 2h
    #[arg(long, value_name = "DURATION", value_parser = seconds, conflicts_with = "replay")]
    pub since: Option<u64>,
    /// Another cluster, by its addresses: a TOML file, or `env` for TASKER_TEST_*_URLS and DATABASE_URL
    ///
    /// The file names `orchestration = ["http://host:8080"]` and may name `[workers] rust = [...]`,
    /// `database = "$DATABASE_URL"`, `queues`, `engine`, `profile` and `workloads = "FILE"` with the
    /// canaries to send. What needs the cluster's files or processes is unknown then: exit status 2,
    /// unless `--only` leaves it out.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["wait", "offline", "replay"])]
    pub cluster: Option<PathBuf>,
    /// Write the evidence to a file as well
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Record the events of all tasks, not only of those that a finding rests on
    #[arg(long, requires = "record")]
    pub all_events: bool,
    /// Judge recorded evidence instead of the cluster; needs no checkout, what is accepted is recorded too
    #[arg(long, value_name = "FILE", conflicts_with_all = ["record", "wait", "offline", "quick"])]
    pub replay: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Only these: services (worker-rust), instances (worker-rust-1), or `workers`
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Look again every second, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
    /// Ask the system and the supervisor only, no HTTP
    #[arg(long)]
    pub quick: bool,
    /// How to write it
    #[arg(short, long, value_enum, default_value_t)]
    pub output: ListFormat,
}

#[derive(Debug, Args)]
pub struct PruneArgs {
    /// Only those created before this time, such as 90s, 10m, 2h
    #[arg(long, value_name = "DURATION", value_parser = seconds, default_value = "0s")]
    pub older_than: u64,
    /// From another cluster's database, as `check --cluster` takes it
    #[arg(long, value_name = "FILE")]
    pub cluster: Option<PathBuf>,
    /// Instead, archive the messages of steps that are over (CV313), of whoever sent them: workers come to none behind them
    #[arg(long, conflicts_with = "older_than")]
    pub dead_messages: bool,
}

#[derive(Debug, Args)]
pub struct PsqlArgs {
    /// The database of the queues, which is another one when they were split off
    #[arg(long)]
    pub queues: bool,
    /// What psql takes, such as -c "SELECT 1"
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENT"
    )]
    pub arguments: Vec<OsString>,
}

#[derive(Debug, Args)]
pub struct QueuesArgs {
    /// Do not look who takes from them
    #[arg(long)]
    pub quick: bool,
    /// How to write it
    #[arg(short, long, value_enum, default_value_t)]
    pub output: ListFormat,
}

#[derive(Debug, Args)]
pub struct TaskArgs {
    /// The task's uuid, as `run`, a finding or the create's answer tells it
    pub task: Uuid,
    /// How to write it
    #[arg(short, long, value_enum, default_value_t)]
    pub output: ListFormat,
}

#[derive(Debug, Args)]
pub struct RunArgs {
    /// A template of config/workloads.toml: NAME or NAMESPACE/NAME; of several the first, NAME@2 is the second
    pub workload: String,
    /// Tasks to create, through the orchestration servers in turn
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub number: u32,
    /// Tasks open at once: the next is created when one has come to rest
    #[arg(short, long, value_name = "C", default_value_t = 4,
          value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub concurrency: u32,
    /// Count known findings too
    #[arg(long)]
    pub strict: bool,
    /// How to write it
    #[arg(short, long, value_enum, default_value_t)]
    pub output: ListFormat,
}

#[derive(Debug, Args)]
pub struct EnvArgs {
    /// An instance (worker-rust-1) or a service; without one, the variables by which tests find the cluster
    pub name: Option<String>,
    /// Say which line set each variable, and what it overrode
    #[arg(long, requires = "name", conflicts_with = "write")]
    pub provenance: bool,
    /// Write them to a file that only you can read, with DATABASE_URL; the tests' with the layers that all services
    /// share [default: env/ in the state folder]
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    pub write: Option<Option<PathBuf>>,
    /// With --write: a file each for the tests and every service, in the folder that --write names
    #[arg(long, requires = "write", conflicts_with = "name")]
    pub all: bool,
    /// Of another cluster than the one that runs
    #[command(flatten)]
    pub selection: SelectionArgs,
}

#[derive(Debug, Args)]
pub struct RenderArgs {
    /// Change nothing; fail when a file is not current
    #[arg(long, conflicts_with = "run")]
    pub check: bool,
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Into the state folder, for one run, and remember the selection there; not while a cluster runs
    #[arg(long)]
    pub run: bool,
    /// With --run: what was recorded of the engine's checkout that the services were built against
    #[arg(long, value_name = "FILE", requires = "run")]
    pub engine: Option<PathBuf>,
}

/// What cluster is meant, where it is not the default one.
#[derive(Debug, Args)]
pub struct SelectionArgs {
    /// How many instances of which services [default: as config/cluster.toml says]
    #[arg(long, value_enum)]
    pub mode: Option<Mode>,
    /// Engine profile: stock or polling
    #[arg(long)]
    pub profile: Option<String>,
    /// The queues in a database of their own
    #[arg(long)]
    pub split: bool,
    /// Added to every port
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=50_000))]
    pub port_offset: Option<u16>,
}

impl SelectionArgs {
    pub const fn is_given(&self) -> bool {
        self.mode.is_some() || self.profile.is_some() || self.split || self.port_offset.is_some()
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ListFormat {
    #[default]
    Table,
    Json,
}

/// Ten years: no moment before that is out of what times can say.
const LONGEST: u64 = 10 * 365 * 24 * 3600;

/// `90`, `90s`, `10m` or `2h` as seconds.
fn seconds(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.find(|letter: char| !letter.is_ascii_digit()) {
        Some(at) => text.split_at(at),
        None => (text, "s"),
    };
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err("expected a duration such as 90s, 10m or 2h".to_owned()),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(factor))
        .filter(|seconds| *seconds <= LONGEST)
        .ok_or_else(|| {
            "expected a duration such as 90s, 10m or 2h, of ten years at most".to_owned()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn every_argument_of_every_command_says_what_it_is_for() {
        use clap::CommandFactory;
        let mut command = Cli::command();
        command.build();
        for command in std::iter::once(&command).chain(command.get_subcommands()) {
            for argument in command.get_arguments() {
                let (of, id) = (command.get_name(), argument.get_id());
                // `help` names commands, which have texts of their own.
                let has_text = argument.get_help().is_some() || of == "help";
                assert!(has_text, "{of}: {id}");
            }
        }
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(seconds("90"), Ok(90));
        assert_eq!(seconds("10m"), Ok(600));
        assert!(seconds("soon").is_err());
        assert!(seconds("9999999999999999h").is_err());
        assert!(seconds("9000000000000").is_err());
    }
}
