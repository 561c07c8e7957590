//! Keeps passwords out of whatever is printed.

use std::borrow::Cow;

/// `text` with the password of every URL in it (`scheme://user:password@host`) replaced by `***`.
///
/// The engine's configuration loader logs the whole `DATABASE_URL`, so this stands between every log line and the file.
/// Its pools log the first thirty characters of it, which end within the password: for PostgreSQL whatever follows
/// `user:` is taken for one, even without an `@`.
pub fn masked(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, authority) = rest.split_at(start + 3);
        let of_postgres = POSTGRES.iter().any(|scheme| before.ends_with(scheme));
        out.push_str(before);
        rest = match password(authority, of_postgres) {
            Some((user, after)) => {
                out.push_str(user);
                out.push_str(":***");
                after
            }
            None => authority,
        };
    }
    if out.is_empty() {
        return Cow::Borrowed(text);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

const POSTGRES: [&str; 2] = ["postgres://", "postgresql://"];

/// Splits `user:password@rest` into the user and `@rest`. The last `@` before a blank or a quote ends the password, so
/// that one which itself contains an `@` or a `/` is hidden in full. Without any, the blank ends one `cut_off`.
fn password(authority: &str, cut_off: bool) -> Option<(&str, &str)> {
    let end = authority
        .find(|c: char| c.is_whitespace() || c == '"' || c == '\'')
        .unwrap_or(authority.len());
    let url = &authority[..end];
    let colon = url.find([':', '/', '@'])?;
    if url.as_bytes()[colon] != b':' {
        return None;
    }
    let at = url.rfind('@').filter(|at| *at > colon);
    let after = at.or_else(|| cut_off.then_some(end))?;
    Some((&authority[..colon], &authority[after..]))
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn the_password_of_a_url_is_hidden() {
        assert_eq!(
            masked("DATABASE_URL=postgresql://tasker:a/b@c@127.0.0.1:15432/tasker (found)"),
            "DATABASE_URL=postgresql://tasker:***@127.0.0.1:15432/tasker (found)"
        );
    }

    #[test]
    fn every_url_of_a_line_is_masked() {
        assert_eq!(masked("a://u:p@h b://v:q@k"), "a://u:***@h b://v:***@k");
    }

    #[test]
    fn a_password_that_is_cut_off_is_hidden() {
        assert_eq!(
            masked("pool: postgresql://tasker:s3cr... \"postgres://tasker:s\" (two)"),
            "pool: postgresql://tasker:*** \"postgres://tasker:***\" (two)"
        );
    }

    #[test]
    fn a_url_without_a_password_is_left_as_it_is() {
        for text in [
            "http://127.0.0.1:8080/health",
            "postgresql://tasker@host/db",
            "postgresql://127.0.0.1/tasker",
            "no url",
            "x://",
            "a: b@c",
        ] {
            assert_eq!(masked(text), text);
        }
    }
}
