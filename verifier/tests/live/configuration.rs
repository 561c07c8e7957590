//! What the files say and what becomes of it in the processes.

use crate::cluster::{Cluster, Repair};
use crate::identity::assert_failed;

const VICTIM: &str = "worker-rust-2";

#[test]
fn a_dotenv_file_that_the_engine_would_load_is_named_with_its_line() {
    let cluster = Cluster::take();
    // `services/launch` leaves an empty one there, which keeps those above it out.
    let file = cluster.state().join("run").join(VICTIM).join(".env");
    let _repair = Repair(|| {
        let _ = std::fs::write(&file, "");
    });
    std::fs::write(&file, "# mine\nWORKSPACE_PATH=/elsewhere\n").unwrap();

    let verdict = cluster.check(&["--offline"]);

    assert_failed(&verdict, &["CV111"]);
    let finding = verdict.findings("CV111")[0].to_string();
    assert!(finding.contains("WORKSPACE_PATH (line 2)"), "{finding}");
}

#[test]
fn a_service_variable_from_the_shell_is_told_from_one_of_a_layer() {
    let cluster = Cluster::take();
    let _repair = Repair(|| cluster.supervise("start", VICTIM));
    cluster.supervise("stop", VICTIM);
    let _by_hand = cluster.launch(VICTIM, &[("WORKSPACE_PATH", "/elsewhere")]);

    let verdict = cluster.check(&["--quick"]);

    assert_failed(&verdict, &["CV109", "CV206"]);
    let finding = verdict.findings("CV109")[0].to_string();
    assert!(finding.contains("WORKSPACE_PATH"), "{finding}");
}

#[test]
fn a_template_folder_that_went_away_under_a_running_worker_is_named() {
    let cluster = Cluster::take();
    let (service, _) = cluster.topology.instance(VICTIM).unwrap();
    let templates = cluster
        .project
        .root
        .join(service.templates.as_ref().unwrap());
    let copy = cluster.state().join("copy-of-templates");
    let _repair = Repair(|| {
        let _ = std::fs::remove_dir_all(&copy);
        cluster.supervise("start", VICTIM);
    });
    std::fs::create_dir_all(&copy).unwrap();
    for file in std::fs::read_dir(templates).unwrap().flatten() {
        std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    cluster.supervise("stop", VICTIM);
    let path = copy.display().to_string();
    let _by_hand = cluster.launch(VICTIM, &[("TASKER_TEMPLATE_PATH", &path)]);
    std::fs::remove_dir_all(&copy).unwrap();

    let verdict = cluster.check(&["--quick"]);

    assert_failed(&verdict, &["CV108", "CV203", "CV206"]);
    let finding = verdict.findings("CV108")[0].to_string();
    assert!(finding.contains(&path), "{finding}");
}
