//! What makes a shell complete the command: what clap writes, and the words that only the daemon knows.

use std::{collections::BTreeSet, fmt::Write, process::ExitCode};

use clap::ArgAction;
use clap_complete::Shell;

use crate::{complete, error::CliError, output::verbatim};

/// An argument whose words the daemon knows.
struct Place {
    /// The words of the command, as `task get`.
    command: String,
    /// As it is typed, if it is an option: `--agent`.
    option: Option<String>,
    /// The argument's name, and what its help begins with.
    name: String,
    help: String,
    /// True if it may be given several times.
    is_many: bool,
    /// The kind of its words.
    kind: &'static str,
}

/// What the completions are made from.
#[derive(Default)]
struct Known {
    places: Vec<Place>,
    /// The options that take a value, as they are typed.
    with_value: BTreeSet<String>,
}

/// Prints what makes a shell complete the command.
pub(crate) fn completions(shell: Shell, mut command: clap::Command) -> Result<ExitCode, CliError> {
    // By way of a buffer: the generator panics where it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "aiwg", &mut script);
    let script = String::from_utf8_lossy(&script);
    let known = || {
        let mut known = Known::default();
        known.gather(&command, "");
        known
    };
    let script = match shell {
        Shell::Bash => bash(&script, &known()),
        Shell::Zsh => zsh(&script, &known().places),
        _ => script.into_owned(),
    };
    verbatim(script.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

impl Known {
    fn gather(&mut self, command: &clap::Command, words: &str) {
        for arg in command.get_arguments().filter(|arg| arg.get_action().takes_values()) {
            self.with_value.extend(arg.get_long().map(|long| format!("--{long}")));
            self.with_value.extend(arg.get_short().map(|short| format!("-{short}")));
            let Some(kind) = kind(words, arg.get_id().as_str()) else { continue };
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            let plain = help.split(|c: char| !c.is_alphanumeric() && c != ' ').next().unwrap_or_default();
            self.places.push(Place {
                command: words.to_owned(),
                option: arg.get_long().map(|long| format!("--{long}")),
                name: arg.get_id().to_string(),
                help: plain.to_owned(),
                is_many: matches!(arg.get_action(), ArgAction::Append),
                kind,
            });
        }
        for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
            let words = format!("{words} {}", inner.get_name());
            self.gather(inner, words.trim_start());
        }
    }
}

/// The kind of an argument's words, as `aiwg complete` knows it.
fn kind(command: &str, argument: &str) -> Option<&'static str> {
    Some(match (command.split(' ').next().unwrap_or_default(), argument) {
        ("task" | "why", "id" | "ids" | "after" | "cursor") | ("approval", "task") => "task",
        ("approval", "id" | "ids") => "approval",
        (_, "job") | ("automation", "schedule") => "job",
        (_, "rule") => "rule",
        (_, "agent") => "agent",
        ("event", "topic") => "own-topic",
        ("event", "topics") | ("automation", "topic") => "topic",
        _ => return None,
    })
}

/// The function stands before what clap has written, which it calls first.
const BASH: &str = r#"
# The words that only the daemon knows. A colon and a = begin another word for bash, which completes what is behind them.
_aiwg_and_words() {
    _aiwg "$@"
    local line="${COMP_LINE:0:COMP_POINT}" current="" option="" word="" key="" kind="" found="" before=""
    local IFS=$' \t\n'
    local -a typed words=()
    [[ $line == *[[:space:]] ]] || current="${line##*[[:space:]]}"
    read -ra typed <<< "${line%"$current"}"
    for word in "${typed[@]:1}"; do
        # The daemon of another project is not asked.
        [[ $word == --project* ]] && return 0
        if [[ -n $option ]]; then
            option=""
        elif [[ " WITH_VALUE " == *" $word "* ]]; then
            option="$word"
        elif [[ $word != -* ]]; then
            words+=("$word")
        fi
    done
    if [[ -z $option && $current == --*=* && $COMP_WORDBREAKS == *=* ]]; then
        option="${current%%=*}" current="${current#*=}"
    fi
    [[ $current == -* ]] && return 0
    for key in "${words[*]:0:2}|$option|${words[*]:2}" "${words[*]:0:1}|$option|${words[*]:1}"; do
        case "$key" in
CASES
        esac
    done
    [[ -n $kind ]] || return 0
    found="$(command aiwg ROLE "$kind" 2>/dev/null)"
    [[ -n $found ]] || return 0
    [[ $COMP_WORDBREAKS == *:* ]] && before="${current%"${current##*:}"}"
    COMPREPLY=( $(compgen -W "$found" -- "$current") )
    COMPREPLY=( "${COMPREPLY[@]#"$before"}" )
}
"#;

fn bash(script: &str, known: &Known) -> String {
    let mut cases = String::new();
    for Place { command, option, is_many, kind, .. } in &known.places {
        let option_typed = option.as_deref().unwrap_or_default();
        // What is no option, and may be given once, is offered where no other word stands yet.
        let others = if option.is_some() || *is_many { "*" } else { "" };
        // Writing into memory does not fail.
        let _ = writeln!(cases, "            \"{command}|{option_typed}|\"{others}) kind={kind} ;;");
    }
    let with_value: Vec<&str> = known.with_value.iter().map(String::as_str).collect();
    let function = BASH
        .replace("CASES\n", &cases)
        .replace("WITH_VALUE", &with_value.join(" "))
        .replace("ROLE", complete::ROLE);
    format!("{function}\n{}", script.replace("complete -F _aiwg ", "complete -F _aiwg_and_words "))
}

const ZSH: &str = r#"# The words that only the daemon knows.
(( $+functions[_aiwg_words] )) ||
_aiwg_words() {
    # The daemon of another project is not asked.
    [[ $BUFFER == *\ --project* ]] && return 1
    local -a found
    found=(${(f)"$(command aiwg ROLE "$1" 2>/dev/null)"})
    compadd -a found
}

"#;

fn zsh(script: &str, places: &[Place]) -> String {
    let mut whole = String::with_capacity(script.len() + script.len() / 16);
    for line in script.lines() {
        let place = places.iter().find(|place| {
            let begins = match &place.option {
                Some(option) => format!("{option}=[{}", place.help),
                None => format!(":{} -- {}", place.name, place.help),
            };
            line.contains(&begins)
        });
        // Each argument is described in a line, whose end says how it is completed: nothing does so far.
        match place.and_then(|place| Some((place.kind, line.strip_suffix(":' \\")?))) {
            Some((kind, rest)) => {
                let _ = writeln!(whole, "{rest}: _aiwg_words {kind}' \\");
            }
            None => {
                if line.starts_with("if [ \"$funcstack[1]\"") {
                    whole.push_str(&ZSH.replace("ROLE", complete::ROLE));
                }
                whole.push_str(line);
                whole.push('\n');
            }
        }
    }
    whole
}
