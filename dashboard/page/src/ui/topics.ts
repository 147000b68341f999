// Globs of topics, as the daemon understands them: `*` and `?` match within a topic, `{a,b}` either, and several stand beside each other.

/** True for the topics that match; everything matches what is blank. */
export function matcher(globs: string): (topic: string) => boolean {
  const found = split(globs).map(pattern);
  return found.length === 0 ? () => true : (topic) => found.some((one) => one.test(topic));
}

/** The globs, which commas and blanks part where they are not in braces. */
function split(globs: string): string[] {
  return (globs.match(/(?:\{[^}]*\}|[^\s,])+/g) ?? []).slice(0, 50);
}

function pattern(glob: string): RegExp {
  const source = glob
    .split(/(\*|\?|\{[^{}]*\})/)
    .map((part) => {
      if (part === '*') return '[^]*';
      if (part === '?') return '[^]';
      if (part.startsWith('{') && part.endsWith('}'))
        return `(?:${part.slice(1, -1).split(',').map(literal).join('|')})`;
      return literal(part);
    })
    .join('')
    // Each star once: several beside each other only cost time.
    .replace(/(?:\[\^\]\*)+/g, '[^]*');
  // What has no wildcard is a beginning, as one types it.
  return new RegExp(`^${source}${/[*?{]/.test(glob) ? '$' : ''}`);
}

const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
