//! The plan for something that has come, by who has sent it and where. Nothing else decides that.

use aiwg_messaging::{
    Platform,
    rights::{PersonId, Right},
    text::Styled,
    words::{Command, Heard, Pressed, heard},
};
use aiwg_model::TaskNo;
use aiwg_model::VerifyTerms;
use aiwg_platforms::{Inbound, What};
use aiwg_protocol::types::{CheckCommand, Verify};

use crate::{
    engine::{Decision, Effect},
    messaging::Setup,
};

/// The plan for something that has come.
#[derive(Debug)]
pub(super) enum Plan {
    /// It is passed over.
    PassOver,
    /// A stranger hears this, once.
    Stranger(Styled),
    /// Someone hears this.
    Say(Styled),
    /// Someone hears how things stand.
    Show(View),
    /// It has this effect.
    Do(Effect),
    /// A button was pressed that is not theirs to press: they see this.
    Toast(&'static str),
}

/// A view of how things stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum View {
    /// The daemon.
    Status,
    /// The issues.
    Health,
    /// The tasks.
    Tasks,
    /// One of them.
    Task(TaskNo),
    /// The tasks with a check.
    Loops,
}

/// The settings that decide about something, besides itself.
pub(super) struct Rules<'a> {
    /// The set-up.
    pub(super) setup: &'a Setup,
    /// The bot's name.
    pub(super) me: Option<&'a str>,
    /// True if the place is a chat that is set up.
    pub(super) is_home: bool,
    /// The check of tasks where none is asked for in full.
    pub(super) verify: &'a Verify,
}

/// Decides.
pub(super) fn plan(inbound: &Inbound, rules: &Rules<'_>) -> Plan {
    let Some(person) = &inbound.person else { return Plan::PassOver };
    let right = rules.setup.people.right_of(person);
    match &inbound.what {
        What::Nothing | What::Moved(_) => Plan::PassOver,
        What::Press(data) => match right {
            Some(right) => press(data, right, inbound.is_direct || rules.is_home),
            None => of_stranger(person, inbound),
        },
        What::Text { text, form } => {
            let heard = heard(text, *form, inbound.place.platform, rules.me);
            if heard == Heard::Nothing {
                return Plan::PassOver;
            }
            match right {
                None => of_stranger(person, inbound),
                // Groups that are not set up are not for this.
                Some(right) if !inbound.is_direct && !rules.is_home => match heard {
                    Heard::Command(Command::Whoami) => Plan::Say(whoami(person, right, inbound, false)),
                    _ => Plan::PassOver,
                },
                Some(right) => by_right(heard, person, right, inbound, rules),
            }
        }
    }
}

/// Strangers hear nothing in groups, whatever they do there, and their id where they are alone with the bot.
fn of_stranger(person: &PersonId, inbound: &Inbound) -> Plan {
    if inbound.is_direct { Plan::Stranger(to_stranger(person, &inbound.place.chat)) } else { Plan::PassOver }
}

fn by_right(heard: Heard, person: &PersonId, right: Right, inbound: &Inbound, rules: &Rules<'_>) -> Plan {
    let command = match heard {
        Heard::Nothing => return Plan::PassOver,
        Heard::Mistake(why) => return Plan::Say(aiwg_messaging::text::markdown(&why)),
        Heard::Talk(text) => Command::Ask(text),
        Heard::Command(command) => command,
    };
    if right < command.needs() {
        return Plan::Say(Styled::plain(&format!(
            "You may not do that: it needs the right \"{}\", and you have \"{}\". A person with access to the project can list {person} under \
             messaging.users.{}.",
            command.needs().name(),
            right.name(),
            command.needs().name()
        )));
    }
    match command {
        Command::Help => Plan::Say(help(right, inbound.place.platform)),
        Command::Whoami => Plan::Say(whoami(person, right, inbound, rules.is_home)),
        Command::Status => Plan::Show(View::Status),
        Command::Health => Plan::Show(View::Health),
        Command::Tasks => Plan::Show(View::Tasks),
        Command::Loops => Plan::Show(View::Loops),
        Command::Task(id) => with_task(&id, |no| Plan::Show(View::Task(no))),
        Command::Cancel(id) => with_task(&id, |no| Plan::Do(Effect::Cancel(no))),
        Command::Retry(id) => with_task(&id, |no| Plan::Do(Effect::Retry(no))),
        Command::Ask(text) => {
            let is_ask = right < Right::Write;
            Plan::Do(Effect::Turn { text, is_ask, timeout_ms: rules.setup.answer_ms })
        }
        Command::New => Plan::Do(Effect::New),
        Command::Run { prompt, verify } => {
            let asked = verify
                .map(|command| Verify { command: Some(CheckCommand::Shell(command)), ..Verify::default() });
            let verify = asked.map(|asked| asked.or(rules.verify)).and_then(VerifyTerms::of);
            Plan::Do(Effect::Run { prompt, verify })
        }
        Command::Approve(id) => decide(&id, Decision::Approve),
        Command::Reject { id, reason } => decide(&id, Decision::Reject(reason)),
        Command::Answer { id, text } => decide(&id, Decision::Answer(text)),
        Command::Automation { on, rule } => Plan::Do(Effect::Switch { on, rule }),
        Command::Mute(minutes) => Plan::Do(Effect::Mute(minutes)),
    }
}

