//! People: the teams one belongs to, and one team with its members, invitations, groups and libraries.

use maud::{Markup, html};
use shelf_domain::right::{Right, Role};
use time::OffsetDateTime;

use crate::{
    frame::Frame,
    ui::{
        button::{Weight, link_icon, submit},
        empty::empty,
        field::token,
        icon::icon,
        menu::menu,
        when,
    },
};

/// What a role is called where people choose one, and what it means.
const ROLES: [(Role, &str, &str); 4] = [
    (Role::Viewer, "Viewer", "reads what is shared with them"),
    (Role::Member, "Member", "makes libraries, and works in those shared with them"),
    (Role::Admin, "Admin", "also decides who belongs here and who may use what"),
    (Role::Owner, "Owner", "also decides who else is an owner"),
];

/// One team, as a line.
#[derive(Debug, Clone)]
pub struct TeamLine {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What one is in it.
    pub role: Role,
    /// Whether it is one's own tenant of one.
    pub own: bool,
}

/// A member.
#[derive(Debug, Clone)]
pub struct MemberLine {
    /// Their id.
    pub id: String,
    /// Their name.
    pub name: String,
    /// What they are.
    pub role: Role,
    /// Since when.
    pub since: OffsetDateTime,
    /// Whether it is the reader.
    pub this: bool,
}

/// An invitation that was not taken up.
#[derive(Debug, Clone)]
pub struct InvitationLine {
    /// Its id.
    pub id: String,
    /// For whom it is.
    pub note: String,
    /// What they will be.
    pub role: Role,
    /// The library it shares, and how.
    pub share: Option<(String, Right)>,
    /// When it ends.
    pub ends_at: OffsetDateTime,
}

/// A group.
#[derive(Debug, Clone)]
pub struct GroupLine {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who is in it: ids and names.
    pub people: Vec<(String, String)>,
}

/// A library of the team.
#[derive(Debug, Clone)]
pub struct LibraryLine {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where one reads it; nothing where one may not.
    pub href: Option<String>,
}

/// Everything the page of one team shows.
#[derive(Debug, Clone)]
pub struct TeamPage {
    /// The team.
    pub team: TeamLine,
    /// Its members, the reader included.
    pub members: Vec<MemberLine>,
    /// Invitations that are open; for admins.
    pub invitations: Vec<InvitationLine>,
    /// An invitation made just now: the address that takes it up, shown this once.
    pub new_invitation: Option<String>,
    /// Its groups.
    pub groups: Vec<GroupLine>,
    /// Its libraries, as far as the reader may know of them.
    pub libraries: Vec<LibraryLine>,
    /// Whether an identity provider is connected.
    pub has_provider: bool,
}

/// What a role is called.
pub fn role_name(role: Role) -> &'static str {
    ROLES.iter().find(|(known, ..)| *known == role).map_or("", |(_, name, _)| name)
}

/// What a right is called.
pub fn right_name(right: Right) -> &'static str {
    match right {
        Right::Read => "may read",
        Right::Write => "may change",
        Right::Manage => "manages",
    }
}

/// Whether the reader runs the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// They do.
    Yes,
    /// They do not.
    No,
}

/// The teams one belongs to.
pub fn people(teams: &[TeamLine], operator: Operator, frame: &Frame) -> Markup {
    html! {
        div.page {
            header {
                h1 { "People" }
                p { "Your libraries are yours alone until you share one. A team is people who share libraries." }
            }
            ul { @for team in teams { (team_line(team)) } }
            @if operator == Operator::Yes { p { (link_icon("This server", "/admin", "settings", Weight::Line)) } }
            section.part {
                h2 { "A new team" }
                form.line method="post" action="/people" {
                    (token(&frame.csrf))
                    input.input.grow name="name" required maxlength="100" placeholder="Reading circle"
                        aria-label="Name of the team" autocomplete="off";
                    button.btn.btn-line type="submit" { (icon("plus")) "Make it" }
                }
            }
        }
    }
}

