//! PostgreSQL's binary COPY format, read field by field: several times as fast as rows of a prepared query.

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::evidence::Unseen;

/// What each stream begins with; flags and the length of an extension follow.
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// Microseconds are counted from 2000-01-01.
const EPOCH: i64 = 946_684_800_000_000;

/// The whole answer to a query; `what` names it in an error.
///
/// # Errors
/// The query that failed, or an answer that is not in the format.
pub async fn copy(
    connection: &mut PgConnection,
    query: &str,
    what: &str,
) -> Result<Answer, Unseen> {
    let statement = format!("COPY ({query}) TO STDOUT (FORMAT binary)");
    let mut bytes = Vec::new();
    let mut stream = connection
        .copy_out_raw(&statement)
        .await
        .map_err(super::unseen(what))?;
    while let Some(part) = stream.try_next().await.map_err(super::unseen(what))? {
        bytes.extend_from_slice(&part);
    }
    Answer::of(bytes).ok_or_else(|| malformed(what))
}

/// The rows of an answer, still in bytes.
pub struct Answer {
    bytes: Vec<u8>,
    first: usize,
}

impl Answer {
    fn of(bytes: Vec<u8>) -> Option<Self> {
        let rest = bytes.strip_prefix(SIGNATURE)?;
        let extension = u32::from_be_bytes(rest.get(4..8)?.try_into().ok()?);
        let first = SIGNATURE.len() + 8 + usize::try_from(extension).ok()?;
        (first <= bytes.len()).then_some(Self { bytes, first })
    }

    /// Hands each row to `each`, which takes its fields in order.
    ///
    /// # Errors
    /// A row that ends early, or a field of another type.
    pub fn rows(
        &self,
        what: &str,
        mut each: impl FnMut(&mut Row<'_>) -> Option<()>,
    ) -> Result<(), Unseen> {
        let mut row = Row(&self.bytes[self.first..]);
        loop {
            match row.number::<2>().map(i16::from_be_bytes) {
                // The trailer.
                Some(-1) => return Ok(()),
                Some(_) => each(&mut row).ok_or_else(|| malformed(what))?,
                None => return Err(malformed(what)),
            }
        }
    }
}

fn malformed(what: &str) -> Unseen {
    Unseen::new(
        what,
        "PostgreSQL's answer is not in the COPY format of version 1",
    )
}

/// What is left of a row, and all rows behind it.
pub struct Row<'a>(&'a [u8]);

impl<'a> Row<'a> {
    fn number<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*number)
    }

    /// The next field; the inner value is none where it is null.
    #[expect(clippy::option_option, reason = "a missing field is not a null one")]
    fn field(&mut self) -> Option<Option<&'a [u8]>> {
        let length = i32::from_be_bytes(self.number()?);
        if length == -1 {
            return Some(None);
        }
        let (value, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(Some(value))
    }

    /// The next field, which is none where the row ends or the type differs, and in it none where it is null.
    #[expect(clippy::option_option, reason = "a missing field is not a null one")]
    pub fn optional<T: Field<'a>>(&mut self) -> Option<Option<T>> {
        match self.field()? {
            Some(value) => T::read(value).map(Some),
            None => Some(None),
        }
    }

    /// The next field, which may not be null.
    pub fn get<T: Field<'a>>(&mut self) -> Option<T> {
        self.optional()?
    }
}

/// A type of PostgreSQL's.
pub trait Field<'a>: Sized {
    fn read(value: &'a [u8]) -> Option<Self>;
}

impl<'a> Field<'a> for Uuid {
    fn read(value: &'a [u8]) -> Option<Self> {
        Self::from_slice(value).ok()
    }
}

impl<'a> Field<'a> for i32 {
    fn read(value: &'a [u8]) -> Option<Self> {
        value.try_into().ok().map(Self::from_be_bytes)
    }
}

impl<'a> Field<'a> for bool {
    fn read(value: &'a [u8]) -> Option<Self> {
        match value {
            [byte] => Some(*byte != 0),
            _ => None,
        }
    }
}

impl<'a> Field<'a> for &'a str {
    fn read(value: &'a [u8]) -> Option<Self> {
        std::str::from_utf8(value).ok()
    }
}

/// `timestamp`: the engine writes UTC.
impl<'a> Field<'a> for DateTime<Utc> {
    fn read(value: &'a [u8]) -> Option<Self> {
        let micros = i64::from_be_bytes(value.try_into().ok()?);
        Self::UNIX_EPOCH.checked_add_signed(TimeDelta::microseconds(micros.checked_add(EPOCH)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(rows: &[&[Option<&[u8]>]]) -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend([0; 8]);
        for row in rows {
            bytes.extend(i16::try_from(row.len()).unwrap().to_be_bytes());
            for field in *row {
                let length = field.map_or(-1, |value| i32::try_from(value.len()).unwrap());
                bytes.extend(length.to_be_bytes());
                bytes.extend(field.unwrap_or_default());
            }
        }
        bytes.extend((-1_i16).to_be_bytes());
        bytes
    }

    #[test]
    fn fields_come_in_order_and_null_is_not_nothing() {
        let uuid = Uuid::from_u128(7);
        let bytes = answer(&[
            &[
                Some(uuid.as_bytes()),
                Some(&[0, 0, 0, 9]),
                Some(b"pending"),
                Some(&[1]),
            ],
            &[Some(uuid.as_bytes()), Some(&[0, 0, 0, 8]), None, Some(&[0])],
        ]);
        let mut seen = Vec::new();

        Answer::of(bytes)
            .unwrap()
            .rows("rows", |row| {
                assert_eq!(row.get::<Uuid>()?, uuid);
                seen.push((
                    row.get::<i32>()?,
                    row.optional::<&str>()?.map(str::to_owned),
                    row.get::<bool>()?,
                ));
                Some(())
            })
            .unwrap();

        assert_eq!(
            seen,
            [(9, Some("pending".to_owned()), true), (8, None, false)]
        );
    }

    #[test]
    fn times_count_from_the_year_two_thousand() {
        let at = DateTime::<Utc>::read(&1_500_000_i64.to_be_bytes()).unwrap();

        assert_eq!(at.to_rfc3339(), "2000-01-01T00:00:01.500+00:00");
        assert_eq!(DateTime::<Utc>::read(&i64::MAX.to_be_bytes()), None);
    }

    #[test]
    fn an_answer_that_is_cut_off_or_of_another_type_is_no_answer() {
        let whole = answer(&[&[Some(b"text")]]);
        for length in 0..whole.len() {
            let read = Answer::of(whole[..length].to_vec())
                .ok_or_else(|| malformed("rows"))
                .and_then(|answer| answer.rows("rows", |row| row.get::<&str>().map(|_| ())));
            assert!(read.is_err(), "{length} of {} bytes", whole.len());
        }
        let number = Answer::of(whole).unwrap();
        assert!(
            number
                .rows("rows", |row| row.get::<Uuid>().map(|_| ()))
                .is_err()
        );
    }
}
