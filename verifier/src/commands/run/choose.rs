//! Which workload a name means.

use crate::topology::{Workload, Workloads};

/// The entry for `NAME` or `NAMESPACE/NAME`, the first one unless `@2` or such says which.
///
/// # Errors
/// A sentence saying what there is instead.
pub fn workload<'a>(workloads: &'a Workloads, wanted: &str) -> Result<&'a Workload, String> {
    let (name, entry) = match wanted.rsplit_once('@') {
        Some((name, entry)) => (name, entry),
        None => (wanted, "1"),
    };
    let entry: usize = entry
        .parse()
        .ok()
        .filter(|entry| *entry > 0)
        .ok_or_else(|| format!("`{wanted}`: expected a number after the @, such as {name}@2"))?;
    let (namespace, template) = match name.split_once('/') {
        Some((namespace, template)) => (Some(namespace), template),
        None => (None, name),
    };
    let fits = |workload: &&Workload| {
        workload.template == template
            && namespace.is_none_or(|namespace| workload.namespace == namespace)
    };
    let found: Vec<&Workload> = workloads.all.iter().filter(fits).collect();
    if found.is_empty() {
        return Err(format!(
            "no workload `{name}`; {}",
            offer(workloads, template)
        ));
    }
    let workload = *found.get(entry - 1).ok_or_else(|| {
        format!(
            "config/workloads.toml has {} of `{name}`, not {entry}",
            found.len()
        )
    })?;
    if !workload.context.is_object() {
        return Err(format!(
            "the context of `{name}` in config/workloads.toml is no table"
        ));
    }
    Ok(workload)
}

fn offer(workloads: &Workloads, template: &str) -> String {
    let mut names: Vec<&str> = workloads
        .all
        .iter()
        .map(|it| it.template.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    let near: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| !template.is_empty() && (name.contains(template) || template.contains(name)))
        .collect();
    if near.is_empty() {
        format!("config/workloads.toml has {}", names.join(", "))
    } else {
        format!("did you mean {}?", near.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workloads() -> Workloads {
        let one = |namespace: &str, template: &str, context: serde_json::Value| Workload {
            namespace: namespace.into(),
            template: template.into(),
            context,
            ..Workload::example()
        };
        let all = vec![
            one("a", "linear", serde_json::json!({"n": 6})),
            one("a", "linear", serde_json::json!({"n": 7})),
            one("a", "slow", serde_json::json!({})),
            one("b", "slow", serde_json::json!({})),
            one("b", "broken", serde_json::json!("text")),
        ];
        Workloads { all }
    }

    #[test]
    fn a_name_means_its_first_entry_and_a_number_another() {
        let workloads = workloads();

        assert_eq!(workload(&workloads, "linear").unwrap().context["n"], 6);
        assert_eq!(workload(&workloads, "a/linear@2").unwrap().context["n"], 7);
        assert!(workload(&workloads, "linear@3").is_err());
        assert!(workload(&workloads, "linear@0").is_err());
    }

    #[test]
    fn of_two_namespaces_the_first_is_meant_unless_it_is_said() {
        let workloads = workloads();

        assert_eq!(workload(&workloads, "slow").unwrap().namespace, "a");
        assert_eq!(workload(&workloads, "slow@2").unwrap().namespace, "b");
        assert_eq!(workload(&workloads, "b/slow").unwrap().namespace, "b");
    }

    #[test]
    fn an_unknown_name_is_answered_with_what_there_is() {
        let workloads = workloads();

        assert_eq!(
            workload(&workloads, "line").unwrap_err(),
            "no workload `line`; did you mean linear?"
        );
        assert_eq!(
            workload(&workloads, "nothing").unwrap_err(),
            "no workload `nothing`; config/workloads.toml has broken, linear, slow"
        );
    }

    #[test]
    fn a_context_that_is_no_table_cannot_be_sent() {
        assert!(workload(&workloads(), "broken").is_err());
    }
}
