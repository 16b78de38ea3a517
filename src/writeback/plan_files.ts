import { compare } from './compare.ts';
import type { FileState, Obstacle, SeenAsset } from './file_state.ts';
import { holdsOf, SIDECAR_HOLDS } from './formats.ts';
import { hasNoDate } from './has_no_date.ts';
import { entriesOfOthers } from './fields/lists.ts';
import { type Destination, isEmbedded } from '../config/destination.ts';
import type { MappingOptions } from './fields/field.ts';
import { FIELD_NAMES, type FieldName, fieldOf } from './fields/fields.ts';
import type { AssetRecord } from './fields/record.ts';
import { endingToSay } from './sidecar_path.ts';
import type { WritePlan } from './tags.ts';
import { SIDECAR_FOR_EXTENSION } from './fields/sidecar_for_extension.ts';
import { NOTHING_OWN, type OwnValues, type Tags } from './fields/values.ts';

/** Changes whenever the same record leads to other tags than before: files are then looked at again. */
export const MAPPING_VERSION = 8;

export interface PlanOptions extends MappingOptions {
  readonly fields: readonly FieldName[];
  readonly destination: Destination;
}

/** What the ledger says is ours, in each file of an asset. */
export interface OwnOfAsset {
  readonly media: OwnValues;
  readonly sidecar: OwnValues;
  /** In the one that is only read; see SeenAsset. */
  readonly beside?: OwnValues;
}

export interface PlannedFiles {
  /** The files that lack something, the media file first. */
  readonly plans: readonly WritePlan[];
  /** What is ours in each file if its plan is carried out, or is empty; a file that is not dealt with is undefined. */
  readonly own: { readonly media: OwnValues | undefined; readonly sidecar: OwnValues | undefined };
  /** The tags of the media file that say already what they are to say. */
  readonly present: readonly string[];
  /** Parts of the record that no file can hold, as sentences without full stop. The rest of it is written. */
  readonly refused: readonly string[];
  /** Why the media file is left alone although it was to be written: the sidecar gets everything instead. */
  readonly instead: Obstacle | undefined;
  /** Why nothing can be written at all. */
  readonly obstacle: Obstacle | undefined;
}

/**
 * Decides what to write where. Pure: the plans are all that the writer needs.
 *
 * A media file that turns out to be unwritable (WriteProblem `unwritable`) is planned again with that as its `obstacle`.
 */
export function planFiles(
  record: AssetRecord,
  { media, sidecar, beside }: SeenAsset,
  own: OwnOfAsset,
  options: PlanOptions,
): PlannedFiles {
  const isDateless = hasNoDate([media, sidecar, ...(beside === undefined ? [] : [beside])], record.capturedAt);
  const holds = holdsOf(media.fileType);
  const obstacle = media.obstacle ?? (holds === undefined ? unknownFormat(media) : undefined);
  const embeds = isEmbedded(options.destination);
  const writesMedia = embeds && obstacle === undefined;
  // An existing sidecar is always kept in step, as Immich prefers it.
  const needsSidecar = options.destination !== 'embed' || obstacle !== undefined;
  const writesSidecar = (needsSidecar || sidecar.stamp !== undefined) && sidecar.obstacle === undefined;
  const ofMedia = writesMedia && holds !== undefined
    ? planFile(record, media, { holds, beneath: {}, own: own.media, hasNoDate: isDateless, options })
    : undefined;
  const beneath = {
    ...withoutOwn(media.tags, own.media),
    ...(beside === undefined ? {} : whatIsThere(withoutOwn(beside.tags, own.beside ?? NOTHING_OWN))),
  };
  const ofSidecar = writesSidecar
    ? planFile(record, sidecar, { holds: SIDECAR_HOLDS, beneath, own: own.sidecar, hasNoDate: isDateless, options })
    : undefined;
  const planned = [ofMedia, ofSidecar].filter((file) => file !== undefined);
  return {
    plans: planned.map(({ plan }) => plan).filter(({ changes }) => changes.length > 0)
      .map((plan) => withItsOriginal(plan, media.path)),
    own: { media: ofMedia?.plan.own, sidecar: ofSidecar?.plan.own },
    present: ofMedia?.present ?? [],
    refused: [
      ...new Set(planned.flatMap(({ refused }) => refused)),
      ...(sidecar.obstacle === undefined ? [] : [`the sidecar is left alone: ${sidecar.obstacle.reason}`]),
    ],
    instead: embeds ? obstacle : undefined,
    obstacle: planned.length > 0 ? undefined : obstacle ?? sidecar.obstacle,
  };
}

/** A sidecar that is made, and could be that of several originals by its name, says whose it is. */
function withItsOriginal(plan: WritePlan, original: string): WritePlan {
  const ending = plan.isNew ? endingToSay(plan.path, original) : undefined;
  if (ending === undefined) return plan;
  return { ...plan, changes: [...plan.changes, { tag: SIDECAR_FOR_EXTENSION.name, before: null, after: ending }] };
}

interface PlanInput {
  readonly holds: NonNullable<ReturnType<typeof holdsOf>>;
  readonly beneath: Tags;
  readonly own: OwnValues;
  readonly hasNoDate: boolean;
  readonly options: MappingOptions;
}

function planFile(
  record: AssetRecord,
  file: FileState,
  input: PlanInput,
): { plan: WritePlan; present: readonly string[]; refused: readonly string[] } {
  const { path, kind, tags: current, stamp } = file;
  const { changes, own, present, refused } = compare({ ...input, record, kind, current });
  const isNew = stamp === undefined;
  return { plan: { path, kind, isNew, changes, own, seen: stamp }, present, refused };
}

function unknownFormat({ fileType }: FileState): Obstacle {
  const reason = fileType === undefined
    ? 'ExifTool does not know its format'
    : `nothing is written into ${fileType} files`;
  return { reason, isPermanent: true };
}

/** A sidecar that says nothing of a tag leaves it to the photo. */
function whatIsThere(tags: Tags): Tags {
  return Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== null));
}

/** What others wrote. */
function withoutOwn(tags: Tags, own: OwnValues): Tags {
  const lists = Object.keys(own.lists).map((tag) => {
    const entries = entriesOfOthers(tags, tag, own);
    return [tag, entries.length === 0 ? null : entries];
  });
  const parts = FIELD_NAMES.map((name) => fieldOf(name).valuesOfOthers?.(tags, own));
  return Object.assign({}, tags, Object.fromEntries(lists), ...parts);
}
