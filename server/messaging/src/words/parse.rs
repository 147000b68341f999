//! Reading what someone has written.

use super::{Command, VERBS, Verb};
use crate::Platform;

/// The way in which a platform's people write commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// With a slash before them: `/status`. All else is talk.
    Slash,
    /// The bare words, to the bot alone: `status`. What is no command is talk.
    Bare,
    /// The bare words after a command's name that the platform knows: what is no command is a mistake.
    Strict,
}

/// The meaning of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A command.
    Command(Command),
    /// A command that is not right: how it is written.
    Mistake(String),
    /// Talk: a turn of a conversation.
    Talk(String),
    /// Nothing at all.
    Nothing,
}

/// The longest mute, in minutes: a week.
const LONGEST_MUTE: u32 = 7 * 24 * 60;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 4096;

/// Understands a text. `me` is the bot's name, which may follow a command after an `@`; what is answered names commands as they are written on the
/// platform.
pub fn heard(text: &str, form: Form, platform: Platform, me: Option<&str>) -> Heard {
    let text = text.trim();
    if text.is_empty() {
        return Heard::Nothing;
    }
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    let word = match form {
        Form::Slash => match first.strip_prefix('/') {
            Some(word) => word,
            None => return Heard::Talk(text.to_owned()),
        },
        _ => first.strip_prefix('/').unwrap_or(first),
    };
    let word = match word.split_once('@') {
        // A command for another bot in the same group.
        Some((_, name)) if me.is_none_or(|me| !name.eq_ignore_ascii_case(me)) => return Heard::Nothing,
        Some((word, _)) => word,
        None => word,
    };
    let word = word.to_lowercase();
    let command = command(&word, rest);
    match (command, form) {
        (Some(Ok(command)), _) => Heard::Command(command),
        // A sentence that happens to begin with one of the words.
        (_, Form::Bare) if !first.starts_with('/') => Heard::Talk(text.to_owned()),
        (Some(Err((verb, why))), _) => Heard::Mistake(mistake(verb, &why, platform)),
        (None, _) => Heard::Mistake(unknown(&word, platform)),
    }
}

/// What is wrong with a command, and how it is written.
fn mistake(verb: &Verb, why: &str, platform: Platform) -> String {
    let params = if verb.params.is_empty() { String::new() } else { format!(" {}", verb.params) };
    format!("Nothing was done: {why}. `{}{params}`: {}.", platform.command(verb.word), verb.does)
}

/// What was written, as it is shown.
fn shown(text: &str) -> String {
    let shown: String = text.chars().take(40).collect();
    // It stands in Markdown.
    let is_cut = text.chars().nth(40).is_some();
    format!("\"{}{}\"", shown.replace('`', "'"), if is_cut { "…" } else { "" })
}

fn unknown(word: &str, platform: Platform) -> String {
    let help = platform.command("help");
    if word.is_empty() {
        return format!("no command stands after the slash; `{help}` lists them");
    }
    let shown: String = word.chars().take(40).collect();
    let near = VERBS
        .iter()
        .map(|verb| (strsim::osa_distance(verb.word, word), verb.word))
        .min()
        .filter(|(distance, known)| *distance * 3 <= known.len().max(3))
        .map(|(_, near)| format!("did you mean `{}`? ", platform.command(near)));
    format!("there is no command {shown:?}; {}`{help}` lists them", near.unwrap_or_default())
}

/// The command of a word; the verb and why if what follows it is wrong, none if there is no such word.
fn command(word: &str, rest: &str) -> Option<Result<Command, (&'static Verb, String)>> {
    let known = match word {
        "start" => "help",
        "ralph-status" | "ralph_status" => "loops",
        word => word,
    };
    let verb = VERBS.iter().find(|verb| verb.word == known)?;
    Some(read(known, rest).map_err(|why| (verb, why)))
}

