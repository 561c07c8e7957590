//! Looks at a port before the engine does: by the time the engine finds it taken, it has begun to take work.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

use crate::{Environment, Failure};

/// The port that the engine will listen on: free, and the one that the cluster has for this instance.
pub fn bind_port(environment: &Environment, bind_address: &str) -> Result<u16, Failure> {
    let port = bind_address
        .rsplit(':')
        .next()
        .and_then(|port| port.parse().ok());
    if port != Some(environment.port) {
        return Err(Failure::configuration(format!(
            "the engine would listen on {bind_address}, but TASKER_INSTANCE_PORT is {}: set TASKER_WEB_BIND_ADDRESS to 127.0.0.1:{}",
            environment.port, environment.port
        )));
    }
    ensure_free(bind_address)?;
    Ok(environment.port)
}

/// Fails when `address` cannot be listened on, naming the process that holds it where the system tells.
pub fn ensure_free(address: &str) -> Result<(), Failure> {
    let Err(error) = TcpListener::bind(address) else {
        return Ok(());
    };
    if error.kind() != ErrorKind::AddrInUse {
        return Err(Failure::configuration(format!(
            "cannot listen on {address}: {error}"
        )));
    }
    let holder = match address
        .parse::<SocketAddr>()
        .ok()
        .and_then(|address| holder(address.port()))
    {
        Some((name, pid)) => format!("{name} (pid {pid}): stop it"),
        None => "another process: stop it".to_owned(),
    };
    Err(Failure::other(format!(
        "{address} is taken by {holder}, or start the cluster with another port offset"
    )))
}

/// Name and pid of the process that listens on `port`, as far as the system tells. The oldest of several: those that it
/// forked have its socket too.
pub fn holder(port: u16) -> Option<(String, u32)> {
    let processes = listeners::get_processes_by_port(port).ok()?;
    let oldest = processes.into_iter().min_by_key(|process| process.pid)?;
    Some((oldest.name, oldest.pid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_not_the_instance_s_is_refused() {
        let environment = Environment {
            instance: "orchestration-2".into(),
            port: 8081,
            run_dir: "/r".into(),
        };

        let failure = bind_port(&environment, "127.0.0.1:8080").unwrap_err();

        assert_eq!(failure.exit_status(), 3);
    }

    #[test]
    fn a_taken_port_names_its_holder() {
        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = held.local_addr().unwrap().to_string();

        let failure = ensure_free(&address).unwrap_err();

        assert_eq!(failure.exit_status(), 1);
        assert!(
            failure
                .to_string()
                .starts_with(&format!("{address} is taken by ")),
            "{failure}"
        );
        assert!(
            failure
                .to_string()
                .contains(&format!("(pid {})", std::process::id())),
            "{failure}"
        );
    }

    #[test]
    fn a_free_port_stays_free() {
        let address = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .to_string();

        ensure_free(&address).unwrap();
        ensure_free(&address).unwrap();
    }
}
