//! The privacy table: every stored column is classed, and is therefore in the export and the erasure;
//! of every table it is said what it is for, on which ground, and how long it is kept.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};

use crate::repo::{Repo, has_ending};
use crate::verdict::Verdict;

/// The crates that make tables.
const STORES: [&str; 2] = ["crates/shelf-embedded", "crates/shelf-cluster"];
/// Those whose fresh databases run the migrations too, so that a table may be made by one alone.
const REPLAYING: [&str; 1] = ["crates/shelf-cluster"];
/// Where, below them, the tables are made.
const SCHEMA: &str = "src/schema.sql";
/// Where, below them, is what brings older tables up to date.
const MIGRATIONS: &str = "src/migrations/";
/// Where, below them, their columns are classed.
const CLASSES: &str = "privacy.toml";
/// The classes a column may have.
const KNOWN: [&str; 3] = ["public", "personal", "sealed"];
/// What is said of a table beside its columns.
const WHY: &str = "why";
/// What has to be said there.
const REASONS: [&str; 3] = ["purpose", "basis", "retention"];
/// On which ground something may be kept.
const BASES: [&str; 5] =
    ["contract", "consent", "legal obligation", "legitimate interest", "about nobody"];
/// Words that open a constraint instead of a column.
const CONSTRAINTS: [&str; 5] = ["PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "CONSTRAINT"];

/// Columns by table.
type Columns = BTreeMap<String, BTreeSet<String>>;

/// Compares the classes with the schema; both ways, so that neither goes stale.
pub fn check(repo: &Repo) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    for store in STORES {
        check_store(repo, store, &mut verdict)?;
    }
    Ok(verdict)
}

fn check_store(repo: &Repo, store: &str, verdict: &mut Verdict) -> Result<()> {
    let (made, classed) = (format!("{store}/{SCHEMA}"), format!("{store}/{CLASSES}"));
    let Some(schema) = repo.text(&made) else {
        verdict.note(format!("{made} does not exist yet: nothing to class"));
        return Ok(());
    };
    let text = repo.text(&classed).with_context(|| format!("{classed} is missing"))?;
    let mut told: BTreeMap<String, toml::Table> =
        toml::from_str(text).with_context(|| format!("cannot read {classed}"))?;
    check_reasons(&classed, &mut told, verdict);
    let classes = classes_of(&classed, told, verdict);
    let mut stored = columns_of(schema);
    if REPLAYING.contains(&store) {
        take_in_migrations(repo, store, &mut stored, verdict);
    }
    verdict.require(!stored.is_empty(), || format!("{made} makes no table"));
    for (table, column) in flat(&stored) {
        let class = classes.get(table).and_then(|columns| columns.get(column));
        match class {
            None => verdict.fail(format!("{classed}: {table}.{column} has no class")),
            Some(class) if !KNOWN.contains(&class.as_str()) => verdict.fail(format!(
                "{classed}: {table}.{column} is `{class}`, not one of {}",
                KNOWN.join(", ")
            )),
            Some(_) => {}
        }
    }
    for (table, columns) in &classes {
        for column in columns.keys() {
            let exists = stored.get(table).is_some_and(|known| known.contains(column));
            verdict.require(exists, || format!("{classed}: there is no {table}.{column}"));
        }
    }
    check_no_other_tables(repo, store, verdict);
    check_migrations(repo, store, &stored, verdict);
    Ok(())
}

/// Takes out what is said of each table, and looks whether all of it is said.
fn check_reasons(classed: &str, told: &mut BTreeMap<String, toml::Table>, verdict: &mut Verdict) {
    for (table, columns) in told {
        let why = columns.remove(WHY);
        let why = why.as_ref().and_then(toml::Value::as_table);
        let said = |name: &str| why?.get(name)?.as_str().filter(|text| !text.is_empty());
        for name in REASONS {
            verdict.require(said(name).is_some(), || {
                format!("{classed}: {table}.{WHY} does not say its {name}")
            });
        }
        let basis = said("basis").unwrap_or_default();
        verdict.require(basis.is_empty() || BASES.contains(&basis), || {
            format!("{classed}: {table}: `{basis}` is not one of {}", BASES.join(", "))
        });
    }
}

/// The class of each column.
fn classes_of(
    classed: &str,
    told: BTreeMap<String, toml::Table>,
    verdict: &mut Verdict,
) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut classes: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (table, columns) in told {
        let of_table = classes.entry(table.clone()).or_default();
        for (column, class) in columns {
            let Some(class) = class.as_str() else {
                verdict.fail(format!("{classed}: the class of {table}.{column} is no text"));
                continue;
            };
            of_table.insert(column, class.to_owned());
        }
    }
    classes
}

/// Adds the tables that migrations make, and the columns they add, to those of the schema.
fn take_in_migrations(repo: &Repo, store: &str, stored: &mut Columns, verdict: &mut Verdict) {
    for (path, text) in migrations(repo, store) {
        for (table, columns) in columns_of(text) {
            let is_new = stored.insert(table.clone(), columns).is_none();
            verdict.require(is_new, || format!("{path} makes {table} a second time"));
        }
    }
    for (table, columns) in added(repo, store) {
        stored.entry(table).or_default().extend(columns);
    }
}

