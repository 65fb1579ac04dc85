//! What a document may ask for, looked at before anything is done: how long, how deep, how many
//! fields and aliases, and what all of it could cost at most.
//!
//! The walk knows the types of the schema by its text, and what a field asks by its row. It takes
//! at most as many steps as a document may have fields, whatever its fragments spread.

use crate::costs::row_of;
use crate::graphql::fields::{FIELDS, JOINS};
use crate::graphql::tokens::{self, TooMuch};
use crate::problem::Problem;
use async_graphql::parser::types::{
    BaseType, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
    SelectionSet, ServiceDocument, Type, TypeKind, TypeSystemDefinition,
};
use async_graphql::parser::{parse_query, parse_schema};
use async_graphql::{Name, Positioned, Value, Variables};
use shelf_domain::refusal::{Code, Refused};
use std::collections::HashMap;

/// Most tokens of a document.
pub(crate) const TOKENS_MAX: usize = 2_000;
/// How deep its brackets may nest: fields, and lists and objects within their arguments.
const NESTING_MAX: usize = 40;
/// How deep its fields may lie.
pub(crate) const DEPTH_MAX: usize = 12;
/// The same for what asks about the schema itself.
const SCHEMA_DEPTH_MAX: usize = 20;
/// How often what asks about the schema may go from a type on to another by its fields.
const SCHEMA_TURNS_MAX: usize = 3;
/// Most fields that are given another name.
pub(crate) const ALIASES_MAX: usize = 30;
/// Most fields, those of fragments counted wherever they are spread.
const FIELDS_MAX: usize = 4_000;
/// The most a request may cost, in hundredths of the units of the table of costs.
pub(crate) const BUDGET: usize = 20_000;
/// What an ask costs for each of its units.
const UNIT: usize = 100;
/// Rows of a list that is asked for, when the caller does not say, or cannot.
const ROWS: usize = 50;
/// Rows of a list that is a part of what was asked for: the tags of a bookmark.
const PARTS: usize = 3;
/// Most rows of a page.
const ROWS_MAX: usize = 200;

/// What the fields of each type are, by the text of the schema.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    fields: HashMap<String, HashMap<String, Shape>>,
}

/// What a field is.
#[derive(Clone, Debug)]
struct Shape {
    /// The type of its values.
    of: String,
    /// Whether there are many of them.
    is_list: bool,
    /// Whether it is cut into pages.
    is_paged: bool,
    /// What it asks, in units; nothing where all rows share one ask.
    units: usize,
}

impl Shapes {
    /// The shapes of the schema that `sdl` describes.
    pub(crate) fn of(sdl: &str) -> Self {
        let document = parse_schema(sdl).unwrap_or(ServiceDocument { definitions: Vec::new() });
        let mut fields = HashMap::new();
        for definition in document.definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let name = definition.node.name.node.to_string();
            let own = match definition.node.kind {
                TypeKind::Object(object) => object.fields,
                TypeKind::Interface(interface) => interface.fields,
                _ => continue,
            };
            let shapes = own.into_iter().map(|field| {
                let field = field.node;
                let called = field.name.node.to_string();
                let is_paged = field
                    .arguments
                    .iter()
                    .any(|argument| argument.node.name.node.as_str() == "first");
                let (of, is_list) = named(&field.ty.node);
                let units = units_of(&format!("{name}.{called}"));
                (called, Shape { of, is_list, is_paged, units })
            });
            fields.insert(name.clone(), shapes.collect());
        }
        Self { fields }
    }

    /// Every field of every type, as `Type.name`.
    #[cfg(test)]
    pub(crate) fn all(&self) -> Vec<String> {
        let of = |(name, fields): (&String, &HashMap<String, Shape>)| {
            fields.keys().map(|field| format!("{name}.{field}")).collect::<Vec<_>>()
        };
        self.fields.iter().flat_map(of).collect()
    }
}

