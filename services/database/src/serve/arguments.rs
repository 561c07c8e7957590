//! How the server runs. Given as arguments and not written into the data folder: a change here holds at the next start.

use std::ffi::OsString;

use crate::settings::Settings;

/// The arguments of `postgres`.
pub fn postgres(settings: &Settings) -> Vec<OsString> {
    let mut arguments = vec!["-D".into(), settings.data().into()];
    let mut set =
        |name: &str, value: &str| arguments.extend(["-c".into(), format!("{name}={value}").into()]);

    set("listen_addresses", "127.0.0.1");
    set("port", &settings.port.to_string());
    // A socket would be a second way in, with a path of limited length.
    set("unix_socket_directories", "");
    // Every pool of every instance filled, and some for the verifier and whoever looks on.
    set("max_connections", &settings.max_connections.to_string());
    // A crash of the machine may cost this database, and it can be made again in seconds. A crash of PostgreSQL or of
    // any instance costs nothing: what was committed is with the operating system then.
    set("fsync", "off");
    set("full_page_writes", "off");
    // The engine's queries are small; compiling them takes longer than running them.
    set("jit", "off");
    set("max_wal_size", "512MB");

    set("logging_collector", "off");
    set("log_destination", "stderr");
    // Who it was: the instance, by way of PGAPPNAME.
    set("log_line_prefix", "%m [%p] %a: ");
    set("log_timezone", "UTC");
    set("log_checkpoints", "off");
    set("log_lock_waits", "on");

    if let Some(path) = &settings.extension_path {
        set(
            "extension_control_path",
            &format!("$system:{}", path.display()),
        );
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Profile;

    #[test]
    fn the_server_listens_on_the_loopback_address_only() {
        let settings = Settings {
            state: "/s".into(),
            home: "/s/postgres".into(),
            bin: None,
            extension_path: Some("/ext".into()),
            port: 25432,
            max_connections: 400,
            database: "tasker".into(),
            pgmq_database: None,
            profile: Profile::Stock,
        };

        let arguments: Vec<String> = postgres(&settings)
            .into_iter()
            .map(|argument| argument.into_string().unwrap())
            .collect();

        for expected in [
            "/s/postgres/data",
            "listen_addresses=127.0.0.1",
            "port=25432",
            "unix_socket_directories=",
            "extension_control_path=$system:/ext",
        ] {
            assert!(
                arguments.iter().any(|argument| argument == expected),
                "{expected}"
            );
        }
    }
}
