//! Settings: their order, and that nothing unknown is taken.

use super::*;

fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn said(pairs: &[(&str, &str)]) -> Said {
    let mut said = Said::default();
    for (key, text) in pairs {
        said.put(key, (*text).to_owned()).unwrap();
    }
    said
}

#[test]
fn the_command_line_is_over_the_environment_and_that_over_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(FILE);
    std::fs::write(&file, "listen = \"127.0.0.1:1\"\nlog = \"info\"\nhosts = [\"a\", \"b\"]\n")
        .unwrap();
    let data = dir.path().to_str().unwrap();
    let environment = environment(&[("MINDSHELF_LISTEN", "127.0.0.1:2"), ("MINDSHELF_DATA", data)]);
    let flags = said(&[("listen", "127.0.0.1:3")]);
    let settings = Settings::read(&environment, flags, None).unwrap();
    assert_eq!(settings.listen.port(), 3);
    assert_eq!(settings.log, "info");
    assert_eq!(settings.hosts, ["a", "b"]);
    assert_eq!(settings.data, dir.path());
    let without = Settings::read(&environment, Said::default(), None).unwrap();
    assert_eq!(without.listen.port(), 2);
}

#[test]
fn unknown_settings_are_refused_by_name_wherever_they_stand() {
    let variable = of_environment(&environment(&[("MINDSHELF_LISTEM", "x")])).unwrap_err();
    assert!(format!("{variable:#}").contains("MINDSHELF_LISTEM"), "{variable:#}");
    assert!(format!("{variable:#}").contains("did you mean \"listen\""), "{variable:#}");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("x.toml");
    std::fs::write(&file, "colour = \"blue\"").unwrap();
    let key = of_file(&file).unwrap_err();
    assert!(format!("{key:#}").contains("unknown setting \"colour\""), "{key:#}");
    let missing = Settings::read(&environment(&[]), Said::default(), Some(Path::new("/no/file")));
    assert!(format!("{:#}", missing.unwrap_err()).contains("/no/file"));
}

#[test]
fn what_tests_and_other_programs_need_is_left_alone() {
    let left = [
        ("MINDSHELF_SHARED", "../x"),
        ("MINDSHELF_TEST_POSTGRES_URL", "postgres://127.0.0.1"),
        ("MINDSHELF_ENGINES_STATE", "/x"),
        ("PATH", "/bin"),
        ("MIND", ""),
    ];
    assert_eq!(of_environment(&environment(&left)).unwrap(), Said::default());
    let unknown = of_environment(&environment(&[("MINDSHELF_SHARED_TOO", "")])).unwrap_err();
    assert!(format!("{unknown:#}").contains("MINDSHELF_SHARED_TOO"), "{unknown:#}");
}

#[test]
fn values_that_make_no_sense_are_refused_with_the_name_of_the_setting() {
    for (key, text) in [
        ("listen", "here"),
        ("log_format", "xml"),
        ("plan", "golden"),
        ("connections", "0"),
        ("connections_per_address", "many"),
        ("public_url", "ftp://shelf.example"),
        ("trusted_proxies", "proxy.example"),
        ("outbound", "maybe"),
        ("outbound_allowed", "the house"),
        ("outbound_ports", "80-90"),
    ] {
        let refused = Settings::read(&environment(&[]), said(&[(key, text)]), None).unwrap_err();
        assert!(format!("{refused:#}").contains(key), "{refused:#}");
    }
}

#[test]
fn data_goes_where_this_persons_programs_keep_theirs() {
    let home = |pairs: &[(&str, &str)]| data_of(&Said::default(), &environment(pairs));
    assert_eq!(home(&[("HOME", "/h")]), Path::new("/h/.local/share/mindshelf"));
    assert_eq!(home(&[("HOME", "/h"), ("XDG_DATA_HOME", "/x")]), Path::new("/x/mindshelf"));
    assert_eq!(home(&[]), Path::new("mindshelf-data"));
}

#[test]
fn the_reference_names_every_setting_with_its_variable_and_default() {
    let reference = include_str!("../../../../docs/OPERATIONS.md");
    for setting in SETTINGS {
        let variable = format!("{PREFIX}{}", setting.key.to_ascii_uppercase());
        let default = match setting.default {
            "" => "–".to_owned(),
            default => format!("`{default}`"),
        };
        let row = format!("| `{}` | `{variable}` | {default} | {} |", setting.key, setting.meaning);
        assert!(reference.contains(&row), "docs/OPERATIONS.md lacks the row\n{row}");
    }
    for name in IGNORED.iter().chain(&[table::SETTINGS_VARIABLE]) {
        assert!(reference.contains(name), "docs/OPERATIONS.md does not name {name}");
    }
}