/// A table a migration makes is one of the schema's, whole, and so has its classes; so has a column
/// it adds.
fn check_migrations(repo: &Repo, store: &str, stored: &Columns, verdict: &mut Verdict) {
    let added = added(repo, store);
    for (path, text) in migrations(repo, store) {
        for (table, mut columns) in columns_of(text) {
            columns.extend(added.get(&table).into_iter().flatten().cloned());
            verdict.require(stored.get(&table) == Some(&columns), || {
                format!("{path} makes {table}, and not as {SCHEMA} does")
            });
        }
    }
    for (table, column) in flat(&added) {
        verdict.require(stored.get(table).is_some_and(|known| known.contains(column)), || {
            format!("{store}/{MIGRATIONS} adds {table}.{column}, which {SCHEMA} has not")
        });
    }
}

fn migrations<'a>(repo: &'a Repo, store: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let folder = format!("{store}/{MIGRATIONS}");
    repo.texts("").filter(move |(path, _)| path.starts_with(&folder))
}

/// The columns that migrations add to tables.
fn added(repo: &Repo, store: &str) -> Columns {
    let mut added = Columns::new();
    for (table, columns) in migrations(repo, store).flat_map(|(_, text)| columns_added(text)) {
        added.entry(table).or_default().extend(columns);
    }
    added
}

/// A table made anywhere else would escape the classes.
fn check_no_other_tables(repo: &Repo, store: &str, verdict: &mut Verdict) {
    let (sources, made) = (format!("{store}/src/"), format!("{store}/{SCHEMA}"));
    let sources = repo
        .texts("")
        .filter(|(path, _)| path.starts_with(&sources) && has_ending(path, &["rs", "sql"]));
    let migrations = format!("{store}/{MIGRATIONS}");
    let is_schema = |path: &str| path == made || path.starts_with(&migrations);
    for (path, text) in sources.filter(|(path, _)| !is_schema(path)) {
        let production = text.split("#[cfg(test)]").next().unwrap_or_default();
        verdict.require(!production.to_uppercase().contains("CREATE TABLE"), || {
            format!("{path} makes a table: tables are made in {made} alone")
        });
    }
}

fn flat(columns: &Columns) -> impl Iterator<Item = (&str, &str)> {
    columns
        .iter()
        .flat_map(|(table, names)| names.iter().map(|name| (table.as_str(), name.as_str())))
}

/// The columns of every `CREATE TABLE` in `schema`.
fn columns_of(schema: &str) -> Columns {
    let lines = schema.lines().map(|line| line.split("--").next().unwrap_or_default());
    let plain: String = lines.flat_map(|line| [line, " "]).collect();
    let mut tables = Columns::new();
    for statement in plain.split(';') {
        let Some((head, body)) = statement.split_once('(') else { continue };
        let words: Vec<&str> = head.split_whitespace().collect();
        let is =
            |at: usize, word: &str| words.get(at).is_some_and(|w| w.eq_ignore_ascii_case(word));
        if is(0, "CREATE") && words.iter().take(3).any(|w| w.eq_ignore_ascii_case("TABLE")) {
            let name = words.last().copied().unwrap_or_default();
            tables.insert(bare(name), columns_in(body));
        }
    }
    tables
}

/// The columns of every `ALTER TABLE … ADD COLUMN` in `sql`.
fn columns_added(sql: &str) -> Columns {
    let lines = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
    let plain: String = lines.flat_map(|line| [line, " "]).collect();
    let mut tables = Columns::new();
    for statement in plain.split(';') {
        let words: Vec<&str> =
            statement.split([' ', ',']).filter(|word| !word.is_empty()).collect();
        let [alter, table, name, ..] = words.as_slice() else { continue };
        if !alter.eq_ignore_ascii_case("ALTER") || !table.eq_ignore_ascii_case("TABLE") {
            continue;
        }
        for adding in words.windows(3) {
            if let [add, column, added] = adding
                && add.eq_ignore_ascii_case("ADD")
                && column.eq_ignore_ascii_case("COLUMN")
            {
                tables.entry(bare(name)).or_default().insert(bare(added));
            }
        }
    }
    tables
}

