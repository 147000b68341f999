// A new task.

import { useLayoutEffect, useRef, useState } from 'preact/hooks';

import type { Project } from '../live/project.js';
import { Dialog, say } from '../ui/basics.js';
import { to } from '../ui/route.js';

/** What was typed and not submitted, by project: it is there when the form is opened again, until the page is left. */
const drafts = new Map<string, Map<string, string>>();

/** What a form holds, without what is blank. */
function typed(form: HTMLFormElement): Map<string, string> {
  const fields = [...new FormData(form)].map(([name, value]) => [name, String(value)] as const);
  return new Map(fields.filter(([, value]) => value !== ''));
}

export function Submit({ project, close }: { project: Project; close: () => void }) {
  const ref = useRef<HTMLFormElement>(null);
  // Before the form is seen: what is typed at once would be overwritten.
  useLayoutEffect(() => {
    for (const [name, value] of drafts.get(project.info.ws) ?? []) {
      const field = ref.current?.elements.namedItem(name);
      if (field instanceof HTMLInputElement && field.type === 'checkbox') field.checked = true;
      else if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) field.value = value;
      // What would be submitted is seen.
      if (field instanceof HTMLElement) field.closest('details')?.setAttribute('open', '');
    }
  }, []);
  const keep = () => ref.current && drafts.set(project.info.ws, typed(ref.current));
  const [error, setError] = useState('');
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (isBusy) return;
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(form.get(name) ?? '').trim();
    const given = <T,>(name: string, value: (text: string) => T) => (text(name) ? { [name]: value(text(name)) } : {});
    const draft = drafts.get(project.info.ws);
    setBusy(true);
    setError('');
    try {
      const { taskId, state } = await project.client.task.submit({
        prompt: String(form.get('prompt') ?? ''),
        ...given('agent', String),
        ...given('lane', String),
        ...given('priority', Number),
        ...given('timeoutMinutes', Number),
        ...given('delay', String),
        ...given('after', (text) => text.split(/[\s,]+/)),
        ...(form.get('approval') ? { approval: true } : {}),
      });
      if (drafts.get(project.info.ws) === draft) drafts.delete(project.info.ws);
      say(`${taskId} is ${state}.`);
      location.hash = to('task', taskId);
      close();
    } catch (error) {
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
