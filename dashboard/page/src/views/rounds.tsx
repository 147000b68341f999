// The rounds of a task with a check.

import type { CheckResult, Task } from 'aiwg';

import { checkText, usd, visible } from '../live/format.js';
import { plain } from '../output/ansi.js';
import { Moment, Section } from '../ui/basics.js';
import { Text } from '../ui/text.js';

export function Rounds({ task }: { task: Task }) {
  const { verify, rounds = [], before } = task;
  const command = verify?.command;
  const shown = before ? [{ n: 0, run: 0, verify: before, at: '' }, ...rounds.filter(({ n }) => n > 0)] : rounds;
  const [done, most] = [rounds.filter(({ n }) => n > 0).length, verify?.max_rounds ?? 5];
  // A message to the agent makes a further round.
  const count = done <= most ? `${done} of ${most}` : `${done} (for messages, beyond ${most})`;
  return (
    <Section title="Rounds" count={count}>
      {command !== undefined && (
        <p class="section-note">
          Done when <code>{visible(checkText(command))}</code> succeeds.
        </p>
      )}
      {shown.length > 0 && (
        <ol class="rounds">
          {shown.map((round) => (
            <li key={round.n} class={passed(round.verify)}>
              <details>
                <summary>
                  <strong>{round.n === 0 ? 'Before' : `Round ${round.n}`}</strong>
                  <span>{verdict(round.verify)}</span>
                  <span class="faint">
                    {[
                      'files' in round && round.files !== undefined && `${round.files} files changed`,
                      'turns' in round && round.turns !== undefined && `${round.turns} turns`,
                      'costUsd' in round && usd(round.costUsd),
                    ]
                      .filter(Boolean)
                      .join(' · ')}
                    {round.at && (
                      <>
                        {' '}
                        <Moment at={round.at} />
                      </>
                    )}
                  </span>
                </summary>
                {'protected' in round && round.protected?.length ? (
                  <p class="failure">Changed what it may not: {round.protected.join(', ')}</p>
                ) : null}
                {round.verify?.tail ? (
                  <Text text={plain(round.verify.tail)} label="What the check has written" lines={20} />
                ) : (
                  <p class="faint">The check has written nothing.</p>
                )}
              </details>
            </li>
          ))}
        </ol>
      )}
    </Section>
  );
}

const passed = (check: CheckResult | undefined) => (check === undefined ? 'open' : check.exit === 0 ? 'good' : 'bad');

function verdict(check: CheckResult | undefined): string {
  if (!check) return 'under way';
  if (check.exit === 0) return 'its check succeeds';
  return check.ended ? `its check was ended: ${check.ended}` : `its check fails with ${check.exit ?? 'a signal'}`;
}
