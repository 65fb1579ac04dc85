//! Cuts the many spellings of a tag list into tags.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

/// How tags stand in one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    /// `a, b c` is two tags.
    Comma,
    /// `a b` is two tags.
    Space,
    /// `a|b` is two tags.
    Bar,
}

/// Cuts a text at its separator; empty pieces vanish.
pub(super) fn cut(text: &str, separator: Separator) -> Vec<String> {
    let is_cut = |c: char| match separator {
        Separator::Comma => c == ',',
        Separator::Space => c.is_whitespace(),
        Separator::Bar => c == '|',
    };
    text.split(is_cut).map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

/// Reads a tag cell of unknown origin: a JSON array, a Python list, or a list with `,` or `;`.
pub(super) fn guess(text: &str) -> Vec<String> {
    let text = text.trim();
    if let Some(inside) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        return serde_json::from_str(text).unwrap_or_else(|_| python_list(inside));
    }
    if text.contains(',') || !text.contains(';') {
        return cut(text, Separator::Comma);
    }
    cut(&text.replace(';', ","), Separator::Comma)
}

/// The strings of `'a', "b's"`.
fn python_list(inside: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut tag: Option<(char, String)> = None;
    let mut characters = inside.chars();
    while let Some(c) = characters.next() {
        match &mut tag {
            None if c == '\'' || c == '"' => tag = Some((c, String::new())),
            None => {}
            Some((_, text)) if c == '\\' => text.extend(characters.next()),
            Some((quote, text)) if c == *quote => {
                tags.push(std::mem::take(text));
                tag = None;
            }
            Some((_, text)) => text.push(c),
        }
    }
    tags
}

/// Reads our own cells: `,` or a line end separates, a backslash takes the next character as it is.
pub(super) fn unescape_list(text: &str, separator: char) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        if c == separator {
            pieces.push(String::new());
            continue;
        }
        let Some(last) = pieces.last_mut() else { continue };
        if c != '\\' {
            last.push(c);
            continue;
        }
        match characters.next() {
            Some('n') => last.push('\n'),
            Some(escaped) => last.push(escaped),
            None => last.push('\\'),
        }
    }
    pieces
}

/// Cuts at a separator that no backslash precedes, leaving the escapes in place.
pub(super) fn cut_unescaped(text: &str, separator: char) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut is_escaped) = (0, false);
    for (at, c) in text.char_indices() {
        if c == separator && !is_escaped {
            pieces.extend(text.get(start..at));
            start = at + c.len_utf8();
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    pieces.extend(text.get(start..));
    pieces
}

/// Reads a folder path `A/B`, in which `\/` is a slash of the name.
pub(super) fn path(text: &str) -> Vec<String> {
    unescape_list(text, '/').into_iter().filter(|name| !name.is_empty()).collect()
}

/// Reads yes and no in the spellings found in the wild.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "y" | "on" | "t" => Some(true),
        "0" | "false" | "no" | "n" | "off" | "f" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{cut_unescaped, guess, path, unescape_list};

    #[test]
    fn tag_cells_are_understood_in_every_spelling() {
        for cell in ["a, b c", "[\"a\",\"b c\"]", "['a', 'b c']", "a;b c", " a ,, b c,"] {
            assert_eq!(guess(cell), ["a", "b c"], "{cell}");
        }
        assert!(guess("").is_empty());
        assert_eq!(guess("['it\\'s', \"b's\"]"), ["it's", "b's"]);
    }

    #[test]
    fn escapes_keep_separators_inside_names() {
        assert_eq!(path(r"A\/B/C\\"), ["A/B", "C\\"]);
        assert_eq!(unescape_list(r"a\,b,c", ','), ["a,b", "c"]);
        assert_eq!(cut_unescaped("a\\\nb\nc", '\n'), ["a\\\nb", "c"]);
    }
}
