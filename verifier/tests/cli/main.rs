//! The program from outside: arguments in; standard output, standard error and exit status out.
//! Every test says all three. Nothing here needs a running cluster.

mod addresses;
mod canaries;
mod check;
mod codes;
#[path = "../common/deadline.rs"]
mod deadline;
mod environment;
mod help;
mod interrupt;
mod left_behind;
mod offline;
#[path = "../common/postgres.rs"]
mod postgres;
mod program;
mod project;
mod psql;
mod render;
#[path = "../common/stand_in.rs"]
mod stand_in;