/// The most that one ask of `field` costs.
fn units_of(field: &str) -> usize {
    debug_assert!(JOINS.iter().all(|(join, _)| FIELDS.iter().all(|(known, _)| known != join)));
    let row = FIELDS.iter().find(|(known, _)| *known == field);
    let operations = row.map_or([].as_slice(), |(_, operations)| *operations);
    let units = operations.iter().filter_map(|operation| row_of(operation)).map(|(units, _)| units);
    usize::try_from(units.max().unwrap_or(0)).unwrap_or(usize::MAX)
}

/// The name of the innermost type, and whether there are many of it.
fn named(ty: &Type) -> (String, bool) {
    match &ty.base {
        BaseType::Named(name) => (name.to_string(), false),
        BaseType::List(inner) => (named(inner).0, true),
    }
}

/// Reads `query`, if it is not too long.
pub(crate) fn read(query: &str) -> Result<ExecutableDocument, ReadError> {
    tokens::within(query, TOKENS_MAX, NESTING_MAX).map_err(|much| {
        ReadError::TooMuch(match much {
            TooMuch::Tokens => too_much("tokens", TOKENS_MAX),
            TooMuch::Nesting => too_much("brackets within brackets", NESTING_MAX),
        })
    })?;
    parse_query(query).map_err(ReadError::Syntax)
}

/// Why a document is not read.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// There is too much of it.
    TooMuch(Problem),
    /// It is not in the language.
    Syntax(async_graphql::parser::Error),
}

/// The operation of `document` that is asked for by `name`; `None` where there is no such one, or
/// several and no name.
pub(crate) fn operation<'d>(
    document: &'d ExecutableDocument,
    name: Option<&str>,
) -> Option<&'d OperationDefinition> {
    let mut all = document.operations.iter();
    let found = match name {
        Some(name) => all.find(|(known, _)| known.is_some_and(|known| known.as_str() == name)),
        None => all.next().filter(|_| document.operations.iter().count() == 1),
    };
    found.map(|(_, operation)| &operation.node)
}

/// Looks whether `document` keeps within all bounds; also those of its operations that are not
/// asked for, since they are validated with it.
pub(crate) fn check(
    shapes: &Shapes,
    document: &ExecutableDocument,
    variables: &Variables,
) -> Result<(), Problem> {
    let mut seen = Seen::default();
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        let ty = match operation.ty {
            OperationType::Query => "Query",
            OperationType::Mutation => "Mutation",
            OperationType::Subscription => "Subscription",
        };
        let mut walk = Walk { shapes, document, operation, variables, trail: Vec::new(), seen };
        let at = At { ty, depth: 0, is_schema: false, turns: 0 };
        let cost = walk.set(&operation.selection_set.node, at)?;
        if cost > BUDGET {
            return Err(too_dear(cost));
        }
        seen = walk.seen;
    }
    Ok(())
}

/// What was counted so far.
#[derive(Debug, Default)]
struct Seen {
    fields: usize,
    aliases: usize,
}

/// Where the walk is.
#[derive(Clone, Copy)]
struct At<'a> {
    ty: &'a str,
    depth: usize,
    is_schema: bool,
    turns: usize,
}

struct Walk<'a> {
    shapes: &'a Shapes,
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    /// The fragments that are being spread.
    trail: Vec<&'a Name>,
    seen: Seen,
}

impl<'a> Walk<'a> {
    /// What `set` could cost.
    fn set(&mut self, set: &'a SelectionSet, at: At<'a>) -> Result<usize, Problem> {
        let mut cost = 0_usize;
        for selection in &set.items {
            self.seen.fields += 1;
            if self.seen.fields > FIELDS_MAX {
                return Err(too_much("fields", FIELDS_MAX));
            }
            cost = cost.saturating_add(match &selection.node {
                Selection::Field(field) => self.field(&field.node, at)?,
                Selection::InlineFragment(inline) => {
                    let on = inline.node.type_condition.as_ref();
                    let ty = on.map_or(at.ty, |on| on.node.on.node.as_str());
                    self.set(&inline.node.selection_set.node, At { ty, ..at })?
                }
                Selection::FragmentSpread(spread) => self.spread(&spread.node.fragment_name, at)?,
            });
        }
        Ok(cost)
    }

