// What agents say, as Markdown. It becomes elements one by one, from a list of those that are allowed: no HTML is ever parsed, and
// HTML in the text is text.

import { Lexer, type Token, type Tokens } from 'marked';
import type { ComponentChildren } from 'preact';

/** Beyond this, in characters, it is shown as plain text. */
const MOST = 200_000;

/** Beyond so many levels of lists, quotes and emphasis it is shown as it was written: each level takes a part of the stack. */
const DEEPEST = 12;

/** Where a link may lead. */
const SAFE = /^(https?:|mailto:)/i;

const decoded = new Map([
  ['&amp;', '&'],
  ['&lt;', '<'],
  ['&gt;', '>'],
  ['&quot;', '"'],
  ['&#39;', "'"],
]);

/** The lexer escapes some text for HTML, which this is not. */
const text = (escaped: string) => escaped.replace(/&(?:amp|lt|gt|quot|#39);/g, (name) => decoded.get(name) ?? name);

export function Markdown({ source }: { source: string }) {
  if (source.length > MOST) return <pre class="plain">{source}</pre>;
  let tokens: Token[];
  try {
    tokens = new Lexer({ gfm: true }).lex(source);
    levels(tokens);
  } catch {
    return <pre class="plain">{source}</pre>;
  }
  return <div class="markdown">{blocks(tokens)}</div>;
}

/** The level of the headings above it. */
const ABOVE = 2;

/** Makes the levels of headings go on from those of the page, without a gap. */
function levels(tokens: Token[], last = ABOVE): number {
  for (const token of tokens) {
    if (token.type === 'heading') {
      last = Math.min(token.depth + ABOVE, last + 1, 6);
      token.depth = last;
    } else if (token.type === 'blockquote') last = levels(token.tokens ?? [], last);
    else if (token.type === 'list') for (const item of (token as Tokens.List).items) last = levels(item.tokens, last);
  }
  return last;
}

function blocks(tokens: Token[], depth = 0): ComponentChildren {
  return tokens.map((token, n) => block(token, n, depth));
}

function block(token: Token, key: number, depth: number): ComponentChildren {
  if (depth > DEEPEST) return token.raw;
  switch (token.type) {
    case 'space':
    case 'def':
      return null;
    case 'heading': {
      const Level = `h${(token as Tokens.Heading).depth}` as 'h4';
      return <Level key={key}>{inlines(token)}</Level>;
    }
    case 'paragraph':
      return <p key={key}>{inlines(token)}</p>;
    case 'code':
      return (
        <pre key={key} class="code" tabIndex={0}>
          <code>{(token as Tokens.Code).text}</code>
        </pre>
      );
    case 'blockquote':
      return <blockquote key={key}>{blocks((token as Tokens.Blockquote).tokens, depth + 1)}</blockquote>;
    case 'hr':
      return <hr key={key} />;
    case 'list': {
      const { ordered, start, items } = token as Tokens.List;
      const inside = items.map((item, n) => (
        <li key={n} class={item.task ? 'is-task' : undefined}>
          {item.task && (
            <span
              class={`box ${item.checked ? 'is-checked' : ''}`}
              role="img"
              aria-label={item.checked ? 'done' : 'open'}
            />
          )}
          {blocks(
            item.tokens.filter(({ type }) => type !== 'checkbox'),
            depth + 1,
          )}
        </li>
      ));
      return ordered ? (
        <ol key={key} start={Number(start) || 1}>
          {inside}
        </ol>
      ) : (
        <ul key={key}>{inside}</ul>
      );
    }
    case 'table':
      return <Table key={key} table={token as Tokens.Table} />;
    case 'text':
      return 'tokens' in token && token.tokens ? (
        <span key={key}>{inlines(token)}</span>
      ) : (
        text((token as Tokens.Text).text)
      );
    default:
      return <p key={key}>{token.raw}</p>;
  }
}

function Table({ table }: { table: Tokens.Table }) {
  return (
    <div class="scroll-x" tabIndex={0} role="group" aria-label="Table">
      <table>
        <thead>
          <tr>
            {table.header.map((cell, n) => (
              <th key={n}>{inlines(cell)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, n) => (
            <tr key={n}>
              {row.map((cell, n) => (
                <td key={n}>{inlines(cell)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function inlines(token: { tokens?: Token[]; text?: string }, depth = 0): ComponentChildren {
  return token.tokens ? token.tokens.map((token, n) => inline(token, n, depth + 1)) : text(token.text ?? '');
}

function inline(token: Token, key: number, depth: number): ComponentChildren {
  if (depth > DEEPEST) return token.raw;
  switch (token.type) {
    case 'strong':
      return <strong key={key}>{inlines(token as Tokens.Strong, depth)}</strong>;
    case 'em':
      return <em key={key}>{inlines(token as Tokens.Em, depth)}</em>;
    case 'del':
      return <del key={key}>{inlines(token as Tokens.Del, depth)}</del>;
    case 'codespan':
      return <code key={key}>{text((token as Tokens.Codespan).text)}</code>;
    case 'br':
      return <br key={key} />;
    case 'link': {
      const { href } = token as Tokens.Link;
      if (!SAFE.test(href)) return <span key={key}>{inlines(token as Tokens.Link, depth)}</span>;
      return (
        <a key={key} href={href} target="_blank" rel="noopener noreferrer nofollow" title={href}>
          {inlines(token as Tokens.Link, depth)}
        </a>
      );
    }
    // No picture is fetched: it would tell others that somebody looks.
    case 'image':
      return (
        <span key={key} class="faint">
          [picture: {text((token as Tokens.Image).text) || (token as Tokens.Image).href}]
        </span>
      );
    case 'escape':
    case 'text':
      return 'tokens' in token && token.tokens ? inlines(token as Tokens.Text, depth) : text((token as Tokens.Text).text);
    default:
      return token.raw;
  }
}
