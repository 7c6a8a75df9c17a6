//! The schema that the tables are in. Every statement names it, so that it does not matter what `search_path` a connection has.

/// The schema that the tables are in.
#[derive(Debug, Clone)]
pub(super) struct Schema {
    name: String,
    /// The name in quotes, with the dot and the beginning of the name of every table.
    prefix: String,
}

impl Schema {
    pub(super) fn new(name: String) -> Self {
        let prefix = format!("{}.scorpio_", quote(&name));
        Self { name, prefix }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn quoted(&self) -> String {
        quote(&self.name)
    }

    /// `sql` with the schema before the name of each table, which begins with `scorpio_`. Nothing else in it may.
    pub(super) fn qualify(&self, sql: &str) -> String {
        sql.replace("scorpio_", &self.prefix)
    }
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
