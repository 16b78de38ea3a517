import { messageOf } from '../errors.ts';
import { confirmBrakes } from '../share/brake/remembered.ts';
import { readHeld } from '../share/brake/held.ts';
import { PlanSummary } from '../share/cycle/plan_summary.ts';
import { dryRun, planOnly } from '../share/plan_only.ts';
import { StepTotals } from '../share/cycle/step_words.ts';
import type { Review } from './dashboard/confirmation.ts';
import type { Actions } from './http/app.ts';
import { tellAll } from './notify/start.ts';
import type { Scheduler } from './scheduler.ts';

/** A browser waits for so long; what it asked for happens all the same. */
const PATIENCE_MS = 20_000;

/** What can be set going over HTTP. What goes wrong is part of the answer, never more than a message for people. */
export function actionsOf(scheduler: Scheduler): Actions {
  return {
    run: () => {
      scheduler.state.noted('Somebody who is signed in asked to share now');
      scheduler.wake();
      return Promise.resolve('Sharing begins now, or as soon as the present cycle has ended.');
    },
    write: () => {
      if (!scheduler.writeNow()) return Promise.resolve('Write-back is not set up here: set WRITE_SCHEDULE.');
      scheduler.state.noted('Somebody who is signed in asked to write now');
      return Promise.resolve('Write-back begins now, or as soon as the present cycle has ended.');
    },
    notify: async () => {
      const told = await tellAll(scheduler.config);
      if (told.length === 0) return 'Nobody is to be told: set NOTIFY_URLS.';
      return told.map(({ who, problem }) => `${who}: ${problem ?? 'told'}`).join('\n');
    },
    review: (job) =>
      answered<Review>(
        scheduler.between(async (sql, config) => {
          const photos = await planOnly(sql, config, undefined, (tx, prepared) =>
            readHeld(tx, { ...prepared, sql: tx, scope: 'all', rechecks: [] }, job, MOST_HELD));
          return { job, photos };
        }),
        'the service is busy; try again when the present cycle has ended.',
      ),
    dryRun: () =>
      answered(
        scheduler.between(async (sql, config) => {
          const [steps, summary] = [new StepTotals(), new PlanSummary()];
          const planned = await dryRun(sql, config, {
            sink: (step, lines) => {
              steps.describe(step, lines);
              summary.add(step, lines);
            },
          });
          return `A full cycle now: ${steps.summary()}\n${summary.describe(planned)}`;
        }),
        'The service is busy; ask again when the present cycle has ended.',
      ),
    confirm: (job) =>
      answered(
        scheduler.between(async (sql) => {
          const confirmed = await confirmBrakes(sql, job);
          if (confirmed.length === 0) return 'No withdrawals are waiting to be confirmed.';
          scheduler.state.noted(`Somebody who is signed in confirmed that photos of ${
            confirmed.map((one) => one.job).join(', ')
          } are removed`);
          const words = confirmed.map(({ job: name, mirrors }) =>
            `${mirrors} photos of ${name}`
          ).join(', ');
          return `Confirmed: ${words} are removed with the cycle that begins now.`;
        }),
        'It will be confirmed as soon as the present cycle has ended.',
      ),
  };
}

/** Some days of photos: who decides about more goes by the count. */
const MOST_HELD = 200;

async function answered<T = never>(work: Promise<T | string>, otherwise: string): Promise<T | string> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => timer = setTimeout(() => resolve(otherwise), PATIENCE_MS));
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    return `That did not work: ${messageOf(error)}`;
  } finally {
    clearTimeout(timer);
  }
}
