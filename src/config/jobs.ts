import { fold } from './fold.ts';
import type { z } from 'zod';
import type { JobConfig, JobKind } from './config.ts';
import { parseRaw } from './parse.ts';
import type { ConfigProblem } from './problems.ts';
import { quote } from './quote.ts';
import { JOB_FIELDS, type JobField } from './job_fields.ts';
import type { JobDraft } from './job_draft.ts';
import { hasSelect, readSelection, reportAt } from './job_selection.ts';
import type { Raw } from './sources.ts';
import { TWO_WAY_CHOICES, type TwoWayChoice } from './two_way_fields.ts';

/** What a job gets for the keys it does not have. */
export type JobDefaults = Pick<
  JobConfig,
  'placement' | 'includeArchived' | 'includeHidden' | 'shareEdited' | 'require' | 'never'
>;

/** Checks every job on its own and against the others. Jobs with problems are reported and left out. */
export function buildJobs(drafts: readonly JobDraft[], defaults: JobDefaults, problems: ConfigProblem[]): JobConfig[] {
  reportRepeatedNames(drafts, problems);
  return drafts.flatMap((draft) => buildJob(draft, defaults, problems) ?? []);
}

function buildJob(draft: JobDraft, defaults: JobDefaults, problems: ConfigProblem[]): JobConfig | undefined {
  type Value<F extends JobField> = z.output<(typeof JOB_FIELDS)[F]['type']['schema']> | undefined;
  const read = <F extends JobField>(field: F): Value<F> => {
    const raw = draft.fields.get(field);
    return raw === undefined ? undefined : parseRaw<unknown>(raw, JOB_FIELDS[field].type, problems, false) as Value<F>;
  };
  const need = <F extends JobField>(field: F): Value<F> => {
    if (!draft.fields.has(field)) problems.push({ ...draft.missing(field), remedy: JOB_FIELDS[field].type.remedy });
    return read(field);
  };

  const name = need('name');
  const userOf = (field: 'source' | 'target') => {
    const id = `${field}_user_id` as const;
    if (draft.fields.has(field) && draft.fields.has(id)) {
      reportAt(draft.fields.get(field), problems, {
        message: `${id} is there as well, and both say the same thing`,
        remedy: 'Keep one of the two.',
      });
    }
    return draft.fields.has(field) ? asId(read(field)) : need(id);
  };
  const sourceUserId = userOf('source');
  const targetUserId = userOf('target');
  const targetLibraryId = need('target_library_id');
  const sourcePathPrefix = read('source_path_prefix');
  const targetPathPrefix = need('target_path_prefix');
  const placement = read('placement') ?? defaults.placement;
  const job = {
    kind: kindOf(draft, read('kind'), problems),
    sourcePathPrefix,
    albumId: read('album_id'),
    placement,
    includeArchived: read('include_archived') ?? defaults.includeArchived,
    includeHidden: read('include_hidden') ?? defaults.includeHidden,
    shareEdited: read('share_edited') ?? defaults.shareEdited,
    require: {
      clip: read('require.clip') ?? defaults.require.clip,
      faces: read('require.faces') ?? defaults.require.faces,
      ocr: read('require.ocr') ?? defaults.require.ocr,
    },
    ...shareTagsOf(read('share_tags'), read('share_tags.under')),
    ...read('match_people') === 'name' ? { matchPeople: 'name' as const } : {},
    ...favoritesOf(read('favorites')),
    ...bothWaysOf(read('both_ways')),
    ...readSelection(draft, read, problems),
    ...defaults.never === undefined ? {} : { never: defaults.never },
  };

  if (sourceUserId !== undefined && sourceUserId === targetUserId) {
    reportAt(draft.fields.get('target_user_id'), problems, {
      message: 'the source user and the target user are the same',
      remedy: 'Name the user who shall see the photos, not the one who owns them.',
    });
  }
  if (placement !== 'symlink' && overlaps(sourcePathPrefix, targetPathPrefix)) {
    reportAt(draft.fields.get('target_path_prefix'), problems, {
      message:
        `the source ${quote(sourcePathPrefix ?? '')} and the target ${
          quote(targetPathPrefix ?? '')
        } contain one another, ` +
        'so the shared copies would be shared again',
      remedy: 'Choose a target directory outside the source directory, and the other way round.',
    });
  }
  if (
    name === undefined || sourceUserId === undefined || targetUserId === undefined || targetLibraryId === undefined ||
    targetPathPrefix === undefined
  ) return undefined;
  return { name, sourceUserId, targetUserId, targetLibraryId, targetPathPrefix, ...job };
}

/**
 * Albums and people know nothing of where a file lies, so a job that selects by them takes both kinds. Without a prefix `auto` can only mean
 * uploads; with one, the database has to tell (see `JobKind`).
 */
function kindOf(draft: JobDraft, written: JobKind | undefined, problems: ConfigProblem[]): JobKind {
  const kind = written ?? 'auto';
  if (hasSelect(draft)) return kind === 'auto' ? 'any' : kind;
  if (kind === 'any' || draft.fields.has('source_path_prefix')) return kind;
  if (kind === 'external') {
    problems.push({ ...draft.missing('source_path_prefix'), remedy: JOB_FIELDS.source_path_prefix.type.remedy });
  }
  return 'upload';
}

function shareTagsOf(all: boolean | undefined, under: readonly string[] | undefined): Pick<JobConfig, 'shareTags'> {
  if (under !== undefined) return { shareTags: { under } };
  return all === false ? { shareTags: false } : {};
}

function favoritesOf(said: 'ignore' | 'follow' | 'both' | undefined): Pick<JobConfig, 'favorites'> {
  return said === undefined || said === 'ignore' ? {} : { favorites: said };
}

function bothWaysOf(fields: readonly TwoWayChoice[] | undefined): Pick<JobConfig, 'bothWays'> {
  return fields === undefined ? {} : { bothWays: TWO_WAY_CHOICES.filter((field) => fields.includes(field)) };
}

/** An id in any spelling is one id. */
function asId(reference: string | undefined): string | undefined {
  const id = reference === undefined ? undefined : JOB_FIELDS.source_user_id.type.schema.safeParse(reference);
  return id?.success === true ? id.data : reference;
}

function overlaps(source: string | undefined, target: string | undefined): boolean {
  if (source === undefined || target === undefined) return false;
  return source.startsWith(target) || target.startsWith(source);
}

function reportRepeatedNames(drafts: readonly JobDraft[], problems: ConfigProblem[]): void {
  const seen = new Map<string, Raw>();
  for (const { fields } of drafts) {
    const raw = fields.get('name');
    if (raw === undefined) continue;
    const name = String(raw.value).trim();
    // A name on a Mac's keyboard and the same name on another one may differ in bytes but not on the screen.
    const folded = fold(name);
    const first = seen.get(folded);
    if (first === undefined) seen.set(folded, raw);
    else {
      problems.push({
        key: raw.key,
        place: raw.place,
        message: `${quote(name)} is already the name of the share at ${first.place}`,
        remedy: 'Give every share a name of its own; upper and lower case make no difference.',
      });
    }
  }
}
