// A new task.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

import type { Project } from '../live/project.js';
import { useValue } from '../live/store.js';
import { Dialog, say } from '../ui/basics.js';
import { draftKey, draftOf, keepDraft, sentDraft } from '../ui/drafts.js';
import { to } from '../ui/route.js';

type Field = HTMLInputElement | HTMLTextAreaElement;

/** The fields of a form. */
const fieldsOf = (form: HTMLFormElement): Field[] =>
  [...form.elements].filter(
    (field): field is Field => field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement,
  );

const isCheck = (field: Field): field is HTMLInputElement => field.type === 'checkbox';

/** What a field holds; nothing where it is not checked. */
const valueOf = (field: Field) => (isCheck(field) ? (field.checked ? 'on' : '') : field.value);

/** The place of what is typed into a field. */
const placeOf = (field: Field) => `new task: ${field.name}`;

const UNANSWERED =
  'The daemon had not answered: look whether the task is there once it does. What was typed is kept, and makes no second task if it is submitted again as it is.';

export function Submit({ project, close }: { project: Project; close: () => void }) {
  const ref = useRef<HTMLFormElement>(null);
  // Before the form is seen: what is typed at once would be overwritten.
  useLayoutEffect(() => {
    for (const field of fieldsOf(ref.current!)) {
      const value = draftOf(project, placeOf(field));
      if (value === '') continue;
      if (isCheck(field)) field.checked = true;
      else field.value = value;
      // What would be submitted is seen.
      field.closest('details')?.setAttribute('open', '');
    }
  }, []);
  const keep = () => fieldsOf(ref.current!).forEach((field) => keepDraft(project, placeOf(field), valueOf(field)));
  const [error, setError] = useState('');
  const [isBusy, setBusy] = useState(false);
  const isAway = useValue(project.line).state !== 'connected';
  // Who closes the form does not want what nobody has taken yet.
  const closed = useRef(new AbortController());
  useEffect(() => () => closed.current.abort(), []);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (isBusy) return;
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(form.get(name) ?? '').trim();
    const given = <T,>(name: string, value: (text: string) => T) => (text(name) ? { [name]: value(text(name)) } : {});
    const typed = fieldsOf(ref.current!).map((field) => [placeOf(field), valueOf(field)] as const);
    setBusy(true);
    setError('');
    try {
      const params = {
        prompt: String(form.get('prompt') ?? ''),
        ...given('agent', String),
        ...given('lane', String),
        ...given('priority', Number),
        ...given('timeoutMinutes', Number),
        ...given('delay', String),
        ...given('after', (text) => text.split(/[\s,]+/)),
        ...(form.get('approval') ? { approval: true } : {}),
      };
      // Whoever submits the same draft again, since no answer came, makes no second task.
      const idempotencyKey = draftKey(project, 'new task: key', JSON.stringify(params));
      const keyed = { ...params, idempotencyKey };
      const { taskId, state } = await project.client.task.submit(keyed, { signal: closed.current.signal });
      for (const [place, value] of typed) sentDraft(project, place, value);
      keepDraft(project, 'new task: key', '');
      say(`${taskId} is ${state}.`);
      location.hash = to('task', taskId);
      close();
    } catch (error) {
      if (closed.current.signal.aborted) return say(UNANSWERED);
      setError((error as Error).message);
      setBusy(false);
    }
  };
  return (
    <Dialog title="New task" close={close}>
      <form class="form" ref={ref} onSubmit={submit} onInput={keep}>
        <label class="wide">
          <span>Prompt</span>
          <textarea
            name="prompt"
            rows={6}
            required
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
            }}
          />
        </label>
        <details class="wide">
          <summary>More</summary>
          <div class="form-grid">
            <label>
              <span>Agent</span>
              <input name="agent" maxLength={200} placeholder="the default one" />
            </label>
            <label>
              <span>Lane</span>
              <input name="lane" maxLength={100} placeholder="none" />
            </label>
            <label>
              <span>Priority</span>
              <input name="priority" type="number" min={-1000} max={1000} placeholder="0" />
            </label>
            <label>
              <span>Time limit, in minutes</span>
              <input name="timeoutMinutes" type="number" min={0} step="any" placeholder="as configured" />
            </label>
            <label>
              <span>Not before</span>
              <input name="delay" placeholder="now; or 10m, 2h, 1d from now" />
            </label>
            <label>
              <span>After these tasks</span>
              <input name="after" placeholder="task-0001, task-0002" />
            </label>
            <label class="check">
              <input name="approval" type="checkbox" /> <span>A person approves it first</span>
            </label>
          </div>
        </details>
        {isBusy && isAway && (
          <p class="section-note wide" role="status">
            The daemon is away. The task is submitted once it is back, unless this is closed before it was sent.
          </p>
        )}
        {error && (
          <p class="failure wide" role="alert">
            {error}
          </p>
        )}
        <div class="form-acts wide">
          <span class="faint">Ctrl+Enter submits</span>
          <button type="button" class="button quiet" onClick={close}>
            Close
          </button>
          <button type="submit" class="button primary" aria-busy={isBusy}>
            Submit
          </button>
        </div>
      </form>
    </Dialog>
  );
}
