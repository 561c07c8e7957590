//! What the program says of itself.

use crate::program::cluster_verify;

const HELP: &str = "\
Proves that a Tasker cluster is complete, healthy, consistent, and lost nothing

Usage: cluster-verify [OPTIONS] <COMMAND>

Commands:
  check        Verify the cluster and print the verdict
  status       Show every instance: whether it runs and answers, its pid, port and database id
  render       Write process-compose.yaml and the other rendered files
  queues       Show every queue: what waits in it and which instances take from it
  task         Show one task's life as a time line, and where it stands
  run          Send tasks of one workload, wait for them, and judge exactly those
  metrics      Print all instances' metrics as one Prometheus text, each sample with its instance
  prune        Remove the tasks that earlier checks and runs sent and that are at rest
  psql         Run psql on the cluster's database, with the address and password that it needs
  env          Show an instance's environment, or the tests', and which line of which file set it
  explain      Explain a code: meaning, evidence, fix, how to reproduce
  codes        List every code
  completions  Print the completion script of a shell
  help         Print this message or the help of the given subcommand(s)

Options:
      --project <DIR>  The checkout to work on [default: the nearest folder upwards with
                       config/cluster.toml]
  -h, --help           Print help
  -V, --version        Print version

Exit status: 0 nothing that counts was found, 1 findings, 2 unknown (something could not be seen, or
nothing was judged), 3 wrong usage or configuration, or a file or standard output could not be
written, 130 interrupted.
";

#[test]
fn help_names_every_command_and_every_exit_status() {
    cluster_verify(&["--help"]).stdout(HELP).run();
}

#[test]
fn without_a_command_the_help_is_an_error() {
    cluster_verify(&[]).stderr(HELP).status(3).run();
}

#[test]
fn an_unknown_command_is_answered_with_the_near_one() {
    cluster_verify(&["chek"])
        .stderr(
            "error: unrecognized subcommand 'chek'\n\n  tip: a similar subcommand exists: 'check'\n\n\
             Usage: cluster-verify [OPTIONS] <COMMAND>\n\nFor more information, try '--help'.\n",
        )
        .status(3)
        .run();
}

#[test]
fn run_says_what_its_concurrency_counts() {
    cluster_verify(&["run", "--help"])
        .stdout_holding(&["Tasks open at once: the next is created when one has come to rest"])
        .run();
}

/// Other systems have no device that is always full.
#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_an_error() {
    for arguments in [&["--help"][..], &["codes"], &["explain", "308"]] {
        cluster_verify(arguments)
            .into_file("/dev/full")
            .stderr(
                "cluster-verify: write standard output: No space left on device (os error 28)\n",
            )
            .status(3)
            .run();
    }
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    for arguments in [&["--help"][..], &["codes"], &["explain", "308"]] {
        cluster_verify(arguments).unread().run();
    }
}
