use std::collections::BTreeMap;

use crate::check::{Check, Code, Finding, Severity};
use crate::evidence::{Evidence, Unseen};

/// An orchestration server was too busy for a create, and said to come back later.
///
/// That it then refused to the end is another finding.
pub struct TurnedAway;

impl Check for TurnedAway {
    const CODE: Code = Code::new(517);
    const NAME: &'static str = "turned-away";
    const TITLE: &'static str = "no orchestration server is too busy to take a task at once";
    const SEVERITY: Severity = Severity::Warning;

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let mut by_server: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for canary in evidence.canaries.seen()?.sent()? {
            let said = canary.turned_away.iter().map(String::as_str);
            by_server.entry(&canary.via).or_default().extend(said);
        }
        by_server.retain(|_, said| !said.is_empty());
        let finding = |(server, said): (&str, Vec<&str>)| {
            let times = said.len();
            Finding::about(server)
                .observed(format!(
                    "it answered a create {times} time{} that it is under backpressure, to come back later",
                    if times == 1 { "" } else { "s" }
                ))
                .evidence("answer", said.first().copied().unwrap_or_default())
                .hint("run `cluster-verify queues`: what is it busy with?")
        };
        Ok(by_server.into_iter().map(finding).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    #[test]
    fn a_server_that_was_too_busy_is_told_once_with_its_words() {
        let mut evidence = Evidence::healthy();
        let canaries = &mut evidence.canaries.seen_mut().tasks;
        let via = canaries[0].via.clone();
        canaries[0].turned_away = vec!["Command channel saturated".into(); 2];

        let findings = fires::<TurnedAway>(&evidence);

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject, via);
        assert_eq!(findings[0].evidence["answer"], "Command channel saturated");
    }

    #[test]
    fn one_that_takes_everything_at_once_is_none() {
        silent::<TurnedAway>(&Evidence::healthy());
    }

    #[test]
    fn without_canaries_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.canaries = Observed::not_looked("canaries");

        unknown::<TurnedAway>(&evidence);
    }
}
