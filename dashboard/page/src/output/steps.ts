// What an agent has written, as steps: what it says, the tools that it uses, what is left. It knows the lines of claude, codex, gemini
// and opencode; whatever else is written is shown as it is.

import { plural } from '../live/format.js';
import { plain } from './ansi.js';

export type Step =
  | { kind: 'says'; text: string }
  | { kind: 'thinks'; text: string }
  | { kind: 'tool'; id: string; name: string; input: string; result?: string; isError?: boolean }
  | { kind: 'note'; text: string; isError?: boolean; detail?: string }
  | { kind: 'text'; text: string };

/** The most that is kept of one text of a step, and of one line, in characters. */
export const MOST_TEXT = 64 * 1024;
export const MOST_LINE = 1024 * 1024;

/** The most steps that are kept, and how much text in all. */
const MOST_STEPS = 4000;
const MOST_ALL = 8 * 1024 * 1024;

function cut(text: string, most = MOST_TEXT): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most)}\n… ${text.length - most} more characters are not shown`;
}

const asText = (value: unknown): string =>
  value === undefined || value === null
    ? ''
    : typeof value === 'string'
      ? value
      : (JSON.stringify(value, null, 2) ?? '');

/** Takes in output as it comes. */
export class Steps {
  readonly steps: Step[] = [];
  /** Number of steps that were left out at the beginning, to keep memory bounded. */
  forgotten = 0;
  /** Changes with each change. */
  version = 0;
  #line = '';
  /** Characters of the line that are over the most. */
  #over = 0;
  #size = 0;
  /** True until the first line has ended after bytes were passed over. */
  #inMiddle = false;
  #tools = new Map<string, Extract<Step, { kind: 'tool' }>>();

  /** Takes in a piece of the output, which may end anywhere. */
  add(piece: string) {
    this.version++;
    let from = 0;
    for (;;) {
      const end = piece.indexOf('\n', from);
      if (end < 0) break;
      this.#keep(piece.slice(from, end));
      this.#endLine();
      from = end + 1;
    }
    this.#keep(piece.slice(from));
  }

  /** The line whose end has not come; shown as text, unless it is the beginning of a message. */
  get unfinished(): string {
    return this.#line.startsWith('{') && this.#over === 0 ? '' : this.#line.slice(0, MOST_TEXT);
  }

  /** What comes next begins so many bytes further on, in the middle of a line. */
  skip(bytes: number) {
    if (this.#line !== '') this.#endLine();
    this.#push({ kind: 'note', text: `${bytes} bytes are not shown here; \`aiwg task logs\` has all of it.` });
    this.#inMiddle = true;
  }

  end() {
    if (this.#line !== '') this.#endLine();
  }

  #keep(text: string) {
    const room = MOST_LINE - this.#line.length;
    if (text.length > room) {
      this.#over += text.length - Math.max(0, room);
      this.#line += text.slice(0, Math.max(0, room));
    } else this.#line += text;
  }

  #endLine() {
    const line = this.#line;
    const over = this.#over;
    this.#line = '';
    this.#over = 0;
    if (over > 0) {
      const all = over + line.length;
      this.#text(line.slice(0, MOST_TEXT));
      this.#push({
        kind: 'note',
        text: `This line is cut: it has ${all} characters, of which ${MOST_TEXT} are shown.`,
      });
      return;
    }
    const isWhole = !this.#inMiddle;
    this.#inMiddle = false;
    if (isWhole && line.startsWith('{') && this.#message(line)) return;
    this.#text(line);
  }

  /** A line of plain text joins those before it. */
  #text(line: string) {
    const last = this.steps.at(-1);
    if (last?.kind === 'text' && last.text.length + line.length < MOST_TEXT) {
      last.text += `\n${line}`;
      this.#size += line.length + 1;
    } else if (line.trim() !== '') this.#push({ kind: 'text', text: cut(line) });
  }

  #push(step: Step) {
    this.steps.push(step);
    if (step.kind === 'tool') this.#tools.set(step.id, step);
    this.#size += sizeOf(step);
    while (this.steps.length > MOST_STEPS || (this.#size > MOST_ALL && this.steps.length > 1)) {
      const gone = this.steps.shift()!;
      this.#size -= sizeOf(gone);
      if (gone.kind === 'tool') this.#tools.delete(gone.id);
      this.forgotten++;
    }
  }

  #says(text: unknown, kind: 'says' | 'thinks' = 'says', isPart = false) {
    if (typeof text !== 'string' || text === '') return;
    const last = this.steps.at(-1);
    // Some programs send it piece by piece.
    if (isPart && last?.kind === kind && last.text.length < MOST_TEXT) {
      last.text += text;
      this.#size += text.length;
    } else this.#push({ kind, text: cut(plain(text)) });
  }

  #tool(id: unknown, name: unknown, input: unknown) {
    const key = asText(id) || `step-${this.steps.length}`;
    this.#push({ kind: 'tool', id: key, name: asText(name) || 'tool', input: cut(asText(input)) });
    return key;
  }

  #result(id: unknown, result: unknown, isError: unknown) {
    const tool = this.#tools.get(asText(id));
    const text = cut(plain(contentOf(result)));
    if (!tool) return this.#push({ kind: 'note', text: 'result of a tool', detail: text, isError: Boolean(isError) });
    tool.result = text;
    tool.isError = Boolean(isError);
    this.#size += text.length;
  }

  #note(text: string, detail?: unknown, isError = false) {
    this.#push({
      kind: 'note',
      text: cut(text, 500),
      detail: detail === undefined ? undefined : cut(asText(detail)),
      isError,
    });
  }

  /** True if the line is a message that it knows. */
  #message(line: string): boolean {
    let message: any;
    try {
      message = JSON.parse(line);
    } catch {
      return false;
    }
    if (typeof message?.type !== 'string') return false;
    try {
      return (
        this.#claude(message) ||
        this.#codex(message) ||
        this.#gemini(message) ||
        this.#opencode(message) ||
        this.#other(message)
      );
    } catch {
      // It looks like a message of theirs, and is none.
      return false;
    }
  }

  #claude(message: any): boolean {
    const content = message.message?.content;
    switch (message.type) {
      case 'system':
        this.#note(
          message.subtype === 'init'
            ? `session begins with ${asText(message.model) || 'its model'}`
            : `system: ${asText(message.subtype)}`,
          message,
        );
        return true;
      case 'assistant':
        if (!Array.isArray(content)) return false;
        for (const part of content) {
          if (part.type === 'text') this.#says(part.text);
          else if (part.type === 'thinking') this.#says(part.thinking, 'thinks');
          else if (part.type === 'tool_use') this.#tool(part.id, part.name, part.input);
          else this.#note(asText(part.type), part);
        }
        return true;
      case 'user':
        if (typeof content === 'string') this.#note('message to the agent', content);
        if (!Array.isArray(content)) return typeof content === 'string';
        for (const part of content) {
          if (part.type === 'tool_result') this.#result(part.tool_use_id, part.content, part.is_error);
          else this.#note('message to the agent', part.text ?? part);
        }
        return true;
      case 'result':
        if (message.subtype === undefined) return false;
        this.#claudeResult(message);
        return true;
      case 'stream_event':
        return true;
      default:
        return false;
    }
  }

  #claudeResult(message: any) {
    const last = this.steps.findLast(({ kind }) => kind === 'says');
    const text = asText(message.result);
    // What it said last is its answer as a rule.
    if (text !== '' && !(last?.kind === 'says' && last.text === cut(plain(text)))) this.#says(text);
    const turns = Number(message.num_turns) > 0 ? ` after ${plural(Number(message.num_turns), 'turn')}` : '';
    const isError = message.is_error === true || message.subtype !== 'success';
    this.#note(isError ? `ended: ${asText(message.subtype)}${turns}` : `done${turns}`, message, isError);
  }

  #codex(message: any): boolean {
    const { type, item } = message;
    if (type === 'thread.started') this.#note('session begins', message);
    else if (type === 'turn.started' || type === 'item.updated') return true;
    else if (type === 'turn.completed') this.#note('turn is done', message.usage);
    else if (type === 'turn.failed') this.#note(`turn has failed: ${asText(message.error?.message)}`, message, true);
    else if (type === 'item.started' && item) this.#codexTool(item);
    else if (type === 'item.completed' && item) {
      if (item.type === 'agent_message') this.#says(item.text);
      else if (item.type === 'reasoning') this.#says(item.text, 'thinks');
      else if (item.type === 'error') this.#note(asText(item.message), undefined, true);
      else {
        if (!this.#tools.has(asText(item.id))) this.#codexTool(item);
        const isError = item.status === 'failed' || (Number.isInteger(item.exit_code) && item.exit_code !== 0);
        this.#result(item.id, item.aggregated_output ?? item.result ?? item.changes ?? item, isError);
      }
    } else return false;
    return true;
  }

  #codexTool(item: any) {
    if (['agent_message', 'reasoning', 'error'].includes(item.type)) return;
    this.#tool(item.id, item.tool ?? item.type, item.command ?? item.arguments ?? item.query ?? item.changes ?? item);
  }

  #gemini(message: any): boolean {
    const { type } = message;
    if (type === 'init' && message.session_id) this.#note('session begins', message);
    else if (type === 'message' && message.role === 'assistant')
      this.#says(message.content, 'says', message.delta === true);
    else if (type === 'message' && message.role) this.#note('message to the agent', message.content);
    else if (type === 'tool_use' && message.tool_id) this.#tool(message.tool_id, message.tool_name, message.parameters);
    else if (type === 'tool_result' && message.tool_id)
      this.#result(message.tool_id, message.output ?? message.error, message.status === 'error');
    else if (type === 'result' && message.status)
      this.#note(`ended: ${asText(message.status)}`, message, message.status !== 'success');
    else return false;
    return true;
  }

  #opencode(message: any): boolean {
    const { type, part } = message;
    if (type === 'text' && part) this.#says(part.text);
    else if (type === 'reasoning' && part) this.#says(part.text, 'thinks');
    else if (type === 'tool_use' && part?.state) {
      const id = this.#tool(part.callID ?? part.id, part.tool, part.state.input);
      this.#result(id, part.state.output ?? part.state.error, part.state.status === 'error');
    } else if (type === 'step_start' || type === 'step_finish') return true;
    else return false;
    return true;
  }

  #other(message: any): boolean {
    if (message.type !== 'error') return false;
    const said = message.message ?? message.error?.data?.message ?? message.error?.message ?? message.error;
    this.#note(asText(said) || 'error', message, true);
    return true;
  }
}

function sizeOf(step: Step): number {
  if (step.kind === 'tool') return step.input.length + (step.result?.length ?? 0) + 64;
  return step.text.length + 64 + ('detail' in step ? (step.detail?.length ?? 0) : 0);
}

/** The text of a result, which may be a list of parts. */
function contentOf(result: unknown): string {
  if (!Array.isArray(result)) return asText(result);
  return result
    .map((part) => (typeof part?.text === 'string' ? part.text : asText(part?.type ? `[${part.type}]` : part)))
    .join('\n');
}

/** What a tool is asked, in a few words. */
export function brief(input: string): string {
  try {
    const value = JSON.parse(input);
    if (value === null || typeof value !== 'object') return input.slice(0, 160);
    const told =
      value.command ??
      value.file_path ??
      value.path ??
      value.pattern ??
      value.query ??
      value.url ??
      value.description ??
      value.prompt;
    const text =
      typeof told === 'string'
        ? told
        : (Object.values(value).find((one) => typeof one === 'string') as string | undefined);
    return (text ?? '').split('\n')[0]!.slice(0, 160);
  } catch {
    return input.split('\n')[0]!.slice(0, 160);
  }
}
