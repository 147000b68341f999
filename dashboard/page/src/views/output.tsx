// The output of a task: what its agent says as Markdown, its tools as folded steps.

import type { ComponentChildren } from 'preact';
import { useErrorBoundary, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';

import { bytes, number } from '../live/format.js';
import { Output } from '../live/output.js';
import type { Project } from '../live/project.js';
import { useValue } from '../live/store.js';
import { pieces } from '../output/ansi.js';
import { Markdown } from '../output/markdown.js';
import { type Step, brief } from '../output/steps.js';
import { Choice, Empty, Section } from '../ui/basics.js';
import { memo } from '../ui/memo.js';

/** How many steps are in the document, until more are asked for. */
const SHOWN = 150;

type Which = 'stdout' | 'stderr';

const STREAMS = [
  ['stdout', 'Output'],
  ['stderr', 'Standard error'],
] as const;

export function OutputOf({ project, taskId, isRunning }: { project: Project; taskId: string; isRunning: boolean }) {
  const [stream, setStream] = useState<Which>('stdout');
  // Another one when the task runs again.
  const output = useMemo(() => new Output(project, taskId, stream), [project, taskId, stream, isRunning]);
  useEffect(() => () => output.close(), [output]);
  return (
    <Section title="Output" side={<Choice label="Which output" value={stream} options={STREAMS} choose={setStream} />}>
      <Stream output={output} isError={stream === 'stderr'} isRunning={isRunning} />
    </Section>
  );
}

function Stream({ output, isError, isRunning }: { output: Output; isError: boolean; isRunning: boolean }) {
  const version = useValue(output.version);
  const [shown, setShown] = useState(SHOWN);
  const end = useRef<HTMLDivElement>(null);
  const wasAtEnd = useRef(false);
  const { steps, forgotten, unfinished } = output.steps;
  const first = Math.max(0, steps.length - shown);

  // Whoever has scrolled to the end of what comes stays there.
  useEffect(() => {
    const look = () => {
      const top = end.current?.getBoundingClientRect().top ?? 0;
      wasAtEnd.current = top > 0 && top < innerHeight + 40 && scrollY > 0;
    };
    addEventListener('scroll', look, { passive: true });
    return () => removeEventListener('scroll', look);
  }, []);
  useLayoutEffect(() => {
    if (wasAtEnd.current && isRunning) end.current?.scrollIntoView({ block: 'end' });
  }, [version]);

  return (
    <div class={`output ${isError ? 'is-stderr' : ''}`}>
      {output.error && <p class="failure">{output.error.message}</p>}
      {forgotten > 0 && <p class="section-note">The first {number(forgotten)} steps are not kept in this page.</p>}
      {first > 0 && (
        <button type="button" class="button quiet more" onClick={() => setShown(shown + 1000)}>
          Show {number(Math.min(first, 1000))} earlier steps
        </button>
      )}
      {steps.slice(first).map((step, n) => (
        <StepView key={forgotten + first + n} step={step} size={sizeOf(step)} />
      ))}
      {unfinished !== '' && <Plain text={unfinished} />}
      {steps.length === 0 && unfinished === '' && <Empty>{nothing(output, isError)}</Empty>}
      {isRunning && !output.ended && (
        <p class="working">
          <span class="pulse" aria-hidden="true" /> The agent works
        </p>
      )}
      <div ref={end} />
    </div>
  );
}

function nothing({ ended }: Output, isError: boolean): string {
  if (!ended) return isError ? 'Nothing so far.' : 'Nothing has come so far.';
  return isError ? 'Nothing was written to standard error.' : 'It has written nothing.';
}

/** Changes when the step does: it grows in place. */
function sizeOf(step: Step): number {
  return step.kind === 'tool' ? (step.result?.length ?? -1) : step.text.length;
}

const StepView = memo(
  ({ step }: { step: Step; size: number }) => {
    // One step that cannot be drawn takes none of the others with it.
    const [error] = useErrorBoundary();
    if (error) return <Plain text={step.kind === 'tool' ? `${step.name} ${step.input}` : step.text} />;
    switch (step.kind) {
      case 'says':
        return (
          <div class="step says">
            <Markdown source={step.text} />
          </div>
        );
      case 'thinks':
        return (
          <Folded
            class="step thinks"
            summary={
              <>
                <span class="step-name">thinks</span> <span class="step-brief">{step.text.slice(0, 140)}</span>
              </>
            }
            inside={() => <Markdown source={step.text} />}
          />
        );
      case 'tool':
        return <ToolStep step={step} />;
      case 'note':
        return <NoteStep step={step} />;
      default:
        return <Plain text={step.text} />;
    }
  },
  (a, b) => a.step === b.step && a.size === b.size,
);

/** What is inside is made when somebody looks. */
function Folded(props: { class: string; summary: ComponentChildren; inside: () => ComponentChildren }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class={props.class} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{props.summary}</summary>
      {isOpen && <div class="step-inside">{props.inside()}</div>}
    </details>
  );
}

function ToolStep({ step }: { step: Extract<Step, { kind: 'tool' }> }) {
  const mark = step.result === undefined ? 'open' : step.isError ? 'bad' : 'good';
  const summary = (
    <>
      <span class="step-name">{step.name}</span> <span class="step-brief">{brief(step.input)}</span>
      <span class="step-mark">
        {step.result === undefined ? 'no result yet' : step.isError ? 'failed' : bytes(step.result.length)}
      </span>
    </>
  );
  const inside = () => (
    <>
      <p class="step-part">Asked</p>
      <Plain text={step.input} />
      {step.result !== undefined && (
        <>
          <p class="step-part">{step.isError ? 'Failed with' : 'Got'}</p>
          <Plain text={step.result || '(nothing)'} />
        </>
      )}
    </>
  );
  return <Folded class={`step tool ${mark}`} summary={summary} inside={inside} />;
}

function NoteStep({ step }: { step: Extract<Step, { kind: 'note' }> }) {
  if (step.detail === undefined) return <p class={`step note ${step.isError ? 'bad' : ''}`}>{step.text}</p>;
  const { detail } = step;
  return (
    <Folded
      class={`step note ${step.isError ? 'bad' : ''}`}
      summary={step.text}
      inside={() => <Plain text={detail} />}
    />
  );
}

/** Text as a terminal would show it. */
export function Plain({ text }: { text: string }) {
  const shown = useMemo(() => pieces(text), [text]);
  return (
    <pre class="plain" tabIndex={0} role="group" aria-label="Text">
      {shown.map(({ text, look }, n) =>
        look ? (
          <span key={n} class={look}>
            {text}
          </span>
        ) : (
          text
        ),
      )}
    </pre>
  );
}
