//! A run as text: its numbers, then the verdict of the checks.

use super::RunReport;
use super::summary::{Percentiles, Summary};
use crate::report::{Format, render};

pub fn table(run: &RunReport) -> String {
    format!(
        "{}\n{}",
        numbers(&run.run),
        render(&run.report, Format::Table)
    )
}

fn numbers(summary: &Summary) -> String {
    let mut text = format!(
        "{}/{}: {} of {} tasks created, {} open at once{}\n",
        summary.namespace,
        summary.template,
        summary.created,
        summary.wanted,
        summary.concurrency,
        if summary.interrupted {
            "; interrupted"
        } else {
            ""
        },
    );
    let mut line = |name: &str, value: String| text.push_str(&format!("  {name:<16} {value}\n"));
    let states: Vec<String> = summary
        .states
        .iter()
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    line(
        "state",
        format!("{}; expected {}", or_none(&states), summary.outcome),
    );
    for (message, count) in &summary.failed_creates {
        line("not created", format!("{count} times: {}", short(message)));
    }
    for (message, count) in &summary.indeterminate_creates {
        line("created with", format!("{count} times: {}", short(message)));
    }
    for example in &summary.examples {
        line("such as", example.clone());
    }
    if let Some(wrong) = summary.wrong_results {
        line("wrong results", wrong.to_string());
    }
    line("latency", milliseconds(summary.latency_ms));
    line("create", milliseconds(summary.create_ms));
    line(
        "throughput",
        format!(
            "{:.1} tasks/s over {:.1} s",
            summary.throughput, summary.seconds
        ),
    );
    for (server, share) in &summary.by_server {
        line(
            server,
            format!(
                "created {}, initialised {}",
                share.created, share.initialised
            ),
        );
    }
    for (worker, results) in &summary.by_worker {
        line(worker, format!("{results} results"));
    }
    let unexpected = summary.unexpected();
    if !unexpected.is_empty() {
        line("UNEXPECTED", unexpected.join(", "));
    }
    text
}

/// As much of a server's message as fits on the line.
fn short(message: &str) -> String {
    const MOST: usize = 66;
    match message.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &message[..at]),
        None => message.to_owned(),
    }
}

fn milliseconds(values: Option<Percentiles>) -> String {
    values.map_or_else(
        || "no task".to_owned(),
        |it| {
            format!(
                "P50 {}  P95 {}  P99 {}  max {} ms",
                it.p50, it.p95, it.p99, it.max
            )
        },
    )
}

fn or_none(list: &[String]) -> String {
    if list.is_empty() {
        "none".to_owned()
    } else {
        list.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::super::summary::tests::summary;
    use super::*;

    #[test]
    fn the_numbers_stand_one_a_line() {
        let mut summary = summary();
        summary.concurrency = 4;
        summary.wrong_results = Some(0);
        summary
            .by_worker
            .retain(|worker, _| !worker.starts_with("unknown"));
        summary.examples = vec!["01990000-0000-7000-8000-000000000001 error".into()];

        assert_eq!(
            numbers(&summary),
            "mail/send: 10 of 10 tasks created, 4 open at once
  state            10 complete; expected complete
  such as          01990000-0000-7000-8000-000000000001 error
  wrong results    0
  latency          P50 50  P95 50  P99 50  max 50 ms
  create           P50 10  P95 10  P99 10  max 10 ms
  throughput       10.5 tasks/s over 0.9 s
  orchestration-1  created 10, initialised 10
  worker-rust-1    30 results
"
        );
    }
}
