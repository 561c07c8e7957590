//! Log lines on standard error: time, level, instance, target, message; one write call each, without passwords.

use std::fmt;
use std::io::{self, Write};

use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Starts logging under the name of the instance, panics too. `crate_name` is the service's own crate, whose start and
/// stop are always told. For a library inside a foreign host; `run` does it for a service.
pub fn log_as(instance: &str, crate_name: &str) {
    let asked = ["RUST_LOG", "LOG_LEVEL"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let filter = EnvFilter::builder()
        .parse_lossy(directives(crate_name, asked.as_deref().unwrap_or("warn")));
    // Fails only when something else is installed already, and then that one logs.
    let _ = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_env_filter(filter)
        .event_format(Line {
            instance: instance.to_owned(),
        })
        .with_writer(|| Masked(io::stderr()))
        .try_init();
    // Rust's own words for a panic would show passwords: the engine's loader quotes the variable that it panics about.
    crate::service::log_panics();
}

/// What is asked for comes last and wins. Without the rule for sqlx every long poll of an empty queue is logged as a
/// slow statement.
fn directives(crate_name: &str, asked: &str) -> String {
    format!("{crate_name}=info,instance=info,sqlx::query=error,{asked}")
}

struct Line {
    instance: String,
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        SystemTime.format_time(&mut writer)?;
        write!(
            writer,
            " {:>5} {} {}: ",
            metadata.level(),
            self.instance,
            metadata.target()
        )?;
        context.format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}

/// Hands each formatted line on in one call, so that lines of several threads do not mix.
struct Masked<W>(W);

impl<W: Write> Write for Masked<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match std::str::from_utf8(line) {
            Ok(text) => self.0.write_all(crate::masked(text).as_bytes())?,
            Err(_) => self.0.write_all(line)?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_masked_on_its_way_out() {
        let mut out = Masked(Vec::new());

        out.write_all(b"Substituting DATABASE_URL=postgresql://tasker:pw@h/d\n")
            .unwrap();

        assert_eq!(
            out.0,
            b"Substituting DATABASE_URL=postgresql://tasker:***@h/d\n"
        );
    }

    #[test]
    fn what_is_asked_for_comes_last() {
        assert_eq!(
            directives("orchestration", "debug"),
            "orchestration=info,instance=info,sqlx::query=error,debug"
        );
    }
}
