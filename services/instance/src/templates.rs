//! A look at the templates before the engine's.
//!
//! Given a folder that does not exist the engine silently takes another one; a file that does not parse it leaves out.
//! Either way the worker serves other namespaces than it should and calls itself healthy.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tasker_shared::models::core::task_template::TaskTemplate;

use crate::Failure;

/// A template and where it is from.
pub struct Found {
    /// The file.
    pub path: PathBuf,
    /// What it says.
    pub template: TaskTemplate,
}

/// The templates in `TASKER_TEMPLATE_PATH`, all of which parse.
pub fn find() -> Result<Vec<Found>, Failure> {
    let path = std::env::var("TASKER_TEMPLATE_PATH").unwrap_or_default();
    if path.is_empty() {
        return Err(Failure::configuration(
            "TASKER_TEMPLATE_PATH is not set: give the folder of this worker's templates",
        ));
    }
    find_in(Path::new(&path))
}

/// The templates in `folder`, all of which parse.
pub fn find_in(folder: &Path) -> Result<Vec<Found>, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::configuration(format!(
            "TASKER_TEMPLATE_PATH is {}: {error}; give the folder of this worker's templates",
            folder.display()
        ))
    };
    let mut files = Vec::new();
    collect(folder, &mut files).map_err(unreadable)?;
    if files.is_empty() {
        return Err(Failure::configuration(format!(
            "TASKER_TEMPLATE_PATH is {}, where there is no .yaml file: give the folder of this worker's templates",
            folder.display()
        )));
    }
    files.sort();
    files
        .into_iter()
        .map(|path| match TaskTemplate::from_yaml_file(&path) {
            Ok(template) => Ok(Found { path, template }),
            Err(error) => Err(Failure::configuration(format!(
                "{}: {error}",
                path.display()
            ))),
        })
        .collect()
}

/// The engine reads these endings, in subfolders too.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|ending| ending == "yaml" || ending == "yml")
        {
            files.push(path);
        }
    }
    Ok(())
}

/// What `templates` call that `handlers` do not have: a step of theirs would fail for good.
pub fn without_handler<'a>(
    templates: &'a [Found],
    handlers: &[String],
) -> Vec<(&'a Path, &'a str)> {
    let steps = templates.iter().flat_map(|found| {
        found
            .template
            .steps
            .iter()
            .map(|step| (found.path.as_path(), step))
    });
    steps
        .map(|(path, step)| (path, step.handler.callable.as_str()))
        .filter(|(_, callable)| !handlers.iter().any(|handler| handler == callable))
        .collect()
}

/// Says so in the log.
pub fn warn_without_handler(templates: &[Found], handlers: &[String]) {
    for (path, callable) in without_handler(templates, handlers) {
        tracing::warn!(
            "{} calls `{callable}`, which this worker does not have: its steps will fail",
            path.display()
        );
    }
}

/// Fails when the engine serves less than `templates` need.
///
/// When two workers register templates at the same moment, the engine looks for a namespace, fails to insert it, warns,
/// and serves the rest.
pub fn ensure_served(templates: &[Found], served: &[String]) -> Result<(), Failure> {
    let left_out: BTreeSet<&str> = templates
        .iter()
        .map(|found| found.template.namespace_name.as_str())
        .filter(|namespace| !served.iter().any(|served| served == namespace))
        .collect();
    if left_out.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = left_out.into_iter().collect();
    Err(Failure::other(format!(
        "the engine left out the namespaces {}: another worker registered its templates at the same \
         moment; start this one again",
        names.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Vec<Found> {
        find_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/templates/ruby")).unwrap()
    }

    #[test]
    fn a_callable_without_a_handler_is_found_with_its_file() {
        let templates = ours();
        let mut handlers: Vec<String> = templates
            .iter()
            .flat_map(|found| found.template.all_callables())
            .collect();
        assert_eq!(without_handler(&templates, &handlers), []);

        handlers.retain(|name| name != "Slow::Sleep");

        let [(path, callable)] = without_handler(&templates, &handlers)[..] else {
            panic!()
        };
        assert_eq!(
            (path.file_name().unwrap().to_str().unwrap(), callable),
            ("slow.yaml", "Slow::Sleep")
        );
    }

    #[test]
    fn a_namespace_that_the_engine_left_out_is_found() {
        let templates = ours();
        let mut served: Vec<String> = templates
            .iter()
            .map(|found| found.template.namespace_name.clone())
            .collect();
        ensure_served(&templates, &served).unwrap();

        served.retain(|name| name != "slow");

        let failure = ensure_served(&templates, &served).unwrap_err();
        assert_eq!(failure.exit_status(), 1);
        assert!(
            failure
                .to_string()
                .starts_with("the engine left out the namespaces slow: "),
            "{failure}"
        );
    }

    #[test]
    fn a_folder_that_does_not_exist_is_refused() {
        let failure = find_in(Path::new("/no/such/folder")).err().unwrap();

        assert_eq!(failure.exit_status(), 3);
        assert!(
            failure
                .to_string()
                .starts_with("TASKER_TEMPLATE_PATH is /no/such/folder: "),
            "{failure}"
        );
    }

    #[test]
    fn a_folder_without_templates_is_refused() {
        let folder = tempfile::tempdir().unwrap();

        assert!(
            find_in(folder.path())
                .err()
                .unwrap()
                .to_string()
                .contains("where there is no .yaml file")
        );
    }

    #[test]
    fn a_file_that_does_not_parse_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("broken.yaml"), "name: [").unwrap();

        assert!(
            find_in(folder.path())
                .err()
                .unwrap()
                .to_string()
                .contains("broken.yaml: ")
        );
    }
}
