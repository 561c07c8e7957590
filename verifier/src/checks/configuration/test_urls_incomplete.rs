use std::collections::BTreeSet;

use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};
use crate::topology::render::test_variables;

/// A variable of the shell sends tests to other addresses than the cluster's.
///
/// With one instance missing from a list, the tests of several instances pass
/// without ever having asked the missing one.
pub struct TestUrlsIncomplete;

impl Check for TestUrlsIncomplete {
    const CODE: Code = Code::new(113);
    const NAME: &'static str = "test-urls-incomplete";
    const TITLE: &'static str =
        "the shell's TASKER_TEST_*_URLS name exactly the cluster's instances";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let expected = test_variables(evidence.topology.seen()?);
        let shell = &evidence.configuration.test_variables;
        Ok(expected
            .iter()
            .filter_map(|(name, value)| {
                // A variable that is not set sends nobody anywhere.
                let actual = shell.get(name).filter(|actual| !actual.is_empty())?;
                if name.ends_with("_URLS") {
                    list(name, value, actual)
                } else if name.ends_with("_URL") {
                    one(name, &expected, actual)
                } else {
                    None
                }
            })
            .collect())
    }
}

fn list(name: &str, expected: &str, actual: &str) -> Option<Finding> {
    let (wanted, given) = (addresses(expected), addresses(actual));
    let missing: Vec<&str> = wanted.difference(&given).map(String::as_str).collect();
    let foreign: Vec<&str> = given.difference(&wanted).map(String::as_str).collect();
    let observed = match (missing.is_empty(), foreign.is_empty()) {
        (true, true) => return None,
        (false, true) => format!("it lacks {}", missing.join(", ")),
        (true, false) => format!("{} is no instance of the cluster", foreign.join(", ")),
        (false, false) => format!(
            "it lacks {}, and {} is no instance of the cluster",
            missing.join(", "),
            foreign.join(", ")
        ),
    };
    Some(finding(name, observed, expected, actual))
}

/// The singular form may name any instance of its list.
fn one(name: &str, all: &[(String, String)], actual: &str) -> Option<Finding> {
    let plural = format!("{name}S");
    let (_, expected) = all.iter().find(|(candidate, _)| *candidate == plural)?;
    let known = addresses(actual).is_subset(&addresses(expected));
    (!known).then(|| {
        let observed = format!("{actual} is no instance of the cluster");
        finding(name, observed, expected, actual)
    })
}

fn finding(name: &str, observed: String, expected: &str, actual: &str) -> Finding {
    Finding::about(name)
        .observed(observed)
        .evidence("in the shell", actual)
        .evidence("cluster", expected)
        .hint(format!(
            "run `unset {name}`, or leave this shell and enter a new one"
        ))
}

/// The same address has several spellings.
fn addresses(list: &str) -> BTreeSet<String> {
    list.split(',')
        .map(|url| url.trim().trim_end_matches('/'))
        .filter(|url| !url.is_empty())
        .map(|url| url.replace("//127.0.0.1:", "//localhost:"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    const BOTH: &str = "http://localhost:8080,http://localhost:8081";

    fn with(name: &str, value: &str) -> Evidence {
        let mut evidence = Evidence::healthy();
        let variables = &mut evidence.configuration.test_variables;
        variables.insert(name.into(), value.into());
        evidence
    }

    #[test]
    fn a_list_that_lacks_an_instance_is_found() {
        let evidence = with("TASKER_TEST_ORCHESTRATION_URLS", "http://localhost:8080");

        let findings = fires::<TestUrlsIncomplete>(&evidence);

        assert_eq!(findings[0].observed, "it lacks http://localhost:8081");
        assert_eq!(findings[0].evidence["cluster"], BOTH);
    }

    #[test]
    fn an_address_of_another_cluster_is_found_in_both_forms() {
        for (name, value) in [
            (
                "TASKER_TEST_ORCHESTRATION_URLS",
                "http://localhost:8080,http://localhost:8081,http://localhost:9080",
            ),
            ("TASKER_TEST_WORKER_RUST_URL", "http://localhost:8080"),
        ] {
            let findings = fires::<TestUrlsIncomplete>(&with(name, value));

            assert!(findings[0].observed.contains("no instance"));
        }
    }

    #[test]
    fn order_spelling_and_the_choice_of_one_are_free() {
        for (name, value) in [
            (
                "TASKER_TEST_ORCHESTRATION_URLS",
                "http://127.0.0.1:8081/, http://localhost:8080",
            ),
            ("TASKER_TEST_ORCHESTRATION_URL", "http://localhost:8081"),
            ("TASKER_TEST_ORCHESTRATION_URLS", ""),
            ("TASKER_TEST_SOMETHING_ELSE", "1"),
        ] {
            silent::<TestUrlsIncomplete>(&with(name, value));
        }
    }

    #[test]
    fn without_a_topology_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.topology = Observed::not_looked("the topology");

        unknown::<TestUrlsIncomplete>(&evidence);
    }
}