fn team_line(team: &TeamLine) -> Markup {
    html! {
        li.line-item {
            (icon(if team.own { "library" } else { "users" }))
            a.grow href={ "/people/" (team.id) } { (team.name) }
            span.small.muted { @if team.own { "Yours" } @else { (role_name(team.role)) } }
        }
    }
}

/// One team.
pub fn team(page: &TeamPage, frame: &Frame) -> Markup {
    let governs = page.team.role.governs();
    html! {
        div.page {
            header {
                p.small { a href="/people" { "People" } }
                h1 { (page.team.name) }
                @if page.team.own && page.members.len() < 2 {
                    p { "This is your own place. Invite somebody, and you can share libraries with them." }
                } @else {
                    p { "You are " (role_name(page.team.role).to_lowercase()) " here." }
                }
            }
            (members(page, frame))
            @if governs { (invitations(page, frame)) }
            (libraries(page, frame))
            @if governs || !page.groups.is_empty() { (groups(page, frame)) }
            @if page.has_provider {
                p { (link_icon("Connect my account", &format!("/people/{}/sso/connect", page.team.id), "key-round", Weight::Line)) }
            }
            @if governs {
                p { (link_icon("Single sign-on", &format!("/people/{}/sso", page.team.id), "key-round", Weight::Line)) }
                p { (link_icon("What was done here", &format!("/people/{}/audit", page.team.id), "history", Weight::Line)) " " (link_icon("What is used", &format!("/people/{}/usage", page.team.id), "library", Weight::Line)) }
                (rename(page, frame))
            }
        }
    }
}

fn members(page: &TeamPage, frame: &Frame) -> Markup {
    html! {
        section.part {
            h2 { "Members" }
            ul { @for member in &page.members { (member_line(page, member, frame)) } }
        }
    }
}

fn member_line(page: &TeamPage, member: &MemberLine, frame: &Frame) -> Markup {
    let action = format!("/people/{}/members/{}", page.team.id, member.id);
    let may_change = |to: Option<Role>| page.team.role.may_change(Some(member.role), to);
    let roles = ROLES.iter().filter(|(role, ..)| *role != member.role && may_change(Some(*role)));
    let roles: Vec<_> = roles.collect();
    let leaves = member.this && !page.team.own;
    let inside = html! {
        @for (role, name, meaning) in &roles {
            form method="post" action=(action) {
                (token(&frame.csrf))
                button.btn type="submit" name="role" value=(role.name()) title=(meaning) { "Make " (name.to_lowercase()) }
            }
        }
        @if leaves || (!member.this && may_change(None)) {
            form method="post" action={ (action) "/remove" } {
                (token(&frame.csrf))
                button.btn.btn-danger type="submit" {
                    (icon(if member.this { "log-out" } else { "x" }))
                    @if member.this { "Leave this team" } @else { "Take out of this team" }
                }
            }
        }
    };
    html! {
        li.line-item {
            span.grow { (member.name) @if member.this { span.muted { " (you)" } } }
            span.small.muted { (role_name(member.role)) ", since " (when::day(member.since)) }
            @if !inside.0.is_empty() {
                (menu(&format!("Change {}", member.name), &icon("ellipsis"), &inside))
            }
        }
    }
}

fn invitations(page: &TeamPage, frame: &Frame) -> Markup {
    html! {
        section.part id="invitations" {
            h2 { "Invitations" }
            @if let Some(address) = &page.new_invitation {
                div.note.note-ok {
                    (icon("user-plus"))
                    div.grow.stack-s {
                        p { "Give this address to the one you invite. It works once, for seven days, and is shown this once." }
                        code.secret { (address) }
                    }
                }
            }
            @for invitation in &page.invitations { (invitation_line(page, invitation, frame)) }
            (invite(page, frame))
        }
    }
}

