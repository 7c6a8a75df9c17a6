//! Stores on PostgreSQL. Their tables begin with `scorpio_`, so the database can be that of your program.

mod vectors;

pub use self::vectors::PostgresVectors;
