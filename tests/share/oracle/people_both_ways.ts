import type { JobConfig } from '../../../src/config/config.ts';
import { peopleWay } from '../../../src/share/both_ways/waiting.ts';
import { isThere } from './both_ways.ts';
import type { KnownPerson } from './memory.ts';
import { personSeenBy } from './people.ts';
import type { Prediction } from './prediction.ts';
import { same } from './records.ts';
import type { Row } from './state.ts';
import { isHeldBack } from './ways.ts';

/** What a target may add to people of a source, and what says nothing. */
const ADDED = [['birthDate', null], ['name', '']] as const;

/** What a target says of somebody whom they have from a source. */
interface Said {
  readonly known: KnownPerson;
  readonly field: typeof ADDED[number][0];
  readonly nothing: string | null;
  /** The row of who shows them, and the target's. */
  readonly source: Row;
  readonly mirror: Row;
}

/** Sources have the names and birth dates that targets of shares that go both ways have given to people of whom they say nothing. */
export function nameForSources(prediction: Prediction): void {
  const { configured, jobs } = prediction;
  for (const target of new Set(configured.map(({ targetUserId }) => targetUserId))) {
    const sharing = jobs.filter((job) => job.targetUserId === target && job.bothWays?.includes('people'));
    for (const [job] of Map.groupBy(sharing, ({ sourceUserId }) => sourceUserId).values()) {
      if (job !== undefined) nameForSource(prediction, job);
    }
  }
}

function nameForSource(prediction: Prediction, job: JobConfig): void {
  const added = prediction.memory.people.filter(({ isOurs, targetId, seenBy }) =>
    isOurs && targetId === job.targetUserId && seenBy === job.sourceUserId
  ).flatMap((known) => saidOf(prediction, job, known)).filter((said) => isAdded(prediction, job, said));
  const people = new Set(added.map(({ source }) => source[prediction.personKey])).size;
  if (isHeldBack(prediction, peopleWay(job.name), ['people'], people)) return;
  for (const { known, field, source, mirror } of added) {
    prediction.records.change(source, { [field]: mirror[field] });
    known.fields[field] = mirror[field];
    known.seen[field] = mirror[field];
  }
}

/** What the target has said that is neither what they were given nor what the source says, of somebody whom both see on a photo. */
function saidOf(prediction: Prediction, { sourceUserId }: JobConfig, known: KnownPerson): Said[] {
  const source = personSeenBy(prediction, known, sourceUserId);
  const mirror = prediction.person(known.targetId, known.id);
  if (source === undefined || mirror === undefined || isSharedNatively(prediction, source)) return [];
  if (!areBothSeen(prediction, known, sourceUserId, source)) return [];
  return ADDED.filter(([field, nothing]) =>
    mirror[field] !== nothing && !same(mirror[field], known.fields[field]) && !same(mirror[field], source[field])
  ).map(([field, nothing]) => ({ known, field, nothing, source, mirror }));
}

/** Nothing is overwritten, and what others have said otherwise meanwhile is for a person to decide. */
function isAdded(
  prediction: Prediction,
  { sourceUserId }: JobConfig,
  { known, field, nothing, source, mirror }: Said,
): boolean {
  if (source[field] !== nothing || known.fields[field] !== nothing) return false;
  const targets = prediction.configured.filter((job) =>
    job.sourceUserId === sourceUserId && job.bothWays?.includes('people')
  ).map(({ targetUserId }) => targetUserId);
  return !prediction.memory.people.some((other) => {
    const row = prediction.person(other.targetId, other.id);
    return other.origin === known.origin && other.seenBy === sourceUserId && targets.includes(other.targetId) &&
      row !== undefined && row[field] !== nothing && !same(row[field], other.fields[field]) &&
      !same(row[field], source[field]) && !same(row[field], mirror[field]);
  });
}

/** On a mirror that is there, and on its source, the same face is theirs for both. */
function areBothSeen(prediction: Prediction, known: KnownPerson, sourceUserId: string, source: Row): boolean {
  const { records, memory, faceKey, personKey } = prediction;
  const faceOf = (id: string) =>
    records.find('asset_face', (face) => face['id'] === id && face['deletedAt'] === null)?.[faceKey];
  return memory.mirrors.some((mirror) => {
    const original = records.asset(mirror.sourceId);
    return mirror.targetId === known.targetId && mirror.sourceOwnerId === sourceUserId && isThere(prediction, mirror) &&
      original !== undefined && original['visibility'] !== 'locked' &&
      [...mirror.faces].some(([sourceFace, { id, wrote }]) =>
        wrote === known.id && faceOf(id) === known.id && faceOf(sourceFace) === source[personKey]
      );
  });
}

function isSharedNatively({ records, personKey }: Prediction, person: Row): boolean {
  return records.all('person_user').some((row) =>
    row['personGroupId'] === person[personKey] && [row['sharedById'], row['sharedWithId']].includes(person['ownerId'])
  );
}
