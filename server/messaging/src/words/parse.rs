//! Reading what someone has written.

use super::{Command, VERBS, Verb};

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

/// Understands a text. `me` is the bot's name, which may follow a command after an `@`.
pub fn heard(text: &str, form: Form, me: Option<&str>) -> Heard {
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
        (Some(Err(verb)), _) => Heard::Mistake(usage(verb)),
        (None, _) => Heard::Mistake(unknown(&word)),
    }
}

fn usage(verb: &Verb) -> String {
    let params = if verb.params.is_empty() { String::new() } else { format!(" {}", verb.params) };
    format!("`{}{params}` {}", verb.word, verb.does)
}

fn unknown(word: &str) -> String {
    let shown: String = word.chars().take(40).collect();
    let near = VERBS
        .iter()
        .map(|verb| (strsim::osa_distance(verb.word, word), verb.word))
        .min()
        .filter(|(distance, known)| *distance * 3 <= known.len().max(3))
        .map(|(_, near)| format!("did you mean `{near}`? "));
    format!("there is no command {shown:?}; {}`help` lists them", near.unwrap_or_default())
}

/// The command of a word; the verb if what follows it is wrong, none if there is no such word.
fn command(word: &str, rest: &str) -> Option<Result<Command, &'static Verb>> {
    let known = match word {
        "start" => "help",
        "ralph-status" | "ralph_status" => "loops",
        word => word,
    };
    let verb = VERBS.iter().find(|verb| verb.word == known)?;
    Some(read(known, rest).ok_or(verb))
}

fn read(word: &str, rest: &str) -> Option<Command> {
    let alone = |command| rest.is_empty().then_some(command);
    let text = || Some(rest.to_owned()).filter(|text| !text.is_empty());
    let (first, more) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let more = Some(more.trim().to_owned()).filter(|more| !more.is_empty());
    Some(match word {
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
        "answer" => Command::Answer { id: id("approval", first)?, text: more? },
        "ask" => Command::Ask(text()?),
        "run" => run(rest)?,
        "automation" => Command::Automation {
            on: match first.to_lowercase().as_str() {
                "on" => true,
                "off" => false,
                _ => return None,
            },
            rule: more,
        },
        "mute" => Command::Mute(rest.parse().ok().filter(|minutes| *minutes <= LONGEST_MUTE)?),
        _ => return None,
    })
}

/// A prompt, and the command after `--verify`, for which phones write a dash.
fn run(rest: &str) -> Option<Command> {
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
    let is_empty = |text: &String| text.is_empty();
    (!prompt.is_empty() && !verify.as_ref().is_some_and(is_empty))
        .then(|| Command::Run { prompt: prompt.to_owned(), verify })
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
fn id(kind: &str, text: &str) -> Option<String> {
    let digits = text.strip_prefix(kind).and_then(|rest| rest.strip_prefix('-')).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = is_number.then(|| digits.parse().ok()).flatten()?;
    Some(format!("{kind}-{number:04}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rights::Right;

    fn slash(text: &str) -> Heard {
        heard(text, Form::Slash, Some("aiwg_bot"))
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
        assert_eq!(mistake("/task"), "`task ID` a task and its answer");
        for text in
            ["/task x", "/mute soon", "/mute 99999", "/answer 3", "/automation", "/status now", "/run"]
        {
            assert!(mistake(text).starts_with('`'), "{text}");
        }
        assert!(mistake("/statsu").contains("did you mean `status`?"));
        assert!(mistake("/xyzzy").starts_with("there is no command \"xyzzy\"; `help`"));
    }

    #[test]
    fn talk_is_no_command() {
        assert_eq!(slash("status"), Heard::Talk("status".into()));
        assert_eq!(slash(" \n "), Heard::Nothing);
        assert_eq!(slash("/status@other_bot"), Heard::Nothing);
        let bare = |text: &str| heard(text, Form::Bare, None);
        assert_eq!(bare("status"), said(Command::Status));
        assert_eq!(bare("status of the build?"), Heard::Talk("status of the build?".into()));
        assert_eq!(bare("task force"), Heard::Talk("task force".into()));
        assert!(matches!(bare("/task force"), Heard::Mistake(_)));
        assert!(matches!(heard("task force", Form::Strict, None), Heard::Mistake(_)));
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
            heard(&text, form, Some("bot"));
            heard(&format!("/run {text} --verify {text}"), form, None);
        }
    }
}