fn invitation_line(page: &TeamPage, invitation: &InvitationLine, frame: &Frame) -> Markup {
    html! {
        div.setting {
            div {
                h3 { @if invitation.note.is_empty() { "For whoever has the address" } @else { (invitation.note) } }
                p {
                    (role_name(invitation.role))
                    @if let Some((library, right)) = &invitation.share { ", " (right_name(*right)) " " (library) }
                    ", until " (when::day(invitation.ends_at))
                }
            }
            form method="post" action={ "/people/" (page.team.id) "/invitations/" (invitation.id) "/take-back" } {
                (token(&frame.csrf))
                button.btn.btn-danger.btn-small type="submit" { "Take back" }
            }
        }
    }
}

fn invite(page: &TeamPage, frame: &Frame) -> Markup {
    html! {
        form.stack method="post" action={ "/people/" (page.team.id) "/invitations" } {
            (token(&frame.csrf))
            div.fields {
                div.field {
                    label for="invite-note" { "For whom" }
                    input.input id="invite-note" name="note" maxlength="200" autocomplete="off" placeholder="A name, for you to know it by";
                }
                div.field {
                    label for="invite-role" { "As" }
                    select.input id="invite-role" name="role" {
                        @for (role, name, meaning) in ROLES.iter().filter(|(role, ..)| page.team.role.may_change(None, Some(*role))) {
                            option value=(role.name()) selected[*role == Role::Member] { (name) ": " (meaning) }
                        }
                    }
                }
                div.field {
                    label for="invite-library" { "Share with them" }
                    select.input id="invite-library" name="library" {
                        option value="" { "No library yet" }
                        @for library in &page.libraries { option value=(library.id) { (library.name) } }
                    }
                }
                div.field {
                    label for="invite-right" { "which they" }
                    select.input id="invite-right" name="right" {
                        @for right in Right::ALL { option value=(right.name()) { (right_name(right)) } }
                    }
                }
            }
            p.small.muted { "Whoever may use a library sees every link in it, also what is marked private." }
            div.line { button.btn.btn-main type="submit" { (icon("user-plus")) "Invite" } }
        }
    }
}

fn libraries(page: &TeamPage, frame: &Frame) -> Markup {
    html! {
        section.part {
            h2 { "Libraries" }
            @if page.libraries.is_empty() {
                (empty("library", "Nothing shared with you yet", "Who manages a library here decides who may use it.", &html! {}))
            }
            ul {
                @for library in &page.libraries {
                    li.line-item {
                        (icon("library"))
                        @if let Some(href) = &library.href { a.grow href=(href) { (library.name) } }
                        @else { span.grow { (library.name) } span.small.muted { "Not shared with you" } }
                    }
                }
            }
            @if page.team.role.makes_libraries() {
                form.line method="post" action={ "/people/" (page.team.id) "/libraries" } {
                    (token(&frame.csrf))
                    input.input.grow name="name" required maxlength="200" placeholder="Papers" aria-label="Name of the library" autocomplete="off";
                    button.btn.btn-line type="submit" { (icon("plus")) "New library" }
                }
            }
        }
    }
}

fn groups(page: &TeamPage, frame: &Frame) -> Markup {
    let governs = page.team.role.governs();
    html! {
        section.part {
            h2 { "Groups" }
            p.muted { "A library can be shared with a group at once." }
            @for group in &page.groups { (group_line(page, group, frame)) }
            @if governs {
                form.line method="post" action={ "/people/" (page.team.id) "/groups" } {
                    (token(&frame.csrf))
                    input.input.grow name="name" required maxlength="100" placeholder="Editors" aria-label="Name of the group" autocomplete="off";
                    button.btn.btn-line type="submit" { (icon("plus")) "New group" }
                }
            }
        }
    }
}

