//! `env`: every variable of an instance, a service or the tests, and which line set it; printed or written.

mod write;

use std::path::Path;
use std::process::ExitCode;

use super::render;
use crate::cli::EnvArgs;
use crate::error::{Error, Result};
use crate::evidence::Masks;
use crate::project::Project;
use crate::topology::render::test_variables;
use crate::topology::{self, Instance, Service, Setting, Topology, Variable};

/// Whose environment is meant.
#[derive(Debug, Clone, Copy)]
enum Subject<'a> {
    /// Tests and whatever else wants to reach the cluster.
    Tests,
    Service(&'a Service),
    Instance(&'a Instance),
}

pub fn run(given: Option<&Path>, args: &EnvArgs) -> Result<ExitCode> {
    let project = Project::find(given)?;
    let selection = if args.selection.is_given() {
        render::selection(&project, &args.selection)?
    } else {
        project.recorded_selection()?
    };
    let topology = topology::load(&project.root, &selection).map_err(Error::Configuration)?;
    if args.all {
        let folder = args.write.as_ref().and_then(Option::as_deref);
        return write::all(&project, &topology, folder);
    }
    refuse_name_as_file(&topology, args)?;
    let subject = match &args.name {
        Some(name) => Subject::called(&topology, name)?,
        None => Subject::Tests,
    };
    if let Some(file) = &args.write {
        return write::one(&project, &topology, subject, file.as_deref());
    }
    let mut masks = Masks::default();
    super::print(&match subject {
        Subject::Tests => dotenv(&masked(&test_variables(&topology), &mut masks)),
        _ if args.provenance => provenance(subject.layered(), &mut masks),
        _ => dotenv(&masked(&values(subject.layered()), &mut masks)),
    })?;
    if masks.are_used() {
        super::tell(
            "secrets are shown as ***; `--write FILE` writes them to a file that only you can read",
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// `--write` takes a file, and whoever puts the name behind it means the instance.
fn refuse_name_as_file(topology: &Topology, args: &EnvArgs) -> Result<()> {
    let (None, Some(Some(file))) = (&args.name, &args.write) else {
        return Ok(());
    };
    let is_name = |file: &str| {
        let service = file
            .rsplit_once('-')
            .filter(|(_, number)| number.parse::<u16>().is_ok())
            .map_or(file, |(service, _)| service);
        topology.services.iter().any(|it| it.name == service)
    };
    match file.to_str().filter(|file| is_name(file)) {
        None => Ok(()),
        Some(name) => Err(Error::Usage(format!(
            "`--write {name}` would write the tests' variables to a file of that name; did you mean \
             `cluster-verify env {name} --write`? A file of that name is `--write ./{name}`"
        ))),
    }
}

impl<'a> Subject<'a> {
    fn called(topology: &'a Topology, name: &str) -> Result<Self> {
        if let Some((_, instance)) = topology.instance(name) {
            return Ok(Self::Instance(instance));
        }
        let mut services = topology.services.iter();
        if let Some(service) = services.find(|service| service.name == name) {
            return Ok(Self::Service(service));
        }
        let ids: Vec<&str> = topology
            .instances()
            .map(|(_, instance)| instance.id.as_str())
            .collect();
        Err(Error::Usage(format!(
            "no instance or service `{name}`; there are {}",
            ids.join(", ")
        )))
    }

    fn name(self) -> &'a str {
        match self {
            Self::Tests => "tests",
            Self::Service(service) => &service.name,
            Self::Instance(instance) => &instance.id,
        }
    }

    /// What its layers set; of the tests nothing, since they have none of their own.
    fn layered(self) -> &'a [Variable] {
        match self {
            Self::Tests => &[],
            Self::Service(service) => &service.variables,
            Self::Instance(instance) => &instance.environment,
        }
    }
}

fn values(variables: &[Variable]) -> Vec<(String, String)> {
    variables
        .iter()
        .map(|variable| (variable.name.clone(), variable.setting.value.clone()))
        .collect()
}

/// What is printed may end in a log: the whole values are for a file of which it is said who reads it.
fn masked(variables: &[(String, String)], masks: &mut Masks) -> Vec<(String, String)> {
    variables
        .iter()
        .map(|(name, value)| (name.clone(), masks.value(name, value)))
        .collect()
}

/// As a dotenv file, which a shell can read too.
fn dotenv(variables: &[(String, String)]) -> String {
    variables
        .iter()
        .map(|(name, value)| format!("{name}={}\n", quoted(value)))
        .collect()
}

fn quoted(value: &str) -> String {
    let is_plain =
        |letter: char| letter.is_ascii_alphanumeric() || "_-./:,=@%+*[]{}".contains(letter);
    if value.chars().all(is_plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// Each variable, the line that set it, and what that overrode, nearest first.
fn provenance(variables: &[Variable], masks: &mut Masks) -> String {
    let mut text = String::new();
    for variable in variables {
        let mut line = |setting: &Setting| {
            let value = masks.value(&variable.name, &setting.value);
            format!("{value} ({})", setting.origin)
        };
        text.push_str(&format!("{}={}\n", variable.name, line(&variable.setting)));
        for overrode in variable.overrode.iter().rev() {
            text.push_str(&format!("    over {}\n", line(overrode)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_quoted_only_where_a_shell_would_take_it_apart() {
        assert_eq!(quoted("warn,sqlx::query=error"), "warn,sqlx::query=error");
        assert_eq!(quoted(""), "");
        assert_eq!(quoted("two words"), "'two words'");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
    }
}