/// The first word of every part of a table's body that is no constraint.
fn columns_in(body: &str) -> BTreeSet<String> {
    let (mut depth, mut part, mut parts) = (0_usize, String::new(), Vec::new());
    for c in body.chars() {
        match c {
            ',' if depth == 0 => parts.push(std::mem::take(&mut part)),
            ')' if depth == 0 => break,
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if !(c == ',' && depth == 0) {
            part.push(c);
        }
    }
    parts.push(part);
    let opens = parts.iter().filter_map(|part| part.split_whitespace().next());
    let opens = opens.map(|word| word.split('(').next().unwrap_or(word));
    opens.filter(|word| !CONSTRAINTS.contains(&word.to_uppercase().as_str())).map(bare).collect()
}

/// A name without the quotes SQL allows around it.
fn bare(name: &str) -> String {
    name.trim_matches(['"', '`', '[', ']']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "-- people; and (more)
        CREATE TABLE IF NOT EXISTS person (
          id BLOB NOT NULL, -- who, exactly
          \"name\" TEXT CHECK (length(name) < 9),
          kind INTEGER DEFAULT (1),
          PRIMARY KEY (id, kind)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX by_name ON person (name);";

    fn broken_in(classes: &str, more: &[(&str, &str)]) -> Vec<String> {
        broken_of("crates/shelf-embedded", classes, more)
    }

    fn broken_of(store: &str, classes: &str, more: &[(&str, &str)]) -> Vec<String> {
        let (made, classed) = (format!("{store}/{SCHEMA}"), format!("{store}/{CLASSES}"));
        let mut files = vec![(made.as_str(), TABLE), (classed.as_str(), classes)];
        files.extend(more);
        check(&Repo::planted(&files)).unwrap().broken
    }

    const COMPLETE: &str = "person = { id = 'public', name = 'personal', kind = 'sealed', \
        why = { purpose = 'p', basis = 'contract', retention = 'r' } }";

    #[test]
    fn a_complete_table_of_classes_passes() {
        assert_eq!(broken_in(COMPLETE, &[]), Vec::<String>::new());
    }

    #[test]
    fn a_column_without_a_class_a_made_up_class_and_a_stale_row_are_found() {
        assert_eq!(broken_in(&COMPLETE.replace("kind = 'sealed', ", ""), &[]).len(), 1);
        assert_eq!(broken_in(&COMPLETE.replace("sealed", "secret"), &[]).len(), 1);
        assert_eq!(broken_in(&COMPLETE.replace("kind", "kind = 'public', gone"), &[]).len(), 1);
    }

    #[test]
    fn a_table_that_does_not_say_what_it_is_for_is_found() {
        let without = |part: &str| broken_in(&COMPLETE.replace(part, ""), &[]).len();
        assert_eq!(without("purpose = 'p', "), 1);
        assert_eq!(without(", retention = 'r'"), 1);
        let bare = "person = { id = 'public', name = 'personal', kind = 'sealed' }";
        assert_eq!(broken_in(bare, &[]).len(), 3);
        assert_eq!(broken_in(&COMPLETE.replace("'contract'", "'habit'"), &[]).len(), 1);
    }

    #[test]
    fn a_migration_makes_a_table_as_the_schema_does_or_is_found() {
        let by =
            |text| broken_in(COMPLETE, &[("crates/shelf-embedded/src/migrations/2.sql", text)]);
        assert_eq!(by(TABLE), Vec::<String>::new());
        assert_eq!(by("CREATE TABLE other (id BLOB);").len(), 1);
        assert_eq!(by("CREATE TABLE person (id BLOB, secret BLOB);").len(), 1);
    }

    #[test]
    fn a_replayed_migration_makes_new_tables_which_are_classed() {
        let path = "crates/shelf-cluster/src/migrations/0002_more.sql";
        let by = |classes: &str, text| broken_of("crates/shelf-cluster", classes, &[(path, text)]);
        let more = "CREATE TABLE more (id BLOB);";
        let classed = "\nmore = { id = 'public', \
            why = { purpose = 'p', basis = 'contract', retention = 'r' } }";
        assert_eq!(by(&format!("{COMPLETE}{classed}"), more), Vec::<String>::new());
        assert_eq!(by(COMPLETE, more).len(), 1);
        assert_eq!(by(COMPLETE, TABLE).len(), 1, "a table is made once");
    }

    #[test]
    fn a_column_that_a_migration_adds_is_classed_too() {
        let (older, path) = ("crates/shelf-embedded/src/migrations/2.sql", "0002_more.sql");
        let adding = "ALTER TABLE person ADD COLUMN age int, -- in years\n ADD COLUMN size int;";
        let path = format!("crates/shelf-cluster/src/migrations/{path}");
        let by = |classes: &str| broken_of("crates/shelf-cluster", classes, &[(&path, adding)]);
        assert_eq!(by(COMPLETE).len(), 2, "neither has a class");
        let classed = COMPLETE.replace("kind =", "age = 'personal', size = 'personal', kind =");
        assert_eq!(by(&classed), Vec::<String>::new());
        assert_eq!(broken_in(COMPLETE, &[(older, adding)]).len(), 2, "fresh tables lack them");
        let known = "ALTER TABLE person ADD COLUMN kind INTEGER;";
        assert_eq!(broken_in(COMPLETE, &[(older, known)]), Vec::<String>::new());
    }

    #[test]
    fn a_table_made_outside_the_schema_is_found() {
        let hidden = ("crates/shelf-embedded/src/a.rs", "\"create table b (c)\"");
        assert_eq!(broken_in(COMPLETE, &[hidden]).len(), 1);
    }

    #[test]
    fn without_a_schema_there_is_nothing_to_class() {
        let verdict = check(&Repo::planted(&[])).unwrap();
        assert!(verdict.holds() && verdict.notes.len() == STORES.len());
    }
}
