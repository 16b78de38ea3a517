import type { JobConfig } from '../../../src/config/config.ts';
import { COLUMNS, pick, type Rows, rowsOf, valueOf } from './fields.ts';
import type { Group, Mirror } from './memory.ts';
import { type Prediction, text } from './prediction.ts';
import { same } from './records.ts';
import { isMotionOfMirror, isSelected } from './selection.ts';
import { locksOf, Sidecars } from './sidecars.ts';

/** What goes both ways of a share that says so: tags have a test of their own. */
export const TWO_WAY = ['description', 'date', 'position', 'rating'] as const satisfies readonly Group[];

/** What a target has changed on a mirror, and nobody else. */
interface Change {
  readonly mirror: Mirror;
  readonly group: Group;
}

/** Lets sources have what the targets of shares that go both ways have changed on their mirrors. */
export function correctSources(prediction: Prediction): void {
  const { memory, configured, jobs } = prediction;
  const goesBothWays = ({ bothWays = [] }: JobConfig) => bothWays.length > 0;
  const named = new Set(configured.filter(goesBothWays).map(({ name }) => name));
  for (const name of memory.ways.keys()) if (!named.has(name)) memory.ways.delete(name);
  for (const job of jobs.filter(goesBothWays)) {
    putRight(prediction, job);
    const changes = changesOf(prediction, job, jobs.filter(goesBothWays));
    const photos = new Set(changes.map(({ mirror }) => mirror.sourceId)).size;
    const way = memory.ways.get(job.name);
    const isFree = way?.hasBegun === true && way.waiting === 0;
    const isConfirmed = way?.isConfirmed === true && photos <= Math.floor(way.waiting * 1.1);
    if (photos > 0 && !isFree && !isConfirmed) {
      memory.ways.set(job.name, { hasBegun: way?.hasBegun === true, waiting: photos, isConfirmed: false });
      continue;
    }
    for (const change of changes) correct(prediction, job, change);
    memory.ways.set(job.name, { hasBegun: true, waiting: 0, isConfirmed: false });
  }
}

function changesOf(prediction: Prediction, job: JobConfig, twoWay: readonly JobConfig[]): Change[] {
  const mirrors = prediction.memory.mirrors.filter((mirror) => isThere(prediction, mirror));
  const of = (group: Group, jobs: readonly JobConfig[]) =>
    mirrors.filter((mirror) =>
      jobs.some((one) => means(prediction, one, mirror)) && isApart(prediction, mirror, group)
    );
  return TWO_WAY.flatMap((group) => {
    const all = of(group, twoWay);
    return of(group, [job]).filter((mirror) => {
      const [here, there] = valuesOf(prediction, mirror, group);
      const others = all.filter(({ sourceId }) => sourceId === mirror.sourceId);
      return mirror.bases[group] === there &&
        others.every((other) => valuesOf(prediction, other, group)[0] === here);
    }).map((mirror) => ({ mirror, group }));
  });
}

/** Whether its owner has changed it, or nobody knows who has. */
function isApart(prediction: Prediction, mirror: Mirror, group: Group): boolean {
  const [here, there] = valuesOf(prediction, mirror, group);
  const base = mirror.bases[group];
  return here !== there && here !== base && (base === undefined || new Sidecars(prediction, mirror).isTheirs(group));
}

function correct(prediction: Prediction, job: JobConfig, { mirror, group }: Change): void {
  const [source, target] = [rowsOf(prediction, mirror.sourceId), rowsOf(prediction, mirror.id)];
  const [here, there] = valuesOf(prediction, mirror, group);
  if (here === there) return; // another target's has just come, and says the same: it is settled with the rows
  const { asset = [], exif = [] } = COLUMNS[group];
  const given = { asset: pick(target.asset, asset), exif: pick(target.exif ?? {}, exif) };
  write(prediction, source, given);
  const locks = source.exif?.['lockedProperties'];
  const all = new Set([...Array.isArray(locks) ? locks.map(String) : [], ...locksOf(group)]);
  if (source.exif !== undefined) prediction.records.change(source.exif, { lockedProperties: [...all].toSorted() });
  prediction.memory.written.set(`${mirror.sourceId} ${group}`, { job: job.name, ...given });
  mirror.bases[group] = here;
  delete mirror.own[group];
}

/** Immich's extraction reads the place in the timeline, and the names of a place, from the file, also where what they belong to is locked. */
function putRight(prediction: Prediction, job: JobConfig): void {
  for (const [key, written] of prediction.memory.written) {
    const [sourceId = '', group = ''] = key.split(' ');
    const asset = prediction.records.asset(sourceId);
    if (written.job !== job.name || asset === undefined || asset['visibility'] === 'locked') continue;
    if (group !== 'date' && group !== 'position') continue;
    const source = rowsOf(prediction, sourceId);
    const [locks, needed] = [source.exif?.['lockedProperties'], locksOf(group)];
    const isLocked = Array.isArray(locks) && needed.every((lock) => locks.includes(lock));
    if (isLocked && same(pick(source.exif ?? {}, needed), pick(written.exif, needed))) {
      write(prediction, source, written);
    }
  }
}

function write({ records }: Prediction, { asset, exif }: Rows, given: Rows): void {
  records.change(asset, given.asset);
  if (exif !== undefined) records.change(exif, given.exif ?? {});
}

/** Both are there, and neither is locked. */
function isThere({ records }: Prediction, { id, targetId }: Mirror): boolean {
  const row = records.asset(id);
  return row !== undefined && text(row['ownerId']) === targetId && row['visibility'] !== 'locked' &&
    row['deletedAt'] === null && row['isOffline'] === false && row['status'] === 'active';
}

function means(prediction: Prediction, job: JobConfig, mirror: Mirror): boolean {
  const source = prediction.records.asset(mirror.sourceId);
  return source !== undefined && job.targetUserId === mirror.targetId &&
    (isSelected(prediction, job, source) || isMotionOfMirror(prediction, job, source));
}

/** What a mirror says, and what its source says. */
function valuesOf(prediction: Prediction, { id, sourceId }: Mirror, group: Group): [string, string] {
  return [valueOf(prediction, group, rowsOf(prediction, id)), valueOf(prediction, group, rowsOf(prediction, sourceId))];
}
