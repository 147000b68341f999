// What a task has changed in its work tree: how much, file by file, and whether it has come back.

import type { DiffFile, Task, TaskDiff, WorkspaceConflict, WorkspaceResult } from 'aiwg';
import { useMemo, useState } from 'preact/hooks';

import { number, plural, visible } from '../live/format.js';
import type { Project } from '../live/project.js';
import { type DiffPart, partsOf } from '../output/diff.js';
import { Act, Failure, Moment, Section } from '../ui/basics.js';

/** Files, and lines of a file, that are in the document until more are asked for. */
const FILES = 100;
const LINES = 500;

/** A diff with so many lines is open from the beginning. */
const SHORT = 120;

/** A path, or another name, on one line: a line end in it would look like another name. */
const named = (text: string) => visible(text).replaceAll('\n', '\\n');

/** Paths of a conflict that are named. */
const PATHS = 20;

export function ResultOf({ task, project }: { task: Task; project: Project }) {
  const { workspace } = task;
  if (!workspace) return null;
  const { result, error } = workspace;
  return (
    <Section title="Changes" count={result && number(result.files)}>
      {error && <p class="failure">Not all of it could be kept: {visible(error)}</p>}
      {result ? (
        // Another run has another result.
        <Result key={result.commit} task={task} result={result} project={project} />
      ) : (
        <p class="section-note">
          {task.state === 'running' || task.state === 'queued'
            ? 'It works in a work tree of its own. What it has changed is here once a run of it has ended.'
            : 'Nothing is left of its work tree.'}
        </p>
      )}
    </Section>
  );
}

function Result({ task, result, project }: { task: Task; result: WorkspaceResult; project: Project }) {
  const { id: taskId } = task;
  const { launch } = result;
  const [diff, setDiff] = useState<TaskDiff>();
  const [error, setError] = useState<Error>();
  const [isBusy, setBusy] = useState(false);
  const [failed, setFailed] = useState<WorkspaceConflict>();
  const conflict = failed ?? result.conflict;
  const load = async () => {
    if (isBusy) return;
    setBusy(true);
    setError(undefined);
    try {
      setDiff(await project.client.task.diff({ taskId, launch }));
    } catch (error) {
      setError(error as Error);
    }
    setBusy(false);
  };
  const apply = async () => {
    const { applied, paths, conflict } = await project.client.task.apply({ taskId, launch });
    setFailed(applied ? undefined : conflict);
    return applied ? `${plural(paths.length, 'file')} of the project changed.` : undefined;
  };
  return (
    <>
      <p class="section-note">
        {plural(result.files, 'file')}, <Numbers of={result} />, kept as <code class="break">{named(result.ref)}</code>
        {result.branch && (
          <>
            {' '}
            and as the branch <code class="break">{named(result.branch)}</code>
          </>
        )}
        {result.patch && (
          <>
            {' '}
            and as a patch in <code class="break">{named(result.patch)}</code>
          </>
        )}
        .{' '}
        {result.applied && (
          <>
            Applied to the project's files <Moment at={result.applied} />.
          </>
        )}
      </p>
      {conflict && <Conflict conflict={conflict} />}
      <Failure error={error} again={() => void load()} />
      <div class="acts changes-acts" role="group" aria-label="What can be done with the changes">
        <button
          type="button"
          class="button"
          aria-busy={isBusy}
          aria-expanded={diff !== undefined}
          onClick={() => (diff ? setDiff(undefined) : void load())}
        >
          {diff ? 'Hide the changes' : 'Show the changes'}
        </button>
        {result.files > 0 && (
          <Act sure="Change the project's files?" label={`Apply the changes of ${taskId}`} act={apply}>
            {result.applied ? 'Apply once more' : 'Apply'}
          </Act>
        )}
      </div>
      {diff && <Diff diff={diff} />}
    </>
  );
}

function Numbers({ of }: { of: { insertions?: number; deletions?: number } }) {
  if (of.insertions === undefined || of.deletions === undefined) return <span class="faint">binary</span>;
  return (
    <span class="numbers">
      <span class="added">
        +{number(of.insertions)}
        <span class="unseen"> lines added</span>
      </span>{' '}
      <span class="removed">
        −{number(of.deletions)}
        <span class="unseen"> lines removed</span>
      </span>
    </span>
  );
}

function Conflict({ conflict: { why, paths } }: { conflict: WorkspaceConflict }) {
  return (
    <div class="failure" role="alert">
      <p>
        It could not be applied, and no file was changed: {visible(why)}
      </p>
      {paths.length > 0 && (
        <ul class="paths">
          {paths.slice(0, PATHS).map((path) => (
            <li key={path}>
              <code class="break">{named(path)}</code>
            </li>
          ))}
          {paths.length > PATHS && <li>and {number(paths.length - PATHS)} more</li>}
        </ul>
      )}
    </div>
  );
}

function Diff({ diff }: { diff: TaskDiff }) {
  const [most, setMost] = useState(FILES);
  const byPath = useMemo(() => {
    const parts = new Map<string, DiffPart[]>();
    for (const part of partsOf(diff.diff)) parts.set(part.path, [...(parts.get(part.path) ?? []), part]);
    return parts;
  }, [diff]);
  const { files } = diff;
  const isShort = diff.insertions + diff.deletions <= SHORT && files.length <= 10;
  return (
    <>
      {files.length === 0 && <p class="section-note">No file is another than before.</p>}
      <ul class="changes">
        {files.slice(0, most).map((file) => (
          <li key={file.path}>
            <File file={file} parts={byPath.get(file.path)} isOpen={isShort} />
          </li>
        ))}
      </ul>
      {files.length > most && (
        <button type="button" class="button quiet more" onClick={() => setMost(most + 10 * FILES)}>
          Show {number(Math.min(files.length - most, 10 * FILES))} more files
        </button>
      )}
      {diff.isCut && (
        <p class="section-note">
          It is longer than a megabyte, and cut here: `aiwg task diff {diff.taskId}` says how to see all of it.
        </p>
      )}
    </>
  );
}

function File({ file, parts, isOpen }: { file: DiffFile; parts: DiffPart[] | undefined; isOpen: boolean }) {
  // What is folded is not in the document.
  const [open, setOpen] = useState(isOpen);
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <code class="break">{named(file.path)}</code> <Numbers of={file} />
      </summary>
      {open && !parts && <p class="faint">Of this file, nothing is in what was loaded.</p>}
      {open && parts?.map((part, n) => <Part key={n} part={part} />)}
    </details>
  );
}

function Part({ part: { path, notes, lines } }: { part: DiffPart }) {
  const [most, setMost] = useState(LINES);
  return (
    <>
      {notes.map((note, n) => (
        <p key={n} class="faint">
          {named(note)}
        </p>
      ))}
      {lines.length > 0 && (
        <pre class="diff" tabIndex={0} role="group" aria-label={`Changes of ${named(path)}`}>
          {lines.slice(0, most).map((line, n) => (
            <span key={n} class={KINDS[line[0]!]}>
              {visible(line)}
            </span>
          ))}
        </pre>
      )}
      {lines.length > most && (
        <button type="button" class="button quiet" onClick={() => setMost(most + 10 * LINES)}>
          Show {number(Math.min(lines.length - most, 10 * LINES))} more lines
        </button>
      )}
    </>
  );
}

const KINDS: Record<string, string> = { '+': 'added', '-': 'removed', '@': 'hunk' };
