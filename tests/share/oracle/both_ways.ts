import type { JobConfig } from '../../../src/config/config.ts';
import { COLUMNS, pick, type Rows, rowsOf, valueOf } from './fields.ts';
import type { Mirror } from './memory.ts';
import { type Prediction, text } from './prediction.ts';
import { same } from './records.ts';
import { isMotionOfMirror, isSelected } from './selection.ts';
import { locksOf, Sidecars } from './sidecars.ts';
import { tagsForSource, tagSource } from './tags_both_ways.ts';
import { forgetEndedWays, isHeldBack, type TwoWayGroup, waysOf } from './ways.ts';

/** What a target has changed on a mirror, and nobody else. */
interface Change {
  readonly mirror: Mirror;
  readonly group: TwoWayGroup;
  /** Of tags: those that the source is to name. */
  readonly tags?: readonly string[];
}

/** Lets sources have what the targets of shares that go both ways have changed on their mirrors. */
export function correctSources(prediction: Prediction): void {
  const { jobs } = prediction;
  forgetEndedWays(prediction);
  for (const job of jobs.filter((one) => waysOf(prediction, one).length > 0)) {
    putRight(prediction, job);
    const changes = changesOf(prediction, job);
    const photos = new Set(changes.map(({ mirror }) => mirror.sourceId)).size;
    if (isHeldBack(prediction, job.name, waysOf(prediction, job), photos)) continue;
    for (const change of changes) correct(prediction, job, change);
  }
}

function changesOf(prediction: Prediction, job: JobConfig): Change[] {
  const mirrors = prediction.memory.mirrors.filter((mirror) => isThere(prediction, mirror));
  const of = (group: TwoWayGroup, jobs: readonly JobConfig[]) =>
    mirrors.filter((mirror) =>
      jobs.some((one) => waysOf(prediction, one).includes(group) && means(prediction, one, mirror)) &&
      isApart(prediction, mirror, group)
    );
  return waysOf(prediction, job).flatMap((group) => {
    const all = of(group, prediction.jobs);
    const changed = of(group, [job]).filter((mirror) => {
      const [here, there] = valuesOf(prediction, mirror, group);
      const others = all.filter(({ sourceId }) => sourceId === mirror.sourceId);
      return mirror.bases[group] === there &&
        others.every((other) => valuesOf(prediction, other, group)[0] === here);
    });
    return changed.flatMap((mirror): Change[] => {
      if (group !== 'tags') return [{ mirror, group }];
      const tags = tagsForSource(prediction, mirror);
      return tags === undefined ? [] : [{ mirror, group, tags }];
    });
  });
}

/** Whether its owner has changed it, or nobody knows who has. */
function isApart(prediction: Prediction, mirror: Mirror, group: TwoWayGroup): boolean {
  const [here, there] = valuesOf(prediction, mirror, group);
  const base = mirror.bases[group];
  return here !== there && here !== base && (base === undefined || new Sidecars(prediction, mirror).isTheirs(group));
}

function correct(prediction: Prediction, job: JobConfig, { mirror, group, tags }: Change): void {
  const [source, target] = [rowsOf(prediction, mirror.sourceId), rowsOf(prediction, mirror.id)];
  const [here, there] = valuesOf(prediction, mirror, group);
  if (here === there) return; // another target's has just come, and says the same: it is settled with the rows
  const { asset = [], exif = [] } = COLUMNS[group];
  const given = {
    asset: pick(target.asset, asset),
    exif: tags === undefined ? pick(target.exif ?? {}, exif) : { tags },
  };
  const locks = source.exif?.['lockedProperties'];
  const before = Array.isArray(locks) ? locks.map(String) : [];
  const isNews = !same(pick(source.exif ?? {}, exif), given.exif) ||
    !locksOf(group).every((lock) => before.includes(lock));
  write(prediction, source, given);
  if (source.exif !== undefined && locksOf(group).length > 0 && isNews) {
    prediction.records.change(source.exif, {
      lockedProperties: [...new Set([...before, ...locksOf(group)])].toSorted(),
    });
  }
  if (tags !== undefined) tagSource(prediction, mirror, tags);
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
export function isThere({ records }: Prediction, { id, targetId }: Mirror): boolean {
  const row = records.asset(id);
  return row !== undefined && text(row['ownerId']) === targetId && row['visibility'] !== 'locked' &&
    row['deletedAt'] === null && row['isOffline'] === false && row['status'] === 'active';
}

/** Whether a share means the source of a mirror that is its target's. */
export function means(prediction: Prediction, job: JobConfig, mirror: Mirror): boolean {
  const source = prediction.records.asset(mirror.sourceId);
  return source !== undefined && job.targetUserId === mirror.targetId &&
    (isSelected(prediction, job, source) || isMotionOfMirror(prediction, job, source));
}

/** What a mirror says, and what its source says. */
function valuesOf(prediction: Prediction, { id, sourceId }: Mirror, group: TwoWayGroup): [string, string] {
  return [valueOf(prediction, group, rowsOf(prediction, id)), valueOf(prediction, group, rowsOf(prediction, sourceId))];
}
