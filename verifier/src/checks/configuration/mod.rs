//! Family 1: what the files say, before anything runs.

mod engine_config_missing;
mod engine_config_wrong_role;
mod environment_inherited;
mod instance_id_malformed;
mod port_conflict;
mod rendered_file_stale;
mod template_path_missing;
mod too_many_instances;
mod topology_invalid;

pub use engine_config_missing::EngineConfigMissing;
pub use engine_config_wrong_role::EngineConfigWrongRole;
pub use environment_inherited::EnvironmentInherited;
pub use instance_id_malformed::InstanceIdMalformed;
pub use port_conflict::PortConflict;
pub use rendered_file_stale::RenderedFileStale;
pub use template_path_missing::TemplatePathMissing;
pub use too_many_instances::TooManyInstances;
pub use topology_invalid::TopologyInvalid;