/// A button is checked as a command is: anyone can press it, and anyone can forge what it holds.
fn press(data: &str, right: Right, is_known_place: bool) -> Plan {
    if right != Right::Write {
        return Plan::Toast("You may not decide that.");
    }
    if !is_known_place {
        return Plan::Toast("Nothing is decided here: this chat is not set up, or not any more.");
    }
    match Pressed::parse(data) {
        Some(Pressed::Approve(id)) => decide(&id, Decision::Approve),
        Some(Pressed::Reject(id)) => decide(&id, Decision::Reject(None)),
        Some(Pressed::Option(id, place)) => decide(&id, Decision::Option(place)),
        None => Plan::Toast("This button means nothing any more."),
    }
}

fn decide(id: &str, decision: Decision) -> Plan {
    match id.parse() {
        Ok(no) => Plan::Do(Effect::Decide(no, decision)),
        Err(()) => Plan::Say(Styled::plain(&format!("There is no approval {id}."))),
    }
}

fn with_task(id: &str, then: impl FnOnce(TaskNo) -> Plan) -> Plan {
    match id.parse() {
        Ok(no) => then(no),
        Err(()) => Plan::Say(Styled::plain(&format!("There is no task {id}."))),
    }
}

fn to_stranger(person: &PersonId, chat: &str) -> Styled {
    let mut text = Styled::plain("I do not know you, so I do nothing for you. Your id is ");
    text.push_with(&person.to_string(), aiwg_messaging::text::Style::Code);
    text.push_plain(&format!(
        " (this chat's is {chat}). If I am to work for you, list that id under messaging.users.write in the project's .aiwg/daemon.json and run \
         `aiwg daemon reload`; or list it in AIWG_WRITE_USERS, and stop and start the daemon."
    ));
    text
}

fn whoami(person: &PersonId, right: Right, inbound: &Inbound, is_home: bool) -> Styled {
    let mut text = Styled::plain("You are ");
    text.push_with(&person.to_string(), aiwg_messaging::text::Style::Code);
    text.push_plain(&format!(", with the right \"{}\". This chat is ", right.name()));
    text.push_with(&inbound.place.chat, aiwg_messaging::text::Style::Code);
    // Only there it can be set.
    if let Some(thread) =
        inbound.place.thread.as_ref().filter(|_| inbound.place.platform == Platform::Telegram)
    {
        text.push_plain(&format!(", topic {thread}"));
    }
    text.push_plain(match (is_home, inbound.is_direct) {
        (true, _) => ": notices are sent here.",
        (false, true) => ": I answer here.",
        (false, false) => ": it is not set up, so nothing but this works here.",
    });
    text
}

fn help(right: Right, platform: Platform) -> Styled {
    let mut text = Styled::default();
    for verb in aiwg_messaging::words::VERBS.iter().filter(|verb| verb.needs <= right) {
        let params = if verb.params.is_empty() { String::new() } else { format!(" {}", verb.params) };
        let written = format!("{}{params}", platform.command(verb.word));
        text.push_with(&written, aiwg_messaging::text::Style::Code);
        text.push_plain(&format!(" {}\n", verb.does));
    }
    if platform == Platform::Slack {
        text.push_plain("\nTo me alone, or after my name, the words do without /aiwg; so they do in threads, where Slack has no commands.\n");
    }
    if right >= Right::Ask {
        text.push_plain("\nAnything else is a question to an agent, which knows what was said here before.");
    }
    text
}

#[cfg(test)]
mod tests {
    use aiwg_messaging::{Place, rights::People, words::Form};

    use super::*;

    fn setup() -> Setup {
        let mut people = People::default();
        for (id, right) in [("77", Right::Write), ("78", Right::Ask), ("79", Right::Read)] {
            people.list(PersonId { platform: Platform::Telegram, id: id.to_owned() }, right);
        }
        Setup {
            platforms: vec![Platform::Telegram],
            homes: Vec::new(),
            people,
            subscriptions: Vec::new(),
            pace: aiwg_messaging::notice::Pace { window_ms: 0, max_per_minute: 6 },
            quiet: None,
            expire_ms: 1,
            answer_ms: 60_000,
        }
    }

