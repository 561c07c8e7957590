//! Whoever looks at tasks holds them, so that nobody removes those of the verifier from under the look.

use sqlx::{Connection, PgConnection};

use super::{Databases, unseen};
use crate::evidence::Unseen;

/// A key of the database's advisory locks that is nobody else's.
const KEY: i64 = 0x636c_7573_7665_7269;

/// A removal is waited for as long as a query may take.
const FOR_A_REMOVAL: &str = "SET lock_timeout = '60s'";
/// The server lets go of what a process held a moment after that has ended.
const FOR_WHOEVER_ENDS: &str = "SET lock_timeout = '2s'";
/// The SQLSTATE of a lock that was not had in time.
const NOT_IN_TIME: &str = "55P03";

/// Until it is dropped; its connection goes with it, and so it ends with the process however that ends.
#[derive(Debug)]
pub struct Held(PgConnection);

/// The tasks are this process's alone.
#[derive(Debug)]
pub struct HeldAlone(Held);

impl Databases {
    /// Holds the tasks beside others that do. A removal that is under way is waited for.
    ///
    /// # Errors
    /// The query that failed.
    pub async fn hold(&self) -> Result<Held, Unseen> {
        let query = "SELECT pg_advisory_lock_shared($1)";
        let held = self.ask_to_hold(query, FOR_A_REMOVAL).await;
        held.map_err(unseen("a hold on the tasks"))
    }

    /// Holds them alone; none while somebody else holds them.
    ///
    /// # Errors
    /// The query that failed.
    pub async fn hold_alone(&self) -> Result<Option<HeldAlone>, Unseen> {
        let query = "SELECT pg_advisory_lock($1)";
        match self.ask_to_hold(query, FOR_WHOEVER_ENDS).await {
            Ok(held) => Ok(Some(HeldAlone(held))),
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(NOT_IN_TIME) => {
                Ok(None)
            }
            Err(error) => Err(unseen("a hold on the tasks")(error)),
        }
    }

    async fn ask_to_hold(&self, query: &str, patience: &str) -> sqlx::Result<Held> {
        // Not one of the pool's any more, which would keep the lock when it is given back.
        let mut connection = self.acquire().await?.detach();
        sqlx::query(patience).execute(&mut connection).await?;
        sqlx::query(query)
            .bind(KEY)
            .execute(&mut connection)
            .await?;
        Ok(Held(connection))
    }
}

impl Held {
    /// Alone from now on; none, and nothing held, where somebody else holds them too.
    ///
    /// # Errors
    /// The query that failed.
    pub async fn alone(mut self) -> Result<Option<HeldAlone>, Unseen> {
        let alone: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(KEY)
            .fetch_one(&mut self.0)
            .await
            .map_err(unseen("who else looks at the tasks"))?;
        Ok(alone.then_some(HeldAlone(self)))
    }
}

impl HeldAlone {
    /// Lets go of the tasks.
    pub async fn release(self) {
        // A connection that cannot be closed in order is gone all the same.
        let _ = self.0.0.close().await;
    }
}
