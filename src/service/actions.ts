import { messageOf } from '../errors.ts';
import { confirmBrakes } from '../share/brake/remembered.ts';
import { dryRun } from '../share/share.ts';
import { StepTotals } from '../share/cycle/step_words.ts';
import type { Actions } from './http/app.ts';
import type { Scheduler } from './scheduler.ts';

/** A browser waits for so long; what it asked for happens all the same. */
const PATIENCE_MS = 20_000;

/** What can be set going over HTTP. What goes wrong is part of the answer, never more than a message for people. */
export function actionsOf(scheduler: Scheduler): Actions {
  return {
    run: () => {
      scheduler.wake();
      return Promise.resolve('A cycle begins now, or as soon as the present one has ended.');
    },
    dryRun: () =>
      answered(
        scheduler.between(async (sql, config) => {
          const steps = new StepTotals();
          await dryRun(sql, config, { sink: (step, lines) => void steps.describe(step, lines) });
          return `A full cycle now: ${steps.summary()}`;
        }),
        'The service is busy; ask again when the present cycle has ended.',
      ),
    confirm: (job) =>
      answered(
        scheduler.between(async (sql) => {
          const confirmed = await confirmBrakes(sql, job);
          if (confirmed.length === 0) return 'No withdrawals are waiting to be confirmed.';
          const words = confirmed.map(({ job: name, mirrors }) => `${mirrors} photos of ${name}`).join(', ');
          return `Confirmed: ${words} are removed with the cycle that begins now.`;
        }),
        'It will be confirmed as soon as the present cycle has ended.',
      ),
  };
}

async function answered(work: Promise<string>, otherwise: string): Promise<string> {
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
