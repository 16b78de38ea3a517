import { count } from '../config/words.ts';
import { messageOf, UserError } from '../errors.ts';
import { confirmBrakes } from '../share/brake/remembered.ts';
import { readHeld } from '../share/brake/held.ts';
import { PlanSummary } from '../share/cycle/plan_summary.ts';
import { dryRun, planOnly } from '../share/plan_only.ts';
import { StepTotals } from '../share/cycle/step_words.ts';
import type { Review } from './dashboard/confirmation.ts';
import type { OpenDecisions } from './dashboard/decisions.ts';
import { confirmWaiting, readDecisions, resolveConflict } from './decisions.ts';
import type { Actions } from './http/app.ts';
import { MOST_LISTED } from './dashboard/pair.ts';
import { type PairDetails, readPair } from '../share/explain/pair.ts';
import { tellAll } from './notify/start.ts';
import type { Scheduler } from './scheduler.ts';
import type { LastWrite } from '../writeback/last_write.ts';
import { lookAtLastWrite, undoWrite } from './undo_write.ts';

const NO_WRITING = 'Write-back is not set up here: set WRITE_SCHEDULE.';
const PAUSED = 'It is paused: resume it first.';
const BUSY = 'The service is busy; ask again when the present sync has ended.';

/** A browser waits for so long; what it asked for happens all the same. */
const PATIENCE_MS = 20_000;

/** What can be set going over HTTP. What goes wrong is part of the answer, never more than a message for people. */
export function actionsOf(scheduler: Scheduler): Actions {
  return {
    run: () => {
      if (scheduler.state.pausedSince !== undefined) return Promise.resolve(PAUSED);
      scheduler.state.noted('Somebody who is signed in asked to share now');
      scheduler.shareNow();
      return Promise.resolve('Sharing begins now, or as soon as the present sync has ended.');
    },
    write: () => {
      if (scheduler.state.pausedSince !== undefined) return Promise.resolve(PAUSED);
      if (!scheduler.writeNow()) return Promise.resolve(NO_WRITING);
      scheduler.state.noted('Somebody who is signed in asked to write now');
      return Promise.resolve('Write-back begins now, or as soon as the present sync has ended.');
    },
    pause: () =>
      answered(
        Promise.try(() => {
          scheduler.pause();
          scheduler.state.noted('Somebody who is signed in has paused sharing and writing');
          return 'Paused: nothing is shared or written until somebody resumes it, also after a restart. Photos that their owners lock are removed ' +
            'from other accounts all the same.';
        }),
        BUSY,
      ),
    resume: () =>
      answered(
        Promise.try(() => {
          scheduler.resume();
          scheduler.state.noted('Somebody who is signed in has resumed sharing and writing');
          return 'Resumed: what has changed meanwhile follows now.';
        }),
        BUSY,
      ),
    lastWrite: () =>
      scheduler.config.write.schedule === undefined
        ? Promise.resolve(NO_WRITING)
        : answered<LastWrite>(lookAtLastWrite(scheduler), BUSY),
    undoWrite: (run) => {
      if (scheduler.config.write.schedule === undefined) return Promise.resolve(NO_WRITING);
      return answered(
        undoWrite(scheduler, run).then((what) => {
          scheduler.state.noted(`Somebody who is signed in has undone a run of write-back: ${what}`);
          return what;
        }),
        'It goes on; the log says what comes of it.',
      );
    },
    pair: (sourceUserId, targetUserId) =>
      answered<PairDetails>(
        scheduler.between((sql, config) =>
          planOnly(sql, config, undefined, async (tx, prepared) =>
            await readPair(tx, prepared, { sourceUserId, targetUserId }, MOST_LISTED) ??
              'Immich does not know these two users.')
        ),
        BUSY,
      ),
    decisions: () => answered<OpenDecisions>(scheduler.between(readDecisions), BUSY),
    resolve: (resolution) =>
      answered(
        scheduler.between(async (sql, config) => {
          const { isDecided, what } = await resolveConflict(sql, config, resolution);
          if (isDecided) scheduler.state.noted('Somebody who is signed in has decided a conflict');
          return what;
        }),
        'It will be decided as soon as the present sync has ended.',
      ),
    confirmCorrections: (job) =>
      answered(
        scheduler.between(async (sql) => {
          const confirmed = await confirmWaiting(sql, job);
          if (confirmed === undefined) return 'Nothing waits to be written into originals.';
          scheduler.state.noted(`Somebody who is signed in confirmed that ${confirmed} are changed`);
          return scheduler.state.pausedSince === undefined
            ? `Confirmed: the sync that begins now changes ${confirmed}.`
            : `Confirmed: the first sync after the pause changes ${confirmed}.`;
        }),
        'It will be confirmed as soon as the present sync has ended.',
      ),
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
        'the service is busy; try again when the present sync has ended.',
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
          return `A full sync now: ${steps.summary()}\n${summary.describe(planned)}`;
        }),
        BUSY,
      ),
    confirm: (job) =>
      answered(
        scheduler.between(async (sql) => {
          const confirmed = await confirmBrakes(sql, job);
          if (confirmed.length === 0) return 'No removals are waiting to be confirmed.';
          scheduler.state.noted(`Somebody who is signed in confirmed that photos of ${
            confirmed.map((one) => one.job).join(', ')
          } are removed`);
          const words = confirmed.map(({ job: name, mirrors }) =>
            `${count(mirrors, 'photo')} of ${name}`
          ).join(', ');
          return scheduler.state.pausedSince === undefined
            ? `Confirmed: the sync that begins now removes ${words}.`
            : `Confirmed: the first sync after the pause removes ${words}.`;
        }),
        'It will be confirmed as soon as the present sync has ended.',
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
    return `That did not work: ${messageOf(error)}${error instanceof UserError ? ` ${error.remedy}` : ''}`;
  } finally {
    clearTimeout(timer);
  }
}
