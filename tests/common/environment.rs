//! Where the running cluster is: read from what it was rendered from, never guessed.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use cluster_verify::project::Project;
use cluster_verify::topology::render::TEST_ENVIRONMENT;
use cluster_verify::topology::{self, Topology};

/// What libtest exits with when a test failed.
const FAILED: i32 = 101;
const PATIENCE: Duration = Duration::from_secs(2);

/// The running cluster's description and the variables by which tests find it.
#[derive(Debug)]
pub struct Environment {
    pub project: Project,
    /// The cluster as it was started, not as the checked-in files have it.
    pub topology: Topology,
    variables: BTreeMap<String, String>,
}

impl Environment {
    /// The environment of this process, looked for once.
    ///
    /// Where no cluster runs this writes one message and ends the process: every other test would say the same.
    pub fn get() -> &'static Self {
        static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();
        ENVIRONMENT.get_or_init(|| {
            Self::load().unwrap_or_else(|error| {
                // Past the capture of the test's output, which nobody would see.
                let _ = writeln!(std::io::stderr(), "\nthe suite cannot run: {error:#}\n");
                std::process::exit(FAILED)
            })
        })
    }

    /// Reads the environment of the running cluster.
    ///
    /// # Errors
    /// The project is not found, its files do not parse, or no cluster runs.
    pub fn load() -> Result<Self> {
        let project = Project::find(None)?;
        let selection = project.recorded_selection()?;
        let topology = topology::load(&project.root, &selection).map_err(|problems| {
            anyhow!(
                problems
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join("; ")
            )
        })?;
        let database = SocketAddr::from((Ipv4Addr::LOCALHOST, topology.database.port));
        if let Err(error) = TcpStream::connect_timeout(&database, PATIENCE) {
            bail!(
                "no cluster runs here (PostgreSQL, {database}: {error}); start one with `./dev up --wait`, \
                 then run the tests again"
            );
        }
        let file = rendered(&project);
        let variables = dotenvy::from_path_iter(&file)
            .with_context(|| format!("{}: run `./dev up --wait`", file.display()))?
            .collect::<Result<BTreeMap<String, String>, _>>()
            .with_context(|| format!("{}", file.display()))?;
        Ok(Self {
            project,
            topology,
            variables,
        })
    }

    /// A variable of the running cluster.
    pub fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    /// A variable of this process.
    pub fn own_variable(name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }

    /// The instance that listens on the port of an address, else the address.
    pub fn instance_at(&self, url: &str) -> String {
        let port = url.trim_end_matches('/').rsplit(':').next();
        let port = port.and_then(|port| port.parse::<u16>().ok());
        self.topology
            .instances()
            .find(|(_, instance)| Some(instance.port) == port)
            .map_or_else(|| url.to_owned(), |(_, instance)| instance.id.clone())
    }
}

/// The file of the running cluster: its own where it was started with choices, else the checked-in one.
fn rendered(project: &Project) -> PathBuf {
    let own = project.state.join("tests.env");
    if project.selection_file().exists() && own.exists() {
        own
    } else {
        project.path(TEST_ENVIRONMENT)
    }
}