    fn from(id: &str, what: What, is_direct: bool) -> Inbound {
        Inbound {
            place: Place { platform: Platform::Telegram, chat: "-1".to_owned(), thread: None },
            is_direct,
            person: Some(PersonId { platform: Platform::Telegram, id: id.to_owned() }),
            name: None,
            message: None,
            what,
        }
    }

    fn planned(id: &str, text: &str, is_direct: bool, is_home: bool) -> Plan {
        let what = What::Text { text: text.to_owned(), form: Form::Slash };
        let (setup, verify) = (setup(), Verify::default());
        plan(&from(id, what, is_direct), &Rules { setup: &setup, me: Some("bot"), is_home, verify: &verify })
    }

    fn said(plan: Plan) -> String {
        match plan {
            Plan::Say(text) | Plan::Stranger(text) => text.text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn strangers_hear_nothing_in_groups_and_their_id_in_direct_messages() {
        for text in ["/status", "/whoami", "hello", "/approve 1", "/run rm"] {
            assert!(matches!(planned("5", text, false, true), Plan::PassOver), "{text}");
            assert!(matches!(planned("5", text, true, false), Plan::Stranger(_)), "{text}");
        }
        assert!(said(planned("5", "hi", true, false)).contains("telegram:5 (this chat's is -1)"));
    }

    #[test]
    fn a_group_that_is_not_set_up_is_not_for_this() {
        for text in ["/status", "/run rm", "hello"] {
            assert!(matches!(planned("77", text, false, false), Plan::PassOver), "{text}");
        }
        assert!(said(planned("77", "/whoami", false, false)).contains("not set up"));
    }

    #[test]
    fn each_right_has_those_before_it_and_no_more() {
        for (id, right) in [("79", Right::Read), ("78", Right::Ask), ("77", Right::Write)] {
            for (text, needs) in [
                ("/status", Right::Read),
                ("/task 1", Right::Read),
                ("/ask x", Right::Ask),
                ("why?", Right::Ask),
                ("/new", Right::Ask),
                ("/run x", Right::Write),
                ("/cancel 1", Right::Write),
                ("/retry 1", Right::Write),
                ("/approve 1", Right::Write),
                ("/reject 1", Right::Write),
                ("/answer 1 x", Right::Write),
                ("/automation off", Right::Write),
                ("/mute 5", Right::Write),
            ] {
                let may = matches!(planned(id, text, false, true), Plan::Do(_) | Plan::Show(_));
                assert_eq!(may, right >= needs, "{text} by {right:?}");
            }
        }
        let refused = said(planned("79", "/run x", true, false));
        assert!(
            refused.contains("needs the right \"write\"") && refused.contains("telegram:79"),
            "{refused}"
        );
    }

    #[test]
    fn those_who_may_only_ask_get_the_agent_that_reads_only() {
        let is_ask = |id: &str| match planned(id, "why?", true, false) {
            Plan::Do(Effect::Turn { is_ask, timeout_ms: 60_000, .. }) => is_ask,
            other => panic!("{other:?}"),
        };
        assert_eq!((is_ask("78"), is_ask("77")), (true, false));
    }

    #[test]
    fn buttons_are_checked_as_commands_are() {
        let (setup, verify) = (setup(), Verify::default());
        let press = |id: &str, data: &str, is_direct, is_home| {
            let rules = Rules { setup: &setup, me: None, is_home, verify: &verify };
            plan(&from(id, What::Press(data.to_owned()), is_direct), &rules)
        };
        for id in ["78", "79"] {
            assert!(matches!(press(id, "a:approval-0001", true, true), Plan::Toast(_)), "{id}");
        }
        for data in ["a:approval-0001", "x"] {
            assert!(
                matches!(press("5", data, false, true), Plan::PassOver),
                "strangers hear nothing in groups"
            );
            assert!(said(press("5", data, true, false)).contains("telegram:5"), "and their id elsewhere");
        }
        assert!(matches!(press("77", "a:approval-0001", false, false), Plan::Toast(_)));
        assert!(matches!(press("77", "x", false, true), Plan::Toast(_)));
        assert!(matches!(
            press("77", "r:approval-0001", false, true),
            Plan::Do(Effect::Decide(_, Decision::Reject(None)))
        ));
    }

    #[test]
    fn the_help_lists_what_one_may() {
        let of = |id: &str| said(planned(id, "/help", true, false));
        assert!(of("79").contains("/status") && !of("79").contains("/run"));
        assert!(of("77").contains("/approve ID") && of("78").contains("/ask"));
    }
}
