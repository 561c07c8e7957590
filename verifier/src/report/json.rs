//! JSON: the report as it is.

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
