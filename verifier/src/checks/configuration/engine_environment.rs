//! The variables that the engine (0.1.8) lets into its configuration, and what it wants of their values.

use regex::Regex;

use crate::evidence::is_mark;

/// Its name and the engine's pattern for its value.
struct Allowed {
    name: &'static str,
    pattern: &'static str,
}

const ADDRESS: &str =
    r"^([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}|[a-zA-Z0-9._-]+):[0-9]{1,5}$";
const IDENTIFIER: &str = r"^[a-zA-Z0-9][a-zA-Z0-9\-]{0,63}$";

const ALLOWED: [Allowed; 17] = [
    Allowed {
        name: "DATABASE_URL",
        pattern: r"^postgresql://([a-zA-Z0-9_-]+:[^@]+@)?[a-zA-Z0-9._-]+(:[0-9]+)?/[a-zA-Z0-9_-]+(\?.*)?$",
    },
    Allowed {
        name: "PGMQ_DATABASE_URL",
        pattern: r"^(postgresql://([a-zA-Z0-9_-]+:[^@]+@)?[a-zA-Z0-9._-]+(:[0-9]+)?/[a-zA-Z0-9_-]+(\?.*)?)?$",
    },
    Allowed {
        name: "TASKER_ENV",
        pattern: r"^(test|development|production)$",
    },
    Allowed {
        name: "TASKER_CONFIG_PATH",
        pattern: r"^[/\\]?[a-zA-Z0-9._/-]+\.toml$",
    },
    Allowed {
        name: "TASKER_WEB_BIND_ADDRESS",
        pattern: ADDRESS,
    },
    Allowed {
        name: "TASKER_ORCHESTRATION_GRPC_BIND_ADDRESS",
        pattern: ADDRESS,
    },
    Allowed {
        name: "TASKER_WORKER_GRPC_BIND_ADDRESS",
        pattern: ADDRESS,
    },
    Allowed {
        name: "TASKER_TEMPLATE_PATH",
        pattern: r"^[/\\]?[a-zA-Z0-9._/-]+$",
    },
    Allowed {
        name: "RABBITMQ_URL",
        pattern: r"^amqp://([a-zA-Z0-9_-]+:[^@]+@)?[a-zA-Z0-9._-]+(:[0-9]+)?(/[a-zA-Z0-9_%.-]*)?$",
    },
    Allowed {
        name: "TASKER_MESSAGING_BACKEND",
        pattern: r"^(pgmq|rabbitmq)$",
    },
    Allowed {
        name: "REDIS_URL",
        pattern: r"^redis://([a-zA-Z0-9_-]+:[^@]+@)?[a-zA-Z0-9._-]+(:[0-9]+)?(/[0-9]+)?$",
    },
    Allowed {
        name: "MEMCACHED_URL",
        pattern: r"^(tcp://[a-zA-Z0-9._-]+(:[0-9]+)?|unix:///.+)$",
    },
    Allowed {
        name: "TASKER_INSTANCE_ID",
        pattern: IDENTIFIER,
    },
    Allowed {
        name: "TASKER_INSTANCE_PORT",
        pattern: r"^[0-9]{1,5}$",
    },
    Allowed {
        name: "TASKER_WORKER_ID",
        pattern: IDENTIFIER,
    },
    Allowed {
        name: "TASKER_JWT_PUBLIC_KEY",
        pattern: r"(?s)^-----BEGIN [A-Z ]+KEY-----.*-----END [A-Z ]+KEY-----\s*$",
    },
    Allowed {
        name: "TASKER_JWT_PUBLIC_KEY_PATH",
        pattern: r"^[/\\]?[a-zA-Z0-9._/ \\-]+\.pem$",
    },
];

/// Why the engine's loader panics on a variable, if it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    NotAllowed,
    Mismatch { pattern: &'static str },
}

pub fn refusal(name: &str, value: &str) -> Option<Refusal> {
    let Some(allowed) = ALLOWED.iter().find(|allowed| allowed.name == name) else {
        return Some(Refusal::NotAllowed);
    };
    // Of a secret nothing is left that could be held against a pattern.
    let matches = is_mark(value) || Regex::new(allowed.pattern).is_ok_and(|it| it.is_match(value));
    (!matches).then_some(Refusal::Mismatch {
        pattern: allowed.pattern,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        for allowed in ALLOWED {
            assert!(Regex::new(allowed.pattern).is_ok(), "{}", allowed.name);
        }
    }

    #[test]
    fn a_value_within_its_pattern_passes_and_one_beside_it_does_not() {
        for (name, good, bad) in [
            (
                "DATABASE_URL",
                "postgresql://tasker:***@127.0.0.1:15432/tasker",
                "postgres://tasker@h/d",
            ),
            ("PGMQ_DATABASE_URL", "", "mysql://h/d"),
            ("TASKER_ENV", "test", "staging"),
            ("TASKER_WEB_BIND_ADDRESS", "127.0.0.1:8080", "[::1]:8080"),
            (
                "TASKER_TEMPLATE_PATH",
                "/srv/config/templates/rust",
                "/srv/my templates",
            ),
            ("TASKER_WORKER_ID", "worker-rust-1", "worker_rust_1"),
        ] {
            assert_eq!(refusal(name, good), None, "{name}={good}");
            assert!(refusal(name, bad).is_some(), "{name}={bad}");
        }
        assert_eq!(refusal("HOME", "/home/x"), Some(Refusal::NotAllowed));
    }
}
