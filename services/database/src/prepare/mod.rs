//! `prepare`: from an empty server to one that the engine can work with. A second run changes nothing and says so.

mod create;
mod migrations;
mod poll_cycle;
mod profile;

use instance::Failure;
use sqlx::Connection;

use crate::settings::Settings;
use crate::{connect, say};
use migrations::Part;

/// Prepares the engine's database, and the queues' where they have one of their own.
pub fn prepare(settings: &Settings) -> Result<(), Failure> {
    connect::runtime()?.block_on(async {
        let mut server = connect::connect(settings, "postgres").await?;
        create::ensure_role(&mut server).await?;
        match &settings.pgmq_database {
            None => {
                prepare_database(settings, &mut server, &settings.database, Part::Whole).await?
            }
            Some(queues) => {
                prepare_database(settings, &mut server, queues, Part::Queues).await?;
                prepare_database(settings, &mut server, &settings.database, Part::Tasks).await?;
            }
        }
        Ok(())
    })
}

async fn prepare_database(
    settings: &Settings,
    server: &mut sqlx::PgConnection,
    name: &str,
    part: Part,
) -> Result<(), Failure> {
    let mut changes = Vec::new();
    changes.extend(create::database(server, name).await?);
    let mut database = connect::connect(settings, name).await?;
    if part.has_queues() {
        changes.extend(create::extension(&mut database).await?);
    }
    changes.extend(migrations::run(&mut database, name, part).await?);
    if part.has_queues() {
        changes.extend(poll_cycle::set(&mut database, settings.profile).await?);
    }
    if part.has_tasks() {
        changes.extend(profile::record(&mut database, settings.profile).await?);
    }
    let _ = database.close().await;
    if changes.is_empty() {
        changes.push("nothing to change".to_owned());
    }
    say(&format!("database {name}: {}\n", changes.join(", ")));
    Ok(())
}

/// An error of the database while `doing` something.
fn failed(doing: &str) -> impl Fn(sqlx::Error) -> Failure + '_ {
    move |error| Failure::other(format!("{doing}: {error}"))
}
