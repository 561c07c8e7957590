//! The races that the engine has as it ships, on a cluster that nothing is wrong with.

use crate::cluster::Cluster;

const WORKLOAD: &str = "mathematical_sequence";

#[test]
fn a_strict_run_finds_the_engines_races_and_one_that_is_not_strict_passes() {
    let cluster = Cluster::take();
    let run = |options: &[&str]| {
        let arguments = [&["run", WORKLOAD, "-c", "4", "-o", "json"], options].concat();
        cluster.verdict(&arguments, |printed| printed["report"].clone())
    };

    let strict = run(&["-n", "100", "--strict"]);
    let lenient = run(&["-n", "20"]);

    assert_eq!(strict.status, Some(1), "{strict}");
    let found = |code: &&str| !strict.all_findings(code).is_empty();
    let missing: Vec<&str> = ["CV602", "CV607", "CV612"]
        .into_iter()
        .filter(|code| !found(code))
        .collect();
    assert_eq!(missing, [""; 0], "{strict}");
    // All of it is known, and shown.
    assert_eq!(strict.failed(), [""; 0], "{strict}");
    assert_eq!(lenient.status, Some(0), "{lenient}");
    assert!(!lenient.all_findings("CV607").is_empty(), "{lenient}");
}
