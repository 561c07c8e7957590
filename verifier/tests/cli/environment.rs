//! `env`, and what the other commands say without a cluster.

use std::os::unix::fs::PermissionsExt;

use crate::program::cluster_verify;
use crate::project::Project;

const INSTANCES: &str = "orchestration-1, orchestration-2, worker-rust-1, worker-rust-2, \
    worker-ruby-1, worker-ruby-2, worker-python-1, worker-python-2, worker-ts-1, worker-ts-2";

#[test]
fn an_instance_that_is_none_is_answered_with_those_that_are() {
    let project = Project::healthy();

    cluster_verify(&["env", "worker-rust-9"])
        .within(project.root())
        .stderr(format!(
            "cluster-verify: no instance or service `worker-rust-9`; there are {INSTANCES}\n"
        ))
        .status(3)
        .run();
}

#[test]
fn a_variable_is_shown_with_the_line_that_set_it() {
    let project = Project::healthy();

    cluster_verify(&["env", "worker-rust-1", "--provenance"])
        .within(project.root())
        .stdout_holding(&[
            "TASKER_TEMPLATE_PATH=config/templates/rust (config/env/worker-rust.env:",
            "TASKER_INSTANCE_ID=worker-rust-1 (computed from config/cluster.toml)\n",
        ])
        .run();
}

#[test]
fn without_an_instance_it_is_the_tests_environment() {
    let project = Project::healthy();
    let generated = project.read("config/env/generated/tests.env");
    let (_, expected) = generated.split_once('\n').unwrap();

    cluster_verify(&["env"])
        .within(project.root())
        .stdout(expected)
        .run();
}

