//! From layers and computed variables to one environment, in which each variable knows what set it.

use std::collections::BTreeMap;

use super::file::Role;
use super::{Assignment, Origin, Problem, Setting, Variable};

/// What is computed for all instances alike.
pub fn of_all(profile: &str) -> Vec<(String, String)> {
    vec![("TASKER_ENGINE_PROFILE".to_owned(), profile.to_owned())]
}

/// What is computed for one instance.
pub fn of_instance(role: Role, id: &str, port: u16, profile: &str) -> Vec<(String, String)> {
    let mut variables = vec![
        ("PGAPPNAME", id.to_owned()),
        ("TASKER_ENGINE_PROFILE", profile.to_owned()),
        ("TASKER_INSTANCE_ID", id.to_owned()),
        ("TASKER_INSTANCE_PORT", port.to_string()),
        ("TASKER_WEB_BIND_ADDRESS", format!("127.0.0.1:{port}")),
    ];
    if role == Role::Worker {
        variables.push(("TASKER_WORKER_ID", id.to_owned()));
    }
    variables
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The layers' assignments and then what is computed, later over earlier, by name.
///
/// `partial`: assignments that need a variable of a single instance are left out, and not wrong.
///
/// # Errors
/// An assignment that needs a variable which there is not.
pub fn merge(
    files: &[&String],
    layers: &BTreeMap<String, Vec<Assignment>>,
    computed: &[(String, String)],
    partial: bool,
) -> Result<Vec<Variable>, Problem> {
    let mut merged: BTreeMap<String, Vec<Setting>> = BTreeMap::new();
    for path in files {
        for assignment in layers.get(*path).map(Vec::as_slice).unwrap_or_default() {
            let origin = Origin::File {
                path: (*path).clone(),
                line: assignment.line,
            };
            let value = match substitute(path, assignment, computed) {
                Ok(value) => value,
                Err(_) if partial => continue,
                Err(problem) => return Err(problem),
            };
            merged
                .entry(assignment.name.clone())
                .or_default()
                .push(Setting { value, origin });
        }
    }
    for (name, value) in computed {
        let setting = Setting {
            value: value.clone(),
            origin: Origin::Computed,
        };
        merged.entry(name.clone()).or_default().push(setting);
    }
    Ok(merged
        .into_iter()
        .filter_map(|(name, mut settings)| {
            let setting = settings.pop()?;
            Some(Variable {
                name,
                setting,
                overrode: settings,
            })
        })
        .collect())
}

/// Replaces `${NAME}` by a computed variable; nothing of the caller's shell gets in.
fn substitute(
    path: &str,
    assignment: &Assignment,
    computed: &[(String, String)],
) -> Result<String, Problem> {
    let mut value = String::new();
    let mut rest = assignment.value.as_str();
    while let Some((before, after)) = rest.split_once("${") {
        let known = || {
            computed
                .iter()
                .map(|(name, _)| name.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        };
        let (name, after) = after.split_once('}').ok_or_else(|| {
            Problem::at(
                path,
                assignment.line,
                1,
                format!("`{}` has no closing brace", assignment.name),
            )
        })?;
        let (_, replacement) = computed
            .iter()
            .find(|(candidate, _)| candidate == name)
            .ok_or_else(|| {
                let message = format!("unknown variable ${{{name}}}; known here: {}", known());
                Problem::at(path, assignment.line, 1, message)
            })?;
        value.push_str(before);
        value.push_str(replacement);
        rest = after;
    }
    value.push_str(rest);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::parse_dotenv;

    fn layers() -> BTreeMap<String, Vec<Assignment>> {
        [
            ("base.env", "A=base\nB=base\n"),
            (
                "own.env",
                "B=${TASKER_ENGINE_PROFILE}\nC=${TASKER_INSTANCE_ID}\n",
            ),
        ]
        .map(|(path, text)| (path.to_owned(), parse_dotenv(path, text).unwrap()))
        .into()
    }

    fn merged(computed: &[(String, String)], partial: bool) -> Result<Vec<Variable>, Problem> {
        let files = ["base.env".to_owned(), "own.env".to_owned()];
        merge(&files.each_ref(), &layers(), computed, partial)
    }

    #[test]
    fn a_later_layer_wins_and_what_it_overrode_is_kept() {
        let computed = of_instance(Role::Worker, "worker-rust-1", 8100, "stock");

        let variables = merged(&computed, false).unwrap();

        let of = |name: &str| variables.iter().find(|it| it.name == name).unwrap();
        assert_eq!(of("B").setting.value, "stock");
        assert_eq!(of("B").overrode[0].value, "base");
        assert_eq!(of("C").setting.value, "worker-rust-1");
        assert_eq!(of("TASKER_INSTANCE_PORT").setting.origin, Origin::Computed);
    }

    #[test]
    fn what_only_an_instance_has_is_left_out_of_a_service_and_wrong_elsewhere() {
        let variables = merged(&of_all("stock"), true).unwrap();
        let names: Vec<&str> = variables.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["A", "B", "TASKER_ENGINE_PROFILE"]);

        let problem = merged(&of_all("stock"), false).unwrap_err();
        assert_eq!(problem.place(), "own.env:2:1");
    }
}
