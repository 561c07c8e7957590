//! What the files say and what becomes of it in the processes.

use crate::cluster::Cluster;
use crate::described::{Described, OtherTemplates};
use crate::fault::broken;
use crate::told::names;

const VICTIM: &str = "worker-rust-2";
const BOTH: [&str; 2] = ["worker-rust-1", "worker-rust-2"];

/// Where the Rust workers get their templates from.
const LAYER: &str = "config/env/worker-rust.env";
const SHARED: &str = "config/env/cluster.env";
const VARIABLE: &str = "TASKER_TEMPLATE_PATH=";

#[test]
fn a_dotenv_file_that_the_engine_would_load_is_named_with_its_line() {
    let cluster = Cluster::take();
    // `services/launch` leaves an empty one there, which keeps those above it out.
    let file = cluster.state().join("run").join(VICTIM).join(".env");

    let verdict = broken(
        &cluster,
        &["--quick"],
        &["CV111"],
        || std::fs::write(&file, "# mine\nWORKSPACE_PATH=/elsewhere\n").unwrap(),
        || std::fs::write(&file, "").unwrap(),
    );

    let finding = verdict.finding("CV111", &file.display().to_string());
    names(finding, None, &["WORKSPACE_PATH (line 2)", VICTIM]);
}

#[test]
fn a_service_variable_from_the_shell_is_told_from_one_of_a_layer() {
    let cluster = Cluster::take();

    let verdict = broken(
        &cluster,
        &["--quick"],
        // Whoever has the variable was started by hand.
        &["CV109", "CV206"],
        || cluster.replace(&cluster.topology, &[VICTIM], &[("WORKSPACE_PATH", "/else")]),
        || cluster.start(&[VICTIM]),
    );

    let finding = verdict.finding("CV109", VICTIM);
    names(finding, None, &["WORKSPACE_PATH", "/else", "shell"]);
}

#[test]
fn a_service_variable_that_a_shared_layer_sets_is_named_with_file_and_line() {
    let cluster = Cluster::take();
    let templates = OtherTemplates::new(&cluster);
    let inherited = format!("{VARIABLE}{}\n", templates.path());
    let described = Described::new(&cluster);

    let verdict = broken(
        &cluster,
        &["--quick", "--project", described.path()],
        &["CV109", "CV206"],
        || {
            // As in TAS-73: the service's own line is gone, and a line for all takes its place.
            described.change(LAYER, |text| text.replace(VARIABLE, "# "));
            described.change(SHARED, |text| format!("{text}{inherited}"));
            let topology = described.rendered(&cluster);
            cluster.replace(&topology, &BOTH, &[])
        },
        || {
            described.restore(&cluster, &[LAYER, SHARED]);
            cluster.start(&BOTH);
        },
    );

    let line = std::fs::read_to_string(cluster.project.path(SHARED)).unwrap();
    let line = format!("{SHARED}:{}", line.lines().count() + 1);
    let finding = verdict.finding("CV109", "worker-rust");
    names(
        finding,
        None,
        &["TASKER_TEMPLATE_PATH", &line, BOTH[0], BOTH[1]],
    );
}

#[test]
fn a_template_folder_that_went_away_under_a_running_worker_is_named() {
    let cluster = Cluster::take();
    let templates = OtherTemplates::new(&cluster);
    let path = templates.path();

    let verdict = broken(
        &cluster,
        &["--quick"],
        // What the process has is not what was rendered, which explains the rest; and it was started by hand.
        &["CV203", "CV206"],
        || {
            let changes = [("TASKER_TEMPLATE_PATH", path.as_str())];
            let by_hand = cluster.replace(&cluster.topology, &[VICTIM], &changes);
            templates.remove();
            by_hand
        },
        || cluster.start(&[VICTIM]),
    );

    let finding = verdict.finding("CV108", VICTIM);
    names(finding, Some("CV203"), &[&path]);
}

#[test]
fn a_template_path_that_leads_nowhere_is_named_with_the_line_that_sets_it() {
    let cluster = Cluster::take();
    let templates = OtherTemplates::new(&cluster);
    let path = templates.path();
    let described = Described::new(&cluster);

    let verdict = broken(
        &cluster,
        &["--quick", "--project", described.path()],
        &["CV108", "CV206"],
        || {
            described.change(LAYER, |text| text.replace("config/templates/rust", &path));
            let topology = described.rendered(&cluster);
            // A worker of ours does not start without templates, so they go once it has read them.
            let by_hand = cluster.replace(&topology, &BOTH, &[]);
            templates.remove();
            by_hand
        },
        || {
            described.restore(&cluster, &[LAYER]);
            cluster.start(&BOTH);
        },
    );

    for instance in BOTH {
        let finding = verdict.finding("CV108", instance);
        names(finding, None, &[&path, &format!("{LAYER}:")]);
    }
}