#[test]
fn a_written_file_has_the_database_in_it_and_is_nobody_elses_to_read() {
    let project = Project::healthy();
    project.write(".cluster/database.password", "secret\n");
    let expected = project.path("it/tests.env");

    cluster_verify(&["env", "--write", "it/tests.env"])
        .within(project.root())
        .stdout(format!("{expected}\n"))
        .run();

    let text = project.read("it/tests.env");
    assert!(text.contains("\nTASKER_TEST_MODE=cluster\n"), "{text}");
    // The layers that all services share, in a shell that has none of them.
    for line in ["TASKER_ENV=test", "TASKER_MULTI_INSTANCE_MODE=true"] {
        assert!(text.lines().any(|it| it == line), "{line}: {text}");
    }
    assert!(
        text.ends_with("DATABASE_URL=postgresql://tasker:secret@127.0.0.1:15432/tasker\n"),
        "{text}"
    );
    let mode = std::fs::metadata(&expected).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn an_instances_file_is_written_to_the_state_folder_with_absolute_paths() {
    let project = Project::healthy();
    project.write(".cluster/database.password", "secret\n");

    cluster_verify(&["env", "worker-rust-1", "--write"])
        .within(project.root())
        .stdout(format!(
            "{}\n",
            project.path(".cluster/env/worker-rust-1.env")
        ))
        .run();

    let text = project.read(".cluster/env/worker-rust-1.env");
    let templates = project.path("config/templates/rust");
    assert!(
        text.contains(&format!("\nTASKER_TEMPLATE_PATH={templates}\n")),
        "{text}"
    );
    assert!(text.contains("\nDATABASE_URL=postgresql://"), "{text}");
}

#[test]
fn a_dotenv_file_of_the_project_is_written_and_one_that_an_instance_would_load_is_not() {
    let project = Project::healthy();
    project.write(".cluster/database.password", "secret\n");
    project.write(".cluster/run/worker-rust-1/.env", "");

    cluster_verify(&["env", "--write", ".env"])
        .within(project.root())
        .stdout(format!("{}\n", project.path(".env")))
        .run();
    cluster_verify(&["env", "--write", ".cluster/run/worker-rust-1/.env"])
        .within(project.root())
        .stderr(format!(
            "cluster-verify: {}: the instance would load it, since the engine takes the .env of its \
             working folder; choose another place\n",
            project.path(".cluster/run/worker-rust-1/.env")
        ))
        .status(3)
        .run();
}

#[test]
fn secrets_are_shown_nowhere_but_in_a_file_that_was_asked_for() {
    let project = Project::healthy();
    project.write(".cluster/database.password", "secret\n");
    let layer = project.read("config/env/worker-rust.env");
    project.write(
        "config/env/worker-rust.env",
        &format!("{layer}PAYMENT_API_KEY=hush-1\nPAYMENT_URL=https://u:hush-2@pay/?token=hush-3\n"),
    );
    let hint = "cluster-verify: secrets are shown as ***; `--write FILE` writes them to a file that \
        only you can read\n";

    for arguments in [
        &["env", "worker-rust-1"][..],
        &["env", "worker-rust-1", "--provenance"],
    ] {
        let text = cluster_verify(arguments)
            .within(project.root())
            .stdout_holding(&["PAYMENT_API_KEY=***", "https://u:***3@pay/?token=***2"])
            .stderr(hint)
            .run();
        assert!(!text.contains("hush"), "{text}");
    }
    cluster_verify(&["check", "--offline", "--record", "e.json", "--skip", "104"])
        .within(project.root())
        .stdout_holding(&["verdict: "])
        .run();
    let recorded = project.read("e.json");
    assert!(recorded.contains("PAYMENT_API_KEY"), "{recorded}");
    assert!(!recorded.contains("hush"), "{recorded}");

    cluster_verify(&["env", "worker-rust-1", "--write", "it.env"])
        .within(project.root())
        .stdout(format!("{}\n", project.path("it.env")))
        .run();
    let written = project.read("it.env");
    assert!(written.contains("\nPAYMENT_API_KEY=hush-1\n"), "{written}");
}

#[test]
fn an_instance_behind_write_is_not_taken_for_a_file() {
    let project = Project::healthy();
    project.write(".cluster/database.password", "secret\n");

    for name in ["worker-rust-1", "worker-rust-9", "orchestration"] {
        cluster_verify(&["env", "--write", name])
            .within(project.root())
            .stderr(format!(
                "cluster-verify: `--write {name}` would write the tests' variables to a file of that \
                 name; did you mean `cluster-verify env {name} --write`? A file of that name is \
                 `--write ./{name}`\n"
            ))
            .status(3)
            .run();
        assert!(!project.root().join(name).exists());
    }
    cluster_verify(&["env", "--write", "./orchestration"])
        .within(project.root())
        .stdout(format!("{}\n", project.path("orchestration")))
        .run();
}

#[test]
fn a_single_cluster_is_written_without_the_layer_of_several_and_with_its_own_ports() {
    let project = Project::healthy();
    project.write(".cluster/database.password", "secret\n");

    cluster_verify(&["env", "--mode", "single", "--write", "single.env"])
        .within(project.root())
        .stdout(format!("{}\n", project.path("single.env")))
        .run();

    let text = project.read("single.env");
    assert!(!text.contains("TASKER_MULTI_INSTANCE_MODE"), "{text}");
    let url = "\nTASKER_TEST_WORKER_TS_URL=http://localhost:8085\n";
    assert!(text.contains(url), "{text}");
}

#[test]
fn every_service_of_a_split_cluster_has_a_file_with_both_databases() {
    let project = Project::healthy();
    project.write(".cluster/database.password", "secret\n");
    let names = [
        "tests",
        "orchestration",
        "worker-rust",
        "worker-ruby",
        "worker-python",
        "worker-ts",
    ];
    let files = names.map(|name| project.path(&format!("it/{name}.env")));

    cluster_verify(&["env", "--all", "--split", "--write", "it"])
        .within(project.root())
        .stdout(format!("{}\n", files.join("\n")))
        .run();

    let text = project.read("it/worker-ruby.env");
    let server = "postgresql://tasker:secret@127.0.0.1:15432";
    for line in [
        format!("DATABASE_URL={server}/tasker_tasks"),
        format!("PGMQ_DATABASE_URL={server}/tasker_queues"),
        format!(
            "TASKER_TEMPLATE_PATH={}",
            project.path("config/templates/ruby")
        ),
    ] {
        assert!(text.lines().any(|it| it == line), "{line}: {text}");
    }
    // What belongs to one instance is nobody else's.
    assert!(!text.contains("TASKER_INSTANCE_ID"), "{text}");
}

#[test]
fn a_services_variables_are_shown_with_the_layers_that_they_come_from() {
    let project = Project::healthy();

    cluster_verify(&["env", "worker-rust", "--provenance"])
        .within(project.root())
        .stdout_holding(&[
            "TASKER_TEMPLATE_PATH=config/templates/rust (config/env/worker-rust.env:",
            "TASKER_ENV=test (config/env/base.env:",
        ])
        .run();
}

#[test]
fn without_a_password_there_is_no_database_to_name() {
    let project = Project::healthy();

    cluster_verify(&["env", "--write"])
        .within(project.root())
        .stderr(format!(
            "cluster-verify: the database: {}: No such file or directory (os error 2); has the \
             cluster ever been started?; `./dev up` makes the database and its password\n",
            project.path(".cluster/database.password")
        ))
        .status(2)
        .run();
}

#[test]
fn what_needs_the_database_is_unknown_without_it() {
    let project = Project::healthy();
    let missing = format!(
        "cluster-verify: the database: {}: No such file or directory (os error 2); has the cluster \
         ever been started?; `./dev up --wait` starts the cluster\n",
        project.path(".cluster/database.password")
    );

    cluster_verify(&["task", "01990000-0000-7000-8000-000000000001"])
        .within(project.root())
        .stderr(&missing)
        .status(2)
        .run();
    cluster_verify(&["run", "success_only_py", "-n", "1"])
        .within(project.root())
        .stderr(&missing)
        .status(2)
        .run();
    cluster_verify(&["queues", "--quick"])
        .within(project.root())
        .stderr(&missing)
        .status(2)
        .run();
    cluster_verify(&["prune"])
        .within(project.root())
        .stderr(&missing)
        .status(2)
        .run();
}

#[test]
fn a_workload_that_is_none_is_answered_with_what_was_meant() {
    let project = Project::healthy();

    cluster_verify(&["run", "success_only_p"])
        .within(project.root())
        .stderr(
            "cluster-verify: no workload `success_only_p`; did you mean success_only or \
             success_only_py?\n",
        )
        .status(3)
        .run();
}

#[test]
fn a_status_of_what_is_none_names_the_services() {
    let project = Project::healthy();

    cluster_verify(&["status", "--quick", "worker-go"])
        .within(project.root())
        .stderr(
            "cluster-verify: no service or instance `worker-go` in this cluster; its services are \
             orchestration, worker-rust, worker-ruby, worker-python, worker-ts\n",
        )
        .status(3)
        .run();
}
