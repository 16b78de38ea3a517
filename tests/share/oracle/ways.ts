import type { JobConfig } from '../../../src/config/config.ts';
import type { TwoWayField } from '../../../src/config/two_way_fields.ts';
import { facesWay, peopleWay } from '../../../src/share/both_ways/waiting.ts';
import type { Prediction } from './prediction.ts';

/** A field group that a share may take from mirrors to their sources. */
export type TwoWayGroup = TwoWayField | 'favorite';

/** What of a photo goes both ways by a share. */
export function waysOf({ configured }: Pick<Prediction, 'configured'>, job: JobConfig): readonly TwoWayGroup[] {
  const fields = (job.bothWays ?? []).filter((field) => field !== 'people');
  return favoritesOf(configured, job) === 'both' ? [...fields, 'favorite'] : fields;
}

/** What the shares of two users say of favourites: the one that says most is heard. */
export function favoritesOf(
  configured: readonly JobConfig[],
  { sourceUserId, targetUserId }: Pick<JobConfig, 'sourceUserId' | 'targetUserId'>,
): JobConfig['favorites'] {
  const said = configured.filter((job) => job.sourceUserId === sourceUserId && job.targetUserId === targetUserId)
    .map(({ favorites }) => favorites);
  return (['both', 'follow'] as const).find((one) => said.includes(one));
}

/** Forgets what is remembered of shares that go one way: when they go both ways again, what differs by then is shown first. */
export function forgetEndedWays(prediction: Prediction): void {
  const { configured, memory } = prediction;
  const named = new Set(configured.flatMap((job) => [
    ...waysOf(prediction, job).length > 0 ? [job.name] : [],
    ...job.bothWays?.includes('people') ? [peopleWay(job.name), facesWay(job.name)] : [],
  ]));
  for (const name of memory.ways.keys()) if (!named.has(name)) memory.ways.delete(name);
}

/** Whether so many changes wait for a person: all that differ in a field that goes both ways from now on, and what waits already. What is confirmed may grow a little. */
export function isHeldBack(
  { memory }: Prediction,
  name: string,
  fields: readonly string[],
  changes: number,
): boolean {
  const way = memory.ways.get(name);
  const isBegin = fields.some((field) => way?.fields.includes(field) !== true);
  const isWaiting = way !== undefined && way.waiting > 0;
  const isConfirmed = way?.isConfirmed === true && changes <= Math.floor(way.waiting * 1.1);
  const isHeld = changes > 0 && (isBegin || isWaiting) && !isConfirmed;
  memory.ways.set(
    name,
    isHeld
      ? { fields: way?.fields ?? [], waiting: changes, isConfirmed: false }
      : { fields, waiting: 0, isConfirmed: false },
  );
  return isHeld;
}
