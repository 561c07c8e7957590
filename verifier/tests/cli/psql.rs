//! `psql`, with a client in its place that tells how it was called.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use cluster_verify::check::REGISTRY;

use crate::program::cluster_verify;
use crate::project::Project;

const CLIENT: &str = "#!/bin/sh
echo \"$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT/$PGDATABASE\" \"hostaddr=$PGHOSTADDR\"
for word in \"$@\"; do echo \"<$word>\"; done
exit 7
";

/// A project with a password and a client of its own.
fn project() -> Project {
    let project = Project::healthy();
    project.write(".cluster/database.password", "secret\n");
    project.write("bin/psql", CLIENT);
    let runs = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(project.path("bin/psql"), runs).unwrap();
    project
}

#[test]
fn the_client_gets_the_address_the_password_and_its_arguments_and_its_status_is_ours() {
    let project = project();

    cluster_verify(&["psql", "-At", "-c", "SELECT 1"])
        .within(project.root())
        .with_variable("PATH", &project.path("bin"))
        .with_variable("PGHOSTADDR", "192.0.2.1")
        .stdout("tasker:secret@127.0.0.1:15432/tasker hostaddr=\n<-At>\n<-c>\n<SELECT 1>\n")
        .status(7)
        .run();
}

#[test]
fn of_the_cluster_that_runs_it_knows_the_port_and_both_databases() {
    let project = project();
    let selection = "{\"split\": true, \"port_offset\": 1000}";
    project.write(".cluster/selection.json", selection);
    let on = |database: &str| format!("tasker:secret@127.0.0.1:16432/{database} hostaddr=\n");

    cluster_verify(&["psql"])
        .within(project.root())
        .with_variable("PATH", &project.path("bin"))
        .stdout(on("tasker_tasks"))
        .status(7)
        .run();
    cluster_verify(&["psql", "--queues"])
        .within(project.root())
        .with_variable("PATH", &project.path("bin"))
        .stdout(on("tasker_queues"))
        .status(7)
        .run();
}

#[test]
fn without_a_client_the_shell_that_has_one_is_named() {
    let project = project();

    cluster_verify(&["psql"])
        .within(project.root())
        .with_variable("PATH", &project.path("config"))
        .stderr(
            "cluster-verify: psql: No such file or directory (os error 2); `./dev shell` has it on \
             PATH\n",
        )
        .status(3)
        .run();
}

#[test]
fn what_the_pages_ask_of_the_database_reaches_it() {
    let project = project();
    let program = Path::new(env!("CARGO_BIN_EXE_cluster-verify"));
    let folders = [project.root().join("bin"), program.parent().unwrap().into()];
    let path = std::env::join_paths(folders).unwrap();
    let mut tried = 0;

    for entry in REGISTRY {
        for line in blocks(entry.page) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let bare = words.iter().enumerate().any(|(at, word)| {
                *word == "psql" && (at == 0 || !words[at - 1].ends_with("cluster-verify"))
            });
            assert!(!bare, "{}: {line}", entry.code);
            if !line.starts_with("cluster-verify psql") {
                continue;
            }
            tried += 1;
            let told = Command::new("/bin/sh")
                .args(["-c", line.trim_end_matches(" &")])
                .current_dir(project.root())
                .env("PATH", &path)
                .env_remove("TASKER_CLUSTER_STATE")
                .env_remove("TASKER_CLUSTER_ROOT")
                .output()
                .unwrap();
            let told = String::from_utf8(told.stdout).unwrap();
            let (address, arguments) = told.split_once('\n').unwrap();
            assert!(address.contains("/tasker "), "{}: {told}", entry.code);
            assert!(arguments.contains("<-c>\n<"), "{}: {told}", entry.code);
        }
    }

    assert!(tried > 30, "{tried}");
}

/// The lines of a page that are meant to be run.
fn blocks(page: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    page.lines().filter(move |line| {
        let fence = line.starts_with("```");
        inside ^= fence;
        inside && !fence
    })
}
