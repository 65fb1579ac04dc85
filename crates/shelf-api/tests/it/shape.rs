//! The part of JSON Schema our document uses, for checking answers against it.

use serde_json::Value;

/// What is wrong with `value` by `schema` of `document`; nothing, where it fits.
pub(crate) fn misfit(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(at) = schema["$ref"].as_str() {
        let target = document.pointer(at.trim_start_matches('#'));
        let target = target.ok_or_else(|| format!("{at} leads nowhere"))?;
        return misfit(document, target, value).map_err(|problem| format!("{at}: {problem}"));
    }
    if let Some(options) = schema["oneOf"].as_array() {
        let misfits: Vec<String> =
            options.iter().filter_map(|option| misfit(document, option, value).err()).collect();
        let fits = misfits.len() < options.len();
        return if fits { Ok(()) } else { Err(format!("fits none: {}", misfits.join("; "))) };
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => return Ok(()),
    };
    if !kinds.iter().any(|kind| is(kind, value)) {
        return Err(format!("{value} is none of {kinds:?}"));
    }
    if let Some(known) = schema["enum"].as_array()
        && !known.contains(value)
    {
        return Err(format!("{value} is none of {known:?}"));
    }
    match value {
        Value::Array(items) => items.iter().enumerate().try_for_each(|(at, item)| {
            misfit(document, &schema["items"], item).map_err(|problem| format!("[{at}] {problem}"))
        }),
        Value::Object(fields) => object(document, schema, fields),
        _ => Ok(()),
    }
}

fn object(
    document: &Value,
    schema: &Value,
    fields: &serde_json::Map<String, Value>,
) -> Result<(), String> {
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        fields.get(name).ok_or_else(|| format!("{name} is missing"))?;
    }
    let Some(properties) = schema["properties"].as_object() else { return Ok(()) };
    for (name, value) in fields {
        let schema = properties.get(name).ok_or_else(|| format!("{name} is not documented"))?;
        misfit(document, schema, value).map_err(|problem| format!(".{name} {problem}"))?;
    }
    Ok(())
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}
