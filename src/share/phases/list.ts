import { adoption } from './adoption.ts';
import { album } from './albums.ts';
import { corrections, endedWays } from './corrections.ts';
import { embeddings } from './embeddings.ts';
import { extractedVideos } from './extracted_videos.ts';
import { faceAssignments } from './face_assignments.ts';
import { faceCorrections } from './face_corrections.ts';
import { faces } from './faces.ts';
import { files } from './files.ts';
import { forsaken } from './forsaken.ts';
import { furtherPeople } from './further_people.ts';
import { foundPeople, releasedPeople } from './hand_over.ts';
import { grace } from './grace.ts';
import { livePhotos } from './live_photos.ts';
import { locked } from './locked.ts';
import { notedNames } from './names.ts';
import { lostThumbnails, nativeShares } from './native_shares.ts';
import { motionParts, newAssets } from './new_assets.ts';
import { orphans } from './orphans.ts';
import { owners } from './owners.ts';
import { people } from './people.ts';
import { personCorrections } from './person_corrections.ts';
import { personMap } from './person_map.ts';
import type { Phase } from './phase.ts';
import { reattachment } from './reattachment.ts';
import { reasons } from './reasons.ts';
import { rechecks } from './rechecks.ts';
import { rows } from './rows.ts';
import { sameName } from './same_name.ts';
import { stacks } from './stacks.ts';
import { libraries, stops } from './stops.ts';
import { strays } from './strays.ts';
import { idleTags, mirrorTags } from './tags.ts';
import { targetTrash } from './target_trash.ts';
import { unfinished } from './unfinished.ts';
import { withdrawals } from './withdrawals.ts';

/**
 * What a cycle consists of, in this order. Each phase is done for all of its jobs or targets before the next begins. Cycle, dry run,
 * reports, metrics and docs/json.md walk this list; nothing else names a phase.
 */
export const PHASES = Object.freeze(
  [
    notedNames,
    adoption,
    stops,
    locked,
    owners,
    personMap,
    nativeShares,
    foundPeople,
    unfinished,
    reattachment,
    withdrawals,
    targetTrash,
    strays,
    endedWays,
    corrections,
    rows,
    extractedVideos,
    files,
    newAssets,
    motionParts,
    livePhotos,
    mirrorTags,
    album,
    reasons,
    sameName,
    faceCorrections,
    faces,
    faceAssignments,
    personCorrections,
    furtherPeople,
    people,
    stacks,
    orphans,
    idleTags,
    releasedPeople,
    lostThumbnails,
    embeddings,
    forsaken,
    libraries,
    rechecks,
    grace,
  ] as const,
);

type AnyPhase = typeof PHASES[number];

/** The names of the phases. */
export type PhaseName = AnyPhase['name'];

type CountOf<One, Per> = One extends { readonly per: Per; readonly counts: Readonly<Record<infer Count, string>> }
  ? Count
  : never;

/** What is counted once in a cycle, and for each job. */
export type CycleCount = CountOf<AnyPhase, 'cycle'>;
export type JobCount = CountOf<AnyPhase, 'job' | 'pair' | 'target'>;

/** The same phases, for those who do not care which is which. */
export const ALL_PHASES: readonly Phase[] = PHASES as readonly Phase[];

/** What is counted for each job, and what that is for people, in the order of the phases. */
export const JOB_COUNTS: Readonly<Record<JobCount, string>> = countsOf((per) => per !== 'cycle');

/** The same for what is counted once. */
export const CYCLE_COUNTS: Readonly<Record<CycleCount, string>> = countsOf((per) => per === 'cycle');

function countsOf<Count extends string>(isMeant: (per: Phase['per']) => boolean): Readonly<Record<Count, string>> {
  return Object.freeze(
    Object.assign({}, ...ALL_PHASES.filter(({ per }) => isMeant(per)).map(({ counts }) => counts)),
  );
}