fn read(word: &str, rest: &str) -> Result<Command, String> {
    let alone = |command| match rest.is_empty() {
        true => Ok(command),
        false => Err(format!("nothing can follow this command, and {} does", shown(rest))),
    };
    let text = |what: &str| match rest.is_empty() {
        true => Err(format!("{what} is missing")),
        false => Ok(rest.to_owned()),
    };
    let (first, more) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let more = Some(more.trim().to_owned()).filter(|more| !more.is_empty());
    Ok(match word {
        // Telegram sends a parameter with the first `/start`.
        "help" => Command::Help,
        "status" => alone(Command::Status)?,
        "health" => alone(Command::Health)?,
        "tasks" => alone(Command::Tasks)?,
        "loops" => alone(Command::Loops)?,
        "whoami" => alone(Command::Whoami)?,
        "new" => alone(Command::New)?,
        "task" => Command::Task(id("task", rest)?),
        "cancel" => Command::Cancel(id("task", rest)?),
        "retry" => Command::Retry(id("task", rest)?),
        "approve" => Command::Approve(id("approval", rest)?),
        "reject" => Command::Reject {
            id: id("approval", first)?,
            reason: more.map(|reason| reason.chars().take(LONGEST_REASON).collect()),
        },
        "answer" => {
            Command::Answer { id: id("approval", first)?, text: more.ok_or("the answer is missing")? }
        }
        "ask" => Command::Ask(text("the question")?),
        "run" => run(rest)?,
        "automation" => Command::Automation {
            on: match first.to_lowercase().as_str() {
                "on" => true,
                "off" => false,
                "" => return Err("on or off is missing".to_owned()),
                _ => return Err(format!("{} is neither on nor off", shown(first))),
            },
            rule: more,
        },
        "mute" => Command::Mute(minutes(rest)?),
        _ => return Err(format!("{} is no command", shown(word))),
    })
}

/// The minutes of a mute.
fn minutes(text: &str) -> Result<u32, String> {
    if text.is_empty() {
        return Err("the minutes are missing".to_owned());
    }
    let minutes = text.parse().ok().filter(|minutes| *minutes <= LONGEST_MUTE);
    minutes.ok_or_else(|| {
        format!("{} is no number of minutes from 0 to {LONGEST_MUTE}, which is a week", shown(text))
    })
}

/// A prompt, and the command after `--verify`, for which phones write a dash.
fn run(rest: &str) -> Result<Command, String> {
    let at = ["--verify", "—verify", "–verify"]
        .iter()
        .filter_map(|option| rest.rfind(option).map(|at| (at, option.len())))
        .find(|(at, length)| {
            let is_space = |c: Option<char>| c.is_none_or(char::is_whitespace);
            is_space(rest[..*at].chars().next_back()) && is_space(rest[at + length..].chars().next())
        });
    let (prompt, verify) = match at {
        Some((at, length)) => (rest[..at].trim(), Some(unquoted(rest[at + length..].trim()))),
        None => (rest, None),
    };
    if prompt.is_empty() {
        return Err("what is to be done is missing".to_owned());
    }
    if verify.as_ref().is_some_and(String::is_empty) {
        return Err("the command after --verify is missing".to_owned());
    }
    Ok(Command::Run { prompt: prompt.to_owned(), verify })
}

/// A command as someone meant it who has put it in quotes, be they those of a phone.
fn unquoted(text: &str) -> String {
    let pairs = [('"', '"'), ('“', '”'), ('„', '“'), ('\'', '\'')];
    let inner = pairs.iter().find_map(|(open, close)| {
        let inner = text.strip_prefix(*open)?.strip_suffix(*close)?;
        (!inner.contains([*open, *close])).then_some(inner)
    });
    inner.unwrap_or(text).to_owned()
}

