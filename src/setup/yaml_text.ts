import { type Document, isMap, isScalar, isSeq, type Pair, parseDocument, type YAMLMap, YAMLSeq } from 'yaml';
import type { JobField } from '../config/job_fields.ts';
import type { Source } from '../config/sources.ts';
import type { AlbumsAnswer, SelectionAnswer } from './answers.ts';
import { setSelection, setSharedAlbums } from './yaml_names.ts';
import { yamlTextOf } from './yaml_style.ts';

/** A job with everything that the file says; keys that are undefined are taken out. */
export interface WrittenJob {
  /** The name that it has in the file. */
  readonly replaces: string | undefined;
  /** Said above a new job. */
  readonly comment: string;
  readonly fields: Readonly<
    Partial<Record<Exclude<JobField, `${string}.${string}`>, string | undefined>>
  >;
  /** What stands below `select`, but for what setup knows nothing of; left out: as it is. */
  readonly select?: SelectionAnswer;
}

const HEADING = ` The shares of immich-sidecar, written by \`immich-sidecar setup\`. Run it again
 to add or change one, or edit them here: docs/configuration.md explains every
 key. Database, address and directories are in .env.

 Paths are as Immich sees them. Only what lies below source_path_prefix is
 shared. What is shared lies below target_path_prefix, hidden by the part that
 begins with a dot, in an external library of the receiving user. Its import
 path must contain nothing else, as Immich gives that user all that it finds
 there. Give it no exclusion patterns.

 A photo that was cropped in Immich is shared with its whole original, which
 the recipient can see. share_edited: skip leaves such photos out.

 See what a share would do, and do it:
   immich-sidecar sync --dry-run
   immich-sidecar sync
 Before you take a share out, remove what it shared:
   immich-sidecar unshare --job "NAME"`;

/**
 * The text of a `config.yaml` with jobs added or changed. Comments, order, and keys that setup knows nothing of stay. Pure.
 *
 * @param settings those of a file that this one takes the place of
 */
export function updateYaml(
  text: string | undefined,
  jobs: readonly WrittenJob[],
  settings: Source,
  sharedAlbums?: AlbumsAnswer,
): string {
  const isNew = text === undefined || text.trim() === '';
  const document: Document = isNew ? parseDocument('jobs: []\n') : parseDocument(text);
  if (isNew) {
    document.commentBefore = HEADING;
    for (const [name, { value }] of settings) document.set(name.toLowerCase(), value);
  }
  if (sharedAlbums !== undefined) {
    if (!isMap(document.get('shared_albums'))) document.set('shared_albums', document.createNode({}));
    setSharedAlbums(document.get('shared_albums') as YAMLMap, sharedAlbums);
  }
  if (jobs.length === 0) return yamlTextOf(document, text ?? '');
  const list = jobList(document);
  for (const { replaces, comment, fields, select } of jobs) {
    const found = list.items.find((item) => isMap(item) && [replaces, fields.name].includes(nameOf(item)));
    const job = isMap(found) ? found : document.createNode({}) as YAMLMap;
    for (const [key, value] of Object.entries(fields)) {
      if (value === undefined) job.delete(key);
      else setKept(document, job, key, value);
    }
    if (select !== undefined) setSelection(document, job, select);
    if (found === undefined) {
      job.commentBefore = ` ${comment}`;
      job.spaceBefore = list.items.length > 0;
      list.add(job);
    }
  }
  return yamlTextOf(document, text ?? '');
}

/** The list under its own name or the predecessor's; made when there is none. */
function jobList(document: Document): YAMLSeq {
  for (const key of ['jobs', 'sync_jobs']) {
    const list = document.get(key);
    if (isSeq(list) && list.items.length > 0) return list;
  }
  const list = new YAMLSeq();
  document.set(document.has('sync_jobs') ? 'sync_jobs' : 'jobs', list);
  return list;
}

function nameOf(job: YAMLMap): string | undefined {
  const name = job.get('name');
  return name === undefined || name === null ? undefined : String(name).trim();
}

/** Changes a value in its place, with the comment behind it, unless it is the same already. */
function setKept(document: Document, job: YAMLMap, key: string, value: string): void {
  const pair = job.items.find((item: Pair) => isScalar(item.key) && item.key.value === key);
  const old = pair?.value;
  if (!isScalar(old)) job.set(key, document.createNode(value));
  else if (String(old.value) !== value) old.value = value;
}