fn group_line(page: &TeamPage, group: &GroupLine, frame: &Frame) -> Markup {
    let action = format!("/people/{}/groups/{}", page.team.id, group.id);
    let is_in = |id: &str| group.people.iter().any(|(known, _)| known == id);
    let others: Vec<_> = page.members.iter().filter(|member| !is_in(&member.id)).collect();
    let change = html! {
        form.stack-s method="post" action=(action) {
            (token(&frame.csrf))
            input.input name="name" value=(group.name) required maxlength="100" aria-label={ "New name for " (group.name) };
            button.btn type="submit" { (icon("pencil")) "Rename" }
        }
        form method="post" action={ (action) "/remove" } {
            (token(&frame.csrf))
            button.btn.btn-danger type="submit" { (icon("trash-2")) "Remove this group" }
        }
    };
    html! {
        div.setting {
            div.stack-s {
                h3 { (group.name) }
                div.line {
                    @for (id, name) in &group.people {
                        span.chip {
                            (name)
                            @if page.team.role.governs() {
                                form method="post" action={ (action) "/members/" (id) "/remove" } {
                                    (token(&frame.csrf))
                                    button type="submit" aria-label={ "Take " (name) " out of " (group.name) } { (icon("x")) }
                                }
                            }
                        }
                    }
                    @if group.people.is_empty() { span.small.muted { "Nobody yet" } }
                }
                @if page.team.role.governs() && !others.is_empty() {
                    form.line method="post" action={ (action) "/members" } {
                        (token(&frame.csrf))
                        select.input name="person" aria-label={ "Who comes into " (group.name) } {
                            @for member in others { option value=(member.id) { (member.name) } }
                        }
                        (submit("Put in", Weight::Line))
                    }
                }
            }
            @if page.team.role.governs() { (menu(&format!("Change {}", group.name), &icon("ellipsis"), &change)) }
        }
    }
}

fn rename(page: &TeamPage, frame: &Frame) -> Markup {
    html! {
        section.part {
            h2 { "Name" }
            form.line method="post" action={ "/people/" (page.team.id) } {
                (token(&frame.csrf))
                input.input.grow name="name" value=(page.team.name) required maxlength="100" aria-label="Name of the team" autocomplete="off";
                (submit("Rename", Weight::Line))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::pages::hostile;

    fn page(text: &str, role: Role) -> TeamPage {
        let at = datetime!(2026-01-02 03:04 UTC);
        let text = || text.to_owned();
        TeamPage {
            team: TeamLine { id: "t".into(), name: text(), role, own: false },
            members: vec![
                MemberLine {
                    id: "a".into(),
                    name: text(),
                    role: Role::Owner,
                    since: at,
                    this: false,
                },
                MemberLine { id: "b".into(), name: text(), role, since: at, this: true },
            ],
            invitations: vec![InvitationLine {
                id: "i".into(),
                note: text(),
                role: Role::Member,
                share: Some((text(), Right::Read)),
                ends_at: at,
            }],
            new_invitation: Some(text()),
            groups: vec![GroupLine {
                id: "g".into(),
                name: text(),
                people: vec![("a".into(), text())],
            }],
            libraries: vec![LibraryLine { id: "l".into(), name: text(), href: None }],
            has_provider: true,
        }
    }

    #[test]
    fn hostile_names_stay_text() {
        for string in hostile::STRINGS {
            let frame = Frame::default();
            let out = team(&page(string, Role::Owner), &frame);
            hostile::assert_dead(&out.into_string(), string);
            let line = page(string, Role::Member).team;
            hostile::assert_dead(&people(&[line], Operator::Yes, &frame).into_string(), string);
        }
    }

    #[test]
    fn only_what_somebody_may_do_is_offered() {
        let shown = |role| team(&page("x", role), &Frame::default()).into_string();
        let (member, admin) = (shown(Role::Member), shown(Role::Admin));
        for way in ["/invitations", "/members/a", "/groups/g/remove", "Rename"] {
            assert!(!member.contains(way), "{way}");
        }
        assert!(member.contains("Leave this team"));
        assert!(admin.contains("/people/t/invitations"));
        assert!(!admin.contains("/people/t/members/a"), "an owner is for owners to change");
        assert!(!admin.contains("value=\"owner\""), "nor does an admin invite one");
        assert!(shown(Role::Owner).contains("/people/t/members/a/remove"));
    }
}
