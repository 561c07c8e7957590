//! The database: its server, its queues and who takes from them.

mod connection_unattributed;
mod database_unreachable;
mod instance_not_subscribed;
mod instance_oversubscribed;
mod listen_lost;
mod migrations_missing_or_ahead;
mod namespace_queue_missing;
mod namespace_without_subscriber;
mod pgmq_missing_or_version;
mod server_version;
mod standing;

pub use connection_unattributed::ConnectionUnattributed;
pub use database_unreachable::DatabaseUnreachable;
pub use instance_not_subscribed::InstanceNotSubscribed;
pub use instance_oversubscribed::InstanceOversubscribed;
pub use listen_lost::ListenLost;
pub use migrations_missing_or_ahead::MigrationsMissing;
pub use namespace_queue_missing::NamespaceQueueMissing;
pub use namespace_without_subscriber::NamespaceWithoutSubscriber;
pub use pgmq_missing_or_version::PgmqMissing;
pub use server_version::ServerVersion;
