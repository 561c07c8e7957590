//! How many transitions a second come from PostgreSQL past all history rules:
//! `cargo bench -p cluster-verify --bench history_postgres`, in the project's shell.
//!
//! A server of its own is started, with the engine's schema and a made-up history of a million
//! transitions in which one task of twenty has a fault. All faults must be found, and no other.

#[path = "../tests/live/synthetic.rs"]
mod synthetic;

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use cluster_verify::collect::postgres;
use cluster_verify::collect::progress::Progress;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use synthetic::{found, load};

const TRANSITIONS: u64 = 1_000_000;
const ROUNDS: usize = 3;
const LEAST: f64 = 150_000.0;
const MOST_MEMORY: u64 = 1 << 30;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let server = Server::start()?;
    runtime.block_on(measure(&server))
}

async fn measure(server: &Server) -> Result<(), Failure> {
    let pool = server.pool().await?;
    let begun = Instant::now();
    let expected = load(&pool, TRANSITIONS).await?;
    say(&format!(
        "loaded {} tasks, {} steps, {} transitions in {:.1} s",
        expected.tasks,
        expected.steps,
        expected.transitions,
        begun.elapsed().as_secs_f64()
    ));
    let before = memory("VmRSS:");
    let mut best = f64::MAX;
    for round in 1..=ROUNDS {
        let begun = Instant::now();
        let view = postgres::history(&pool, None, &Progress::hidden())
            .await
            .map_err(|unseen| unseen.to_string())?;
        let seconds = begun.elapsed().as_secs_f64();
        best = best.min(seconds);
        assert_eq!(found(&view), found(&expected), "found and expected differ");
        assert_eq!(view.transitions, expected.transitions);
        say(&format!(
            "round {round}: {seconds:.2} s, {:.0} transitions/s",
            view.transitions as f64 / seconds
        ));
    }
    let faults: u64 = expected.counts.values().map(|count| count.breaches).sum();
    let peak = memory("VmHWM:");
    say(&format!(
        "{} codes fired {faults} times, as expected; resident {} MiB before, {} MiB at most",
        expected.counts.len(),
        before >> 20,
        peak >> 20
    ));
    let rate = expected.transitions as f64 / best;
    assert!(
        rate >= LEAST,
        "{rate:.0} transitions/s are less than {LEAST}"
    );
    assert!(peak < MOST_MEMORY, "{peak} bytes are a GiB or more");
    Ok(())
}

/// A PostgreSQL server with the engine's schema, in a folder of its own, until it is dropped.
struct Server {
    process: Child,
    state: tempfile::TempDir,
    port: u16,
}

impl Server {
    fn start() -> Result<Self, Failure> {
        let state = tempfile::Builder::new()
            .prefix("cluster-verify-bench-")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .tempdir()?;
        // Free now, and nobody else is told of it.
        let port = std::net::TcpListener::bind("127.0.0.1:0")?
            .local_addr()?
            .port();
        let process = command(state.path(), port, "serve")
            .spawn()
            .map_err(|error| format!("cluster-database: {error}; run `cargo build` and `./dev up` once, and this in `./dev shell`"))?;
        let server = Self {
            process,
            state,
            port,
        };
        let begun = Instant::now();
        while !command(server.state.path(), port, "ready")
            .status()?
            .success()
        {
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "no server after a minute"
            );
            std::thread::sleep(Duration::from_millis(100));
        }
        assert!(
            command(server.state.path(), port, "prepare")
                .status()?
                .success()
        );
        Ok(server)
    }

    async fn pool(&self) -> Result<PgPool, Failure> {
        let password = std::fs::read_to_string(self.state.path().join("database.password"))?;
        let options = PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .username("tasker")
            .password(password.trim())
            .database("tasker")
            // Without triggers and foreign keys: faults are loaded as they are.
            .options([("session_replication_role", "replica")]);
        Ok(PgPoolOptions::new()
            .max_connections(4)
            .connect_with(options)
            .await?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Not by `kill`, which it could not answer: the server is to end in order.
        let pid = i32::try_from(self.process.id()).unwrap_or_default();
        let _ = Command::new("kill")
            .args(["-INT", &pid.to_string()])
            .status();
        let _ = self.process.wait();
    }
}

fn command(state: &Path, port: u16, verb: &str) -> Command {
    let mut command = Command::new("cluster-database");
    command
        .arg(verb)
        .env("TASKER_CLUSTER_STATE", state)
        .env("TASKER_POSTGRES_HOME", state.join("postgres"))
        .env("TASKER_POSTGRES_PORT", port.to_string())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    command
}

/// A line of this process's status, in bytes; 0 where the system has none.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or_default() << 10
}

#[expect(clippy::print_stdout, reason = "a benchmark's result is its output")]
fn say(line: &str) {
    println!("{line}");
}
