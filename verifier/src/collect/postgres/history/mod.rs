//! Streams the history of every task past the rules and keeps what they fire on.
//!
//! Tasks are read in spans of a few hundred, by several connections at a time, and folded as
//! they come: what is in memory does not grow with the history.

mod profile;
mod read;
mod span;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use tokio::task::JoinSet;
use uuid::Uuid;

use self::read::read;
use self::span::spans;
use crate::collect::pace::Pace;
use crate::collect::progress::Progress;
use crate::evidence::{HistoryView, Unseen};
use crate::history::TaskHistory;

/// Connections that read at a time; PostgreSQL works for each, so more than the cores gain nothing.
const MOST_READERS: usize = 4;

/// Which tasks to look at.
#[derive(Debug, Clone, Copy)]
pub enum Tasks<'a> {
    All,
    /// Those created within so many seconds.
    Since(u64),
    These(&'a [Uuid]),
}

/// How much of the past to look at, and what to keep of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Past {
    /// Only tasks created within so many seconds; none means all.
    pub since_seconds: Option<u64>,
    /// Since when that is so, where it is because the engine's profile was another one before.
    pub profile_began: Option<DateTime<Utc>>,
    /// Keep the tasks that are as they should be too: memory then grows with the history.
    pub keep_all: bool,
    /// Whether others have to be spared.
    pub pace: Pace,
}

impl From<Option<u64>> for Past {
    fn from(since_seconds: Option<u64>) -> Self {
        Self {
            since_seconds,
            ..Self::default()
        }
    }
}

impl Past {
    /// Where nobody said how far to look back: to when the present profile of the engine began, if there was another one
    /// before. What is known of one profile is a fault under the other.
    ///
    /// # Errors
    /// The query that failed.
    pub async fn of_present_profile(self, pool: &PgPool) -> Result<Self, Unseen> {
        if self.since_seconds.is_some() {
            return Ok(self);
        }
        let Some(began) = profile::began(pool).await? else {
            return Ok(self);
        };
        let age = Utc::now().signed_duration_since(began).num_seconds();
        Ok(Self {
            since_seconds: u64::try_from(age).ok(),
            profile_began: Some(began),
            ..self
        })
    }
}

/// Looks at the tasks and keeps those on which a rule fires, or all.
///
/// # Errors
/// The query that failed.
pub async fn collect(
    pool: &PgPool,
    past: impl Into<Past>,
    progress: &Progress,
) -> Result<HistoryView, Unseen> {
    let Past {
        since_seconds,
        profile_began,
        keep_all,
        pace,
    } = past.into();
    let read_at = Some(Utc::now());
    let tasks = since_seconds.map_or(Tasks::All, Tasks::Since);
    let spans = Arc::new(spans(pool, tasks).await?);
    let next = Arc::new(AtomicUsize::new(0));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let most = match pace {
        Pace::Quick | Pace::Spread => cores.min(MOST_READERS),
        Pace::Gentle => 1,
    };
    let mut readers = JoinSet::new();
    for _ in 0..most.min(spans.len()) {
        let (pool, spans, next) = (pool.clone(), Arc::clone(&spans), Arc::clone(&next));
        readers.spawn(async move {
            let mut view = HistoryView {
                keep_all,
                ..HistoryView::default()
            };
            while let Some(span) = spans.get(next.fetch_add(1, Ordering::Relaxed)) {
                let begun = Instant::now();
                for task in read(&pool, span).await? {
                    view.add(task);
                }
                tokio::time::sleep(pace.pause(begun.elapsed())).await;
            }
            Ok(view)
        });
    }
    let mut view = HistoryView {
        read_at,
        since_seconds,
        profile_began,
        keep_all,
        ..HistoryView::default()
    };
    let mut look = tokio::time::interval(std::time::Duration::from_millis(200));
    loop {
        tokio::select! {
            read = readers.join_next() => match read {
                Some(Ok(part)) => view.merge(part?),
                Some(Err(failed)) => return Err(Unseen::new("the history", failed.to_string())),
                None => break,
            },
            _ = look.tick() => progress.say(format!(
                "history: {} of {} parts judged",
                next.load(Ordering::Relaxed).min(spans.len()),
                spans.len()
            )),
        }
    }
    Ok(view)
}

/// Hands over the whole history of one task after the other, by uuid.
///
/// # Errors
/// The query that failed.
pub async fn stream(
    pool: &PgPool,
    which: Tasks<'_>,
    mut each: impl FnMut(TaskHistory),
) -> Result<(), Unseen> {
    for span in spans(pool, which).await? {
        for task in read(pool, &span).await? {
            each(task);
        }
    }
    Ok(())
}
