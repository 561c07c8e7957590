//! JSON: the report as it is, in the form of `verifier/schema/report.v1.json`.

use super::Report;

pub fn render(report: &Report) -> String {
    // A tree of strings, numbers and lists always serialises.
    let mut text = serde_json::to_string_pretty(report).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fake;

    #[test]
    fn a_report_survives_a_round_trip() {
        let report = fake::report();

        let read: Report = serde_json::from_str(&render(&report)).unwrap();

        assert_eq!(read, report);
    }

    /// Of this very version of the form: what a reader validates against.
    const SCHEMA: &str = include_str!("../../schema/report.v1.json");

    #[test]
    fn the_schema_that_is_checked_in_is_that_of_the_report() {
        let mut now = serde_json::to_string_pretty(&schemars::schema_for!(Report)).unwrap();
        now.push('\n');
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/report.v1.json");
            std::fs::write(path, &now).unwrap();
            return;
        }
        assert!(
            SCHEMA == now,
            "the report has changed: `UPDATE_SCHEMA=1 cargo test -p cluster-verify schema`; a change that \
             breaks readers needs a new FORMAT and a new file"
        );
    }

    #[test]
    fn reports_are_valid_by_the_schema_and_what_is_none_is_not() {
        let schema = serde_json::from_str(SCHEMA).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        for report in [fake::report(), fake::strict()] {
            let value = serde_json::from_str(&render(&report)).unwrap();
            let problems: Vec<String> = validator
                .iter_errors(&value)
                .map(|it| it.to_string())
                .collect();
            assert_eq!(problems, Vec::<String>::new());
            let mut broken = value;
            broken["checks"][2]["outcome"]["status"] = "fine".into();
            assert!(!validator.is_valid(&broken));
            broken["checks"] = serde_json::json!([]);
            assert!(validator.is_valid(&broken));
            broken["format"] = 2.into();
            assert!(!validator.is_valid(&broken));
        }
    }

    #[test]
    fn a_report_looks_like_this() {
        insta::assert_snapshot!(render(&fake::report()));
    }

    #[test]
    fn the_keys_that_readers_rely_on_have_their_names() {
        let value: serde_json::Value = serde_json::from_str(&render(&fake::report())).unwrap();

        assert_eq!(value["format"], 1);
        assert_eq!(value["verdict"], "failed");
        assert_eq!(value["counts"]["unknown"], 1);
        assert_eq!(value["checks"][2]["code"], "CV308");
        assert_eq!(value["checks"][2]["outcome"]["status"], "found");
        let finding = &value["checks"][2]["outcome"]["findings"][0];
        assert_eq!(finding["subject"], "mail");
        assert_eq!(finding["evidence"]["queue"], "worker_mail_queue");
    }
}