    fn spread(&mut self, name: &'a Positioned<Name>, at: At<'a>) -> Result<usize, Problem> {
        // What spreads a fragment that is not there is refused when it is validated.
        let known = self.document.fragments.get_key_value(&name.node);
        let Some((name, fragment)) = known else { return Ok(0) };
        if self.trail.contains(&name) {
            let detail = format!("the fragment {name} spreads itself");
            return Err(Refused::invalid("query", detail).into());
        }
        self.trail.push(name);
        let ty = fragment.node.type_condition.node.on.node.as_str();
        let cost = self.set(&fragment.node.selection_set.node, At { ty, ..at });
        self.trail.pop();
        cost
    }

    fn field(&mut self, field: &'a Field, at: At<'a>) -> Result<usize, Problem> {
        if field.alias.is_some() {
            self.seen.aliases += 1;
        }
        if self.seen.aliases > ALIASES_MAX {
            return Err(too_much("aliases", ALIASES_MAX));
        }
        let name = field.name.node.as_str();
        let is_schema = at.is_schema || matches!(name, "__schema" | "__type");
        let goes_on = matches!(name, "fields" | "inputFields" | "interfaces" | "possibleTypes");
        let turns = at.turns + usize::from(is_schema && goes_on);
        let (depth, most) = (at.depth + 1, if is_schema { SCHEMA_DEPTH_MAX } else { DEPTH_MAX });
        if depth > most || turns > SCHEMA_TURNS_MAX {
            return Err(too_much("levels", most));
        }
        let shape = self.shapes.fields.get(at.ty).and_then(|fields| fields.get(name));
        let ty = shape.map_or("", |shape| shape.of.as_str());
        let beneath = self.set(&field.selection_set.node, At { ty, depth, is_schema, turns })?;
        let (rows, units) = match shape {
            Some(shape) if shape.is_paged => (self.first(field), shape.units),
            // The rows of a page are counted at the page.
            Some(shape) if !shape.is_list || at.ty.ends_with("Connection") => (1, shape.units),
            Some(shape) if shape.units > 0 => (ROWS, shape.units),
            Some(_) => (PARTS, 0),
            None => (1, 0),
        };
        let own = units.saturating_mul(UNIT).saturating_add(1);
        Ok(rows.saturating_mul(beneath).saturating_add(own))
    }

    /// How many rows `field` asks for.
    fn first(&self, field: &Field) -> usize {
        let given = field.get_argument("first").map(|given| given.node.clone());
        let given = given.and_then(|given| given.into_const_with(|name| self.variable(&name)).ok());
        let said = match given {
            Some(Value::Number(number)) => number.as_u64(),
            _ => None,
        };
        let rows = said.and_then(|rows| usize::try_from(rows).ok()).unwrap_or(ROWS);
        rows.min(ROWS_MAX)
    }

    /// What the variable `name` holds.
    fn variable(&self, name: &Name) -> Result<Value, ()> {
        if let Some(given) = self.variables.get(name) {
            return Ok(given.clone());
        }
        let known = self.operation.variable_definitions.iter().map(|known| &known.node);
        let known = known.filter(|known| known.name.node == *name);
        known
            .filter_map(|known| known.default_value.as_ref())
            .map(|value| value.node.clone())
            .next()
            .ok_or(())
    }
}

fn too_dear(cost: usize) -> Problem {
    let (could, may) = (cost.div_ceil(UNIT), BUDGET / UNIT);
    let detail = format!(
        "this could cost {could} units, a request may cost {may}: ask for shorter pages, or in parts"
    );
    Refused::new(Code::TooLarge, "", detail).into()
}

fn too_much(what: &str, most: usize) -> Problem {
    let detail = format!("a document has at most {most} {what}: ask in parts");
    Refused::new(Code::TooLarge, "", detail).into()
}
