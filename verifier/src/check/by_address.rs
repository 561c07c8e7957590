//! What can be judged of a cluster that is known by its addresses alone.

use super::registry::Entry;
use crate::evidence::Unseen;
use crate::topology::Topology;

/// Checks that rest on HTTP and the database. All others need the cluster's files or processes, and
/// without them some would find nothing wrong only because they had nothing to look at.
const BY_ADDRESS: &[&str] = &[
    "CV301", "CV312", "CV313", "CV314", "CV316", "CV318", "CV320", "CV401", "CV402", "CV403",
    "CV404", "CV405", "CV406", "CV407", "CV409", "CV501", "CV502", "CV503", "CV504", "CV505",
    "CV506", "CV507", "CV508", "CV512", "CV513", "CV516", "CV517", "CV601", "CV602", "CV603",
    "CV604", "CV605", "CV606", "CV607", "CV608", "CV609", "CV610", "CV613", "CV614", "CV615",
    "CV617", "CV618", "CV619", "CV620", "CV621", "CV623", "CV624", "CV625",
];

/// # Errors
/// Why the check says nothing of this cluster.
pub fn judgeable(entry: &Entry, topology: &Topology) -> Result<(), Unseen> {
    let code = entry.code.to_string();
    if !topology.is_foreign() {
        return Ok(());
    }
    if !BY_ADDRESS.contains(&code.as_str()) {
        return Err(Unseen::new(
            "the cluster's files and processes",
            "it was given by its addresses alone",
        ));
    }
    // A database that nobody named is not out of reach.
    if code == "CV301" && topology.database.name.is_empty() {
        return Err(Unseen::new("the database", "no address of it was given"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::topology::ForeignCluster;

    #[test]
    fn what_needs_files_is_unknown_of_a_foreign_cluster_only() {
        let cluster = ForeignCluster {
            orchestration: vec!["http://a:1".into()],
            ..ForeignCluster::default()
        };
        let foreign = cluster.topology();
        let own = crate::evidence::Evidence::healthy()
            .topology
            .seen()
            .unwrap()
            .clone();
        let may =
            |code: &str, topology: &Topology| judgeable(find(code).unwrap(), topology).is_ok();

        assert!(may("CV101", &own) && may("CV301", &own));
        assert!(!may("CV101", &foreign) && !may("CV203", &foreign) && !may("CV301", &foreign));
        assert!(may("CV401", &foreign) && may("CV601", &foreign));
    }

    #[test]
    fn each_code_of_the_list_is_a_check() {
        for code in BY_ADDRESS {
            assert!(find(code).is_some(), "{code}");
        }
    }
}
