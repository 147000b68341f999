//! Inputs made from seeds by mutation, the same ones each time.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::{Path, PathBuf},
};

/// The most changes to a seed.
const MOST_CHANGES: usize = 6;

/// No input becomes longer.
const LONGEST: usize = 4096;

/// Bytes that mean something to most grammars.
const SIGNS: &[u8] = b"\0\n\r\t \"'\\/{}[](),:;.*?!#%-+=<>|0129aeZ~\x7f\x80\xc3\xff";

/// What one function of a fuzz crate is tried with: the files of `seeds/NAME` and the words of `dictionaries/NAME`, if there is one.
pub struct Target {
    name: String,
    seeds: Vec<(PathBuf, Vec<u8>)>,
    words: Vec<Vec<u8>>,
    chance: Chance,
}

impl Target {
    /// The target of this name in the fuzz crate whose `Cargo.toml` is in `folder`.
    #[must_use]
    pub fn new(folder: &str, name: &str) -> Self {
        let folder = Path::new(folder);
        let mut paths: Vec<PathBuf> = fs::read_dir(folder.join("seeds").join(name))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        let seeds: Vec<_> = paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect();
        assert!(!seeds.is_empty(), "{name} has no seeds");
        let words = fs::read_to_string(folder.join("dictionaries").join(name)).unwrap_or_default();
        let words = words.lines().filter_map(word).collect();
        // FNV-1a: each target has changes of its own.
        let start = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self { name: name.to_owned(), seeds, words, chance: Chance(start) }
    }

    /// Tries the empty input, all seeds, and so many inputs that are made of them.
    ///
    /// # Panics
    /// One of them shows a fault. It is printed first.
    pub fn try_inputs(mut self, many: usize, mut function: impl FnMut(&[u8])) {
        let name = self.name.clone();
        let mut run = |input: &[u8], origin: &str| {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| function(input))) {
                // A test's own output is shown where it fails.
                #[allow(clippy::print_stderr)]
                {
                    eprintln!("{name} fails on {origin}: b\"{}\"", input.escape_ascii());
                }
                resume_unwind(panic);
            }
        };
        run(b"", "nothing");
        for (path, seed) in &self.seeds {
            run(seed, &path.display().to_string());
        }
        for n in 0..many {
            run(&self.mutation(), &format!("mutation {n}"));
        }
    }

    fn mutation(&mut self) -> Vec<u8> {
        let mut input = self.seed().to_vec();
        for _ in 0..=self.chance.below(MOST_CHANGES) {
            self.change(&mut input);
        }
        input.truncate(LONGEST);
        input
    }

    fn seed(&mut self) -> &[u8] {
        let n = self.chance.below(self.seeds.len());
        &self.seeds[n].1
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.chance.below(input.len() + 1);
        let end = at + self.chance.below(input.len() - at + 1).min(64);
        match self.chance.below(9) {
            0 if at < input.len() => input[at] ^= 1 << self.chance.below(8),
            1 if at < input.len() => input[at] = self.sign(),
            2 => input.insert(at, self.sign()),
            3 => drop(input.drain(at..end)),
            // Again and again: what is nested, or long.
            4 => {
                let part = input[at..end].repeat(1 + self.chance.below(8));
                input.splice(at..at, part).for_each(drop);
            }
            5 => input.truncate(at),
            // The beginning of one and the end of another.
            6 => {
                let other = self.seed().to_vec();
                let from = self.chance.below(other.len() + 1);
                input.splice(at.., other[from..].iter().copied()).for_each(drop);
            }
            7 => {
                let number = [i64::MIN, -1, 0, 255, 65_536, i64::MAX][self.chance.below(6)];
                input.splice(at..end, number.to_string().into_bytes()).for_each(drop);
            }
            _ if !self.words.is_empty() => {
                let n = self.chance.below(self.words.len());
                input.splice(at..at, self.words[n].iter().copied()).for_each(drop);
            }
            _ => input.insert(at, self.chance.byte()),
        }
    }

    fn sign(&mut self) -> u8 {
        SIGNS[self.chance.below(SIGNS.len())]
    }
}

/// The text of an input: all of it that is UTF-8, as libFuzzer has it.
#[must_use]
pub fn text(input: &[u8]) -> &str {
    input.utf8_chunks().next().map_or("", |chunk| chunk.valid())
}

/// A word of a dictionary: a line of libFuzzer's, in quotation marks, with `\\`, `\"` and `\xAB`.
fn word(line: &str) -> Option<Vec<u8>> {
    let mut rest = line.trim().strip_suffix('"')?.split_once('"')?.1.bytes();
    let mut word = Vec::new();
    while let Some(byte) = rest.next() {
        word.push(match byte {
            b'\\' => match rest.next()? {
                b'x' => {
                    let digits = [rest.next()?, rest.next()?];
                    u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
                }
                other => other,
            },
            byte => byte,
        });
    }
    Some(word)
}

/// Numbers that look like chance: xorshift64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }

    fn below(&mut self, many: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap_or(0) % many.max(1)
    }
}
