//! The one rule for secrets in whatever is shown, judged or recorded.

use std::collections::BTreeMap;

/// What a variable's, a setting's or a parameter's name has in it when its value is secret.
const SECRET: [&str; 7] = [
    "KEY",
    "SECRET",
    "TOKEN",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "CREDENTIAL",
];
const MARK: &str = "***";

/// Puts a mark in the place of every secret.
///
/// The same secret has the same mark wherever it stands: what was equal stays equal and what differed differs, also in
/// a recording, and nothing can be guessed from it as from a digest.
#[derive(Debug, Default)]
pub struct Masks(BTreeMap<String, usize>);

impl Masks {
    /// Whether anything was secret.
    pub fn are_used(&self) -> bool {
        !self.0.is_empty()
    }

    /// The value of a variable or of a setting.
    pub fn value(&mut self, name: &str, value: &str) -> String {
        if is_secret(name) {
            self.mark(value)
        } else {
            self.text(value)
        }
    }

    /// Any text: in it secrets are known by their form alone.
    pub fn text(&mut self, text: &str) -> String {
        // The parameters first: an address may have an `@` in one of them.
        let text = self.parameters(text);
        self.user_information(&text)
    }

    /// `?password=x`, `&token=x`, `--api-key=x`, `password=x host=y`.
    fn parameters(&mut self, text: &str) -> String {
        let ends = |letter: char| letter == '&' || letter == ';' || letter.is_whitespace();
        let of_name = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
        let mut shown = String::with_capacity(text.len());
        for part in text.split_inclusive(ends) {
            let assignment = part.trim_end_matches(ends);
            let secret = assignment.split_once('=').filter(|(before, _)| {
                let name = before.rsplit(|letter| !of_name(letter)).next();
                name.is_some_and(is_secret)
            });
            match secret {
                Some((before, value)) => {
                    shown.push_str(before);
                    shown.push('=');
                    shown.push_str(&self.mark(value));
                    shown.push_str(&part[assignment.len()..]);
                }
                None => shown.push_str(part),
            }
        }
        shown
    }

    /// `scheme://user:password@host`, of several addresses in each.
    fn user_information(&mut self, text: &str) -> String {
        let mut parts = text.split("://");
        let mut shown = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            shown.push_str("://");
            let end = part.find(char::is_whitespace).unwrap_or(part.len());
            // To the last one: whoever does not encode a password may have one in it.
            let credentials = part[..end].rfind('@').map(|at| part.split_at(at));
            match credentials.and_then(|(before, rest)| Some((before.split_once(':')?, rest))) {
                Some(((user, password), rest)) => {
                    shown.push_str(&format!("{user}:{}{rest}", self.mark(password)));
                }
                None => shown.push_str(part),
            }
        }
        shown
    }

    fn mark(&mut self, secret: &str) -> String {
        // That there is none is no secret, and a recording's marks stay what they are.
        if secret.is_empty() || is_mark(secret) {
            return secret.to_owned();
        }
        let next = self.0.len() + 1;
        let number = self.0.entry(secret.to_owned()).or_insert(next);
        format!("{MARK}{number}")
    }
}

/// Whether a secret stood here.
pub fn is_mark(value: &str) -> bool {
    value
        .strip_prefix(MARK)
        .is_some_and(|number| number.bytes().all(|digit| digit.is_ascii_digit()))
}

fn is_secret(name: &str) -> bool {
    let name = name.to_uppercase().replace('-', "_");
    SECRET.iter().any(|word| name.contains(word)) && !name.contains("PUBLIC_KEY")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str, value: &str) -> String {
        Masks::default().value(name, value)
    }

    #[test]
    fn values_are_masked_by_their_name() {
        for name in [
            "PAYMENT_API_KEY",
            "X_SECRET",
            "X_TOKEN",
            "PGPASSWORD",
            "AWS_CREDENTIALS",
            "auth.jwt_private_key",
        ] {
            assert_eq!(shown(name, "s3cr3t"), "***1", "{name}");
        }
        assert_eq!(shown("TASKER_ENV", "test"), "test");
        assert_eq!(shown("TASKER_JWT_PUBLIC_KEY", "-----BEGIN"), "-----BEGIN");
        assert_eq!(shown("X_TOKEN", ""), "");
    }

    #[test]
    fn values_are_masked_by_their_form() {
        for (value, masked) in [
            (
                "postgresql://tasker:s3cr3t@127.0.0.1:1/tasker",
                "postgresql://tasker:***1@127.0.0.1:1/tasker",
            ),
            (
                "postgresql://tasker:s3/c@r3t@h/d",
                "postgresql://tasker:***1@h/d",
            ),
            (
                "postgresql://h:5432/d?sslmode=off&password=s3@cr3t&user=u",
                "postgresql://h:5432/d?sslmode=off&password=***1&user=u",
            ),
            (
                "host=h password=s3cr3t user=u",
                "host=h password=***1 user=u",
            ),
            (
                "serve --api-key=s3cr3t --port=1",
                "serve --api-key=***1 --port=1",
            ),
            (
                "http://a:s3cr3t@one,http://b:other@two",
                "http://a:***1@one,http://b:***2@two",
            ),
            (
                "http://127.0.0.1:8080/v1?page=2",
                "http://127.0.0.1:8080/v1?page=2",
            ),
            ("warn,sqlx::query=error", "warn,sqlx::query=error"),
        ] {
            assert_eq!(shown("X", value), masked);
        }
    }

    #[test]
    fn what_was_equal_stays_equal_and_what_differed_differs() {
        let mut masks = Masks::default();

        let first = masks.value("X_TOKEN", "one");

        assert_eq!(masks.value("Y_KEY", "one"), first);
        assert_ne!(masks.value("X_TOKEN", "two"), first);
        assert_eq!(
            masks.text("redis://u:one@h"),
            format!("redis://u:{first}@h")
        );
    }

    #[test]
    fn what_is_masked_stays_as_it_is() {
        let mut masks = Masks::default();
        let once = masks.text("postgresql://u:s3cr3t@h/d?password=other");

        assert_eq!(Masks::default().text(&once), once);
        assert_eq!(shown("X_TOKEN", "***7"), "***7");
        assert_eq!(shown("X_TOKEN", "***7 and more"), "***1");
    }
}
