//! Which processes listen on the cluster's ports.

use std::collections::BTreeSet;

use crate::evidence::Listener;

/// Looks at the processes in this order, until all of the ports are found: to look at the descriptors of every process
/// costs more than all else that is asked of the system, so the likely ones belong first.
///
/// # Errors
/// What the system does not tell.
#[cfg(target_os = "linux")]
pub fn listeners(ports: &BTreeSet<u16>, pids: Vec<u32>) -> Result<Vec<Listener>, String> {
    let mut sockets = linux::sockets(ports).map_err(|error| error.to_string())?;
    Ok(linux::holders(&mut sockets, pids))
}

/// Looks at every process that there is.
///
/// # Errors
/// What the system does not tell.
#[cfg(not(target_os = "linux"))]
pub fn listeners(ports: &BTreeSet<u16>, _pids: Vec<u32>) -> Result<Vec<Listener>, String> {
    let all = listeners::get_all().map_err(|error| error.to_string())?;
    let of_ports = all
        .into_iter()
        .filter(|it| ports.contains(&it.socket.port()));
    let found = of_ports.map(|it| Listener {
        port: it.socket.port(),
        address: it.socket.ip().to_string(),
        pid: it.process.pid,
        process: it.process.name,
    });
    Ok(found.collect())
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::{BTreeSet, HashMap};
    use std::net::SocketAddr;

    use procfs::net::{TcpState, tcp, tcp6};
    use procfs::process::{FDTarget, Process};
    use procfs::{ProcError, ProcResult};

    use crate::evidence::Listener;

    /// By inode: sockets that wait for connections on one of the ports.
    pub fn sockets(ports: &BTreeSet<u16>) -> ProcResult<HashMap<u64, SocketAddr>> {
        let of_6 = match tcp6() {
            // A system without IPv6.
            Err(ProcError::NotFound(_)) => Vec::new(),
            other => other?,
        };
        let listening = tcp()?
            .into_iter()
            .chain(of_6)
            .filter(|it| it.state == TcpState::Listen && ports.contains(&it.local_address.port()));
        Ok(listening.map(|it| (it.inode, it.local_address)).collect())
    }

    /// Takes out the sockets that these processes hold. One that has ended, or is another user's, holds none that can
    /// be seen.
    pub fn holders(sockets: &mut HashMap<u64, SocketAddr>, pids: Vec<u32>) -> Vec<Listener> {
        let mut found = Vec::new();
        for pid in pids {
            if sockets.is_empty() {
                break;
            }
            found.extend(held(sockets, pid).unwrap_or_default());
        }
        found
    }

    fn held(sockets: &mut HashMap<u64, SocketAddr>, pid: u32) -> ProcResult<Vec<Listener>> {
        let Ok(number) = i32::try_from(pid) else {
            return Ok(Vec::new());
        };
        let process = Process::new(number)?;
        let mut addresses = Vec::new();
        for descriptor in process.fd()?.flatten() {
            if let FDTarget::Socket(inode) = descriptor.target {
                addresses.extend(sockets.remove(&inode));
            }
        }
        if addresses.is_empty() {
            return Ok(Vec::new());
        }
        let name = process.stat().map(|stat| stat.comm).unwrap_or_default();
        let listener = |address: SocketAddr| Listener {
            port: address.port(),
            address: address.ip().to_string(),
            pid,
            process: name.clone(),
        };
        Ok(addresses.into_iter().map(listener).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn whoever_listens_is_found_wherever_in_the_order_it_is() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let own = std::process::id();

        for pids in [vec![own], vec![own, own], vec![1, u32::MAX, own]] {
            let found = listeners(&[port].into(), pids).unwrap();
            let found: Vec<_> = found
                .iter()
                .map(|it| (it.port, &*it.address, it.pid))
                .collect();
            assert_eq!(found, [(port, "127.0.0.1", own)]);
        }
    }

    #[test]
    fn a_connection_to_a_port_is_no_listener_on_its_own() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let connection = TcpStream::connect(socket.local_addr().unwrap()).unwrap();
        let port = connection.local_addr().unwrap().port();

        let own = vec![std::process::id()];
        assert!(listeners(&[port].into(), own).unwrap().is_empty());
    }

    #[test]
    fn two_that_listen_on_one_port_are_both_found() {
        let one = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = one.local_addr().unwrap().port();
        let _other = TcpListener::bind(("127.0.0.2", port)).unwrap();

        let found = listeners(&[port].into(), vec![std::process::id()]).unwrap();

        let mut addresses: Vec<_> = found.iter().map(|it| it.address.as_str()).collect();
        addresses.sort_unstable();
        assert_eq!(addresses, ["127.0.0.1", "127.0.0.2"]);
    }
}