/// The full id of what is named by it, or by its number.
fn id(kind: &str, text: &str) -> Result<String, String> {
    let digits = text.strip_prefix(kind).and_then(|rest| rest.strip_prefix('-')).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: Option<u64> = is_number.then(|| digits.parse().ok()).flatten();
    let number = number.ok_or_else(|| match text.is_empty() {
        true => format!("the id is missing, as {kind}-0001 or 1"),
        false => format!("{} is no id, as {kind}-0001 or 1 is", shown(text)),
    })?;
    Ok(format!("{kind}-{number:04}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rights::Right;

    fn slash(text: &str) -> Heard {
        heard(text, Form::Slash, Platform::Telegram, Some("aiwg_bot"))
    }

    fn said(command: Command) -> Heard {
        Heard::Command(command)
    }

    #[test]
    fn commands_are_read() {
        assert_eq!(slash("/status"), said(Command::Status));
        assert_eq!(slash(" /Status@AIWG_bot "), said(Command::Status));
        assert_eq!(slash("/task 7"), said(Command::Task("task-0007".into())));
        assert_eq!(slash("/task task-12345"), said(Command::Task("task-12345".into())));
        assert_eq!(slash("/approve approval-0003"), said(Command::Approve("approval-0003".into())));
        let rejected = Command::Reject { id: "approval-0003".into(), reason: Some("not on Friday".into()) };
        assert_eq!(slash("/reject 3  not on Friday "), said(rejected));
        let off = Command::Automation { on: false, rule: Some("tests".into()) };
        assert_eq!(slash("/automation OFF tests"), said(off));
        assert_eq!(slash("/mute 90"), said(Command::Mute(90)));
        assert_eq!(slash("/ralph-status"), said(Command::Loops));
        assert_eq!(slash("/start abc"), said(Command::Help));
        assert_eq!(slash("/ask why\nnot?"), said(Command::Ask("why\nnot?".into())));
    }

    #[test]
    fn a_run_may_have_a_check() {
        let run = |prompt: &str, verify: Option<&str>| {
            said(Command::Run { prompt: prompt.into(), verify: verify.map(str::to_owned) })
        };
        assert_eq!(slash("/run fix it"), run("fix it", None));
        assert_eq!(slash("/run fix it --verify npm test -- -x"), run("fix it", Some("npm test -- -x")));
        assert_eq!(slash("/run fix it —verify “npm test”"), run("fix it", Some("npm test")));
        assert_eq!(slash("/run explain a--verify b"), run("explain a--verify b", None));
        assert!(matches!(slash("/run --verify x"), Heard::Mistake(_)));
        assert!(matches!(slash("/run x --verify"), Heard::Mistake(_)));
    }

    #[test]
    fn what_is_wrong_is_answered_with_how_it_is_written() {
        let mistake = |text: &str| match slash(text) {
            Heard::Mistake(why) => why,
            other => panic!("{text}: {other:?}"),
        };
        let task =
            "Nothing was done: the id is missing, as task-0001 or 1. `/task ID`: a task and its answer.";
        assert_eq!(mistake("/task"), task);
        let huge = "9".repeat(50);
        for (text, why) in [
            ("/task x".to_owned(), "\"x\" is no id"),
            (format!("/cancel {huge}"), "999…\" is no id"),
            ("/mute soon".to_owned(), "\"soon\" is no number of minutes from 0 to 10080, which is a week"),
            ("/mute 99999".to_owned(), "\"99999\" is no number"),
            ("/mute".to_owned(), "the minutes are missing"),
            ("/answer 3".to_owned(), "the answer is missing"),
            ("/automation".to_owned(), "on or off is missing"),
            ("/automation yes".to_owned(), "\"yes\" is neither on nor off"),
            ("/status now".to_owned(), "nothing can follow this command, and \"now\" does"),
            ("/new x".to_owned(), "Nothing was done: nothing can follow"),
            ("/run".to_owned(), "what is to be done is missing"),
            ("/run x --verify".to_owned(), "the command after --verify is missing"),
            ("/ask".to_owned(), "the question is missing"),
        ] {
            assert!(mistake(&text).contains(why), "{text}: {}", mistake(&text));
        }
        assert!(mistake("/statsu").contains("did you mean `/status`?"));
        assert!(mistake("/xyzzy").starts_with("there is no command \"xyzzy\"; `/help`"));
        assert!(mistake("/").starts_with("no command stands after the slash; `/help`"));
        let slack = heard("statsu", Form::Strict, Platform::Slack, None);
        assert!(matches!(slack, Heard::Mistake(why) if why.contains("`/aiwg status`? `/aiwg help`")));
    }

    #[test]
    fn talk_is_no_command() {
        assert_eq!(slash("status"), Heard::Talk("status".into()));
        assert_eq!(slash(" \n "), Heard::Nothing);
        assert_eq!(slash("/status@other_bot"), Heard::Nothing);
        let bare = |text: &str| heard(text, Form::Bare, Platform::Slack, None);
        assert_eq!(bare("status"), said(Command::Status));
        assert_eq!(bare("status of the build?"), Heard::Talk("status of the build?".into()));
        assert_eq!(bare("task force"), Heard::Talk("task force".into()));
        assert!(matches!(bare("/task force"), Heard::Mistake(_)));
        assert!(matches!(heard("task force", Form::Strict, Platform::Slack, None), Heard::Mistake(_)));
    }

    #[test]
    fn the_list_has_each_command_with_its_right() {
        let examples = [
            "/help",
            "/status",
            "/health",
            "/tasks",
            "/task 1",
            "/loops",
            "/whoami",
            "/ask a",
            "/new",
            "/run a",
            "/cancel 1",
            "/retry 1",
            "/approve 1",
            "/reject 1",
            "/answer 1 a",
            "/automation on",
            "/mute 1",
        ];
        assert_eq!(examples.len(), VERBS.len());
        for example in examples {
            let Heard::Command(command) = slash(example) else { panic!("{example}") };
            let word = example.trim_start_matches('/').split(' ').next().unwrap();
            let verb = VERBS.iter().find(|verb| verb.word == word).unwrap();
            assert_eq!(command.needs(), verb.needs, "{word}");
        }
        assert_eq!(Command::Run { prompt: String::new(), verify: None }.needs(), Right::Write);
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd(text in ".{0,80}", form in 0..3) {
            let form = [Form::Slash, Form::Bare, Form::Strict][form as usize];
            heard(&text, form, Platform::Slack, Some("bot"));
            heard(&format!("/run {text} --verify {text}"), form, Platform::Telegram, None);
        }
    }
}
