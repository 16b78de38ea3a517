import { type Document, isMap, isScalar, isSeq, type Pair, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import { JOB_FIELDS, type JobField, type JobFieldDefinition } from '../../config/job_fields.ts';
import { yamlTextOf } from '../yaml_style.ts';

/** What of a share can be changed on a page: what it selects. Users, library and paths are for `setup`, and for the file. */
export const EDITABLE_FIELDS = [
  'select.albums',
  'select.people',
  'select.people_match',
  'select.tags',
  'select.favorites',
  'select.paths',
  'except.albums',
  'except.people',
  'except.tags',
  'except.paths',
  'since',
  'until',
  'min_rating',
  'types',
] as const satisfies readonly JobField[];

type EditableField = (typeof EDITABLE_FIELDS)[number];

/** What a new share needs besides: whose photos, for whom, and where they lie. */
export const PLACE_FIELDS = [
  'source',
  'target',
  'target_library_id',
  'target_path_prefix',
] as const satisfies readonly JobField[];

type WrittenField = EditableField | (typeof PLACE_FIELDS)[number];

/** What a new share has like another one where nothing else is said. */
const ALIKE = ['source', 'source_user_id', 'target', 'target_user_id', 'target_library_id', 'placement'] as const;

/** A share as the file has it: who, and each field that can be changed, with one value on a line. */
export interface JobInYaml {
  readonly name: string;
  readonly source: string;
  readonly target: string;
  readonly fields: Readonly<Record<EditableField, string>>;
}

/** Whether there may be several values. */
export function isListField(field: WrittenField): boolean {
  const definition: JobFieldDefinition = JOB_FIELDS[field];
  return definition.isList === true;
}

/** The shares of a YAML file, in their order. */
export function jobsInYaml(text: string): JobInYaml[] {
  return jobsOf(parsed(text)).map(({ name, job }) => ({
    name,
    source: textAt(job, 'source') || textAt(job, 'source_user_id'),
    target: textAt(job, 'target') || textAt(job, 'target_user_id'),
    fields: Object.fromEntries(EDITABLE_FIELDS.map((field) => [field, textAt(job, field)])) as JobInYaml['fields'],
  }));
}

/**
 * The text with some fields of one share changed; an empty one is taken out. Comments, order, and whatever else stands there stay. Unchanged where
 * there is no such share. Pure.
 */
export function withJobFields(text: string, name: string, fields: Readonly<Record<string, string>>): string {
  const document = parsed(text);
  const found = jobsOf(document).find((one) => one.name === name);
  if (found === undefined) return text;
  let isChanged = false;
  for (const field of EDITABLE_FIELDS) {
    const wanted = fields[field];
    if (wanted === undefined || valuesOfText(wanted).join('\n') === valuesOfText(textAt(found.job, field)).join('\n')) {
      continue;
    }
    setField(document, found.job, field, valuesOfText(wanted));
    isChanged = true;
  }
  return isChanged ? yamlTextOf(document, text) : text;
}

/**
 * The text with one share more, behind the others. `like`: the share whose users, library and placement it has where `fields` is silent; its
 * files then lie beside those of that one. Comments, order, and whatever else stands there stay. Pure.
 */
export function withNewJob(
  text: string,
  { name, like, fields }: {
    readonly name: string;
    readonly like: string;
    readonly fields: Readonly<Record<string, string>>;
  },
): string {
  const document = parsed(text);
  const model = jobsOf(document).find((one) => one.name === like)?.job;
  const job = document.createNode({ name: name.trim() }) as YAMLMap;
  const said = (field: string) => valuesOfText(fields[field] ?? '');
  for (const key of ALIKE) {
    const value = model?.get(key);
    const isSaid = ['source', 'target'].some((user) =>
      key.startsWith(user) && said(user).length > 0 && !key.includes('library')
    );
    if (value !== undefined && !isSaid && said(key).length === 0) job.set(key, String(value));
  }
  for (const field of [...PLACE_FIELDS, ...EDITABLE_FIELDS]) {
    const lines = field === 'target_path_prefix' && said(field).length === 0 ? besides(model, name) : said(field);
    if (lines.length > 0) setField(document, job, field, lines);
  }
  const key = document.has('sync_jobs') ? 'sync_jobs' : 'jobs';
  const list = document.get(key);
  if (isSeq(list)) list.items.push(job);
  else document.set(key, document.createNode([job]));
  return yamlTextOf(document, text);
}

/** A hidden directory beside the other share's, named after the new one. */
function besides(model: YAMLMap | undefined, name: string): string[] {
  const parent = /^(\/.*\/)\.[^/]+\/?$/.exec(String(model?.get('target_path_prefix') ?? ''))?.[1];
  const folder = name.trim().toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '');
  return parent === undefined || folder === '' ? [] : [`${parent}.${folder}/`];
}

/** A YAML file in which every value is a text. */
export function parsed(text: string): Document {
  return parseDocument(text, { schema: 'failsafe' });
}

function jobsOf(document: Document): { name: string; job: YAMLMap }[] {
  if (!isMap(document.contents)) return [];
  const list = document.get('jobs') ?? document.get('sync_jobs');
  if (!isSeq(list)) return [];
  return list.items.flatMap((job) => {
    const name = isMap(job) ? job.get('name') : undefined;
    return isMap(job) && name !== undefined ? [{ name: String(name).trim(), job }] : [];
  });
}

/** What stands at a key of a group, one value on a line; empty where nothing does. */
export function textAt(job: YAMLMap, field: string): string {
  const value = job.getIn(field.split('.'), true);
  if (isSeq(value)) return value.items.map((item) => isScalar(item) ? String(item.value) : '').join('\n');
  return isScalar(value) ? String(value.value) : '';
}

/** The values of a text with one on a line. */
export function valuesOfText(text: string): string[] {
  return text.split('\n').map((line) => line.trim()).filter((line) => line !== '');
}

/** Writes values to a key of a group, or takes it out where there are none. Comments stay. */
export function setField(document: Document, job: YAMLMap, field: string, lines: readonly string[]): void {
  const [group = '', key] = field.split('.');
  const parent = key === undefined ? job : groupOf(document, job, group, lines.length > 0);
  if (parent === undefined) return;
  const own = key ?? group;
  const [only, second] = lines;
  if (only === undefined) {
    parent.delete(own);
    // An empty group is refused, as it would choose nothing and mean everything.
    if (parent !== job && parent.items.length === 0) job.delete(group);
    return;
  }
  const old = parent.items.find((item: Pair) => isScalar(item.key) && item.key.value === own)?.value;
  if (isScalar(old) && second === undefined) old.value = only;
  else if (isSeq(old)) old.items = lines.map((line) => itemOf(old, line) ?? document.createNode(line));
  else {
    const list = document.createNode(second === undefined ? only : lines, { flow: true });
    if (isScalar(old)) list.comment = old.comment ?? null;
    parent.set(own, list);
  }
}

/** The value as it stands there already, with the comment behind it. */
function itemOf(list: YAMLSeq, text: string): unknown {
  return list.items.find((item) => isScalar(item) && String(item.value).trim() === text);
}

function groupOf(document: Document, job: YAMLMap, group: string, isWanted: boolean): YAMLMap | undefined {
  const found = job.get(group);
  if (isMap(found)) return found;
  if (!isWanted) return undefined;
  const made = document.createNode({}) as YAMLMap;
  job.set(group, made);
  return made;
}
