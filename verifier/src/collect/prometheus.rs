//! Reads the Prometheus text of an instance.

use prom_text_format_parser::{Metric, ScrapeParseError, parse_scrape};

/// The families of the text, and why a part of it could not be read, as a clause.
pub fn read(text: &str) -> (Vec<Metric>, Option<String>) {
    // A server that has done nothing yet.
    if text.trim().is_empty() {
        return (Vec::new(), None);
    }
    let (metrics, error) = parse_scrape(&without_empty_braces(text));
    let problem = match error {
        Some(ScrapeParseError::Parse(error)) => {
            let line = error.lines().next().unwrap_or_default();
            Some(format!("its text is not Prometheus's: {line}"))
        }
        // A family of which there is no sample yet.
        Some(ScrapeParseError::Collect(_)) | None => None,
    };
    (metrics, problem)
}

/// The engine writes `name {} 1` where there are no labels, and no newline at the end; the library takes neither.
fn without_empty_braces(text: &str) -> String {
    text.lines()
        .map(|line| format!("{}\n", line.replacen(" {} ", " ", 1)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_read_and_an_empty_text_is_none() {
        let (metrics, problem) = read("# TYPE up gauge\nup {} 1");
        assert_eq!((metrics[0].name.as_str(), problem), ("up", None));

        let (metrics, problem) = read("");
        assert_eq!((metrics.len(), problem), (0, None));
    }

    #[test]
    fn what_is_no_metric_is_told() {
        let (_, problem) = read("<html>502</html>\n");

        assert!(problem.is_some());
    }
}
