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

/** A share as the file has it: each field that can be changed, with one value on a line. */
export interface JobInYaml {
  readonly name: string;
  readonly fields: Readonly<Record<EditableField, string>>;
}

/** Whether there may be several values. */
export function isListField(field: EditableField): boolean {
  const definition: JobFieldDefinition = JOB_FIELDS[field];
  return definition.isList === true;
}

/** The shares of a YAML file, in their order. */
export function jobsInYaml(text: string): JobInYaml[] {
  return jobsOf(parseDocument(text, { schema: 'failsafe' })).map(({ name, job }) => ({
    name,
    fields: Object.fromEntries(EDITABLE_FIELDS.map((field) => [field, textAt(job, field)])) as JobInYaml['fields'],
  }));
}

/**
 * The text with some fields of one share changed; an empty one is taken out. Comments, order, and whatever else stands there stay. Unchanged where
 * there is no such share. Pure.
 */
export function withJobFields(text: string, name: string, fields: Readonly<Record<string, string>>): string {
  const document = parseDocument(text, { schema: 'failsafe' });
  const found = jobsOf(document).find((one) => one.name === name);
  if (found === undefined) return text;
  let isChanged = false;
  for (const field of EDITABLE_FIELDS) {
    const wanted = fields[field];
    if (wanted === undefined || linesOf(wanted).join('\n') === linesOf(textAt(found.job, field)).join('\n')) continue;
    setField(document, found.job, field, linesOf(wanted));
    isChanged = true;
  }
  return isChanged ? yamlTextOf(document, text) : text;
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

function textAt(job: YAMLMap, field: EditableField): string {
  const value = job.getIn(field.split('.'), true);
  if (isSeq(value)) return value.items.map((item) => isScalar(item) ? String(item.value) : '').join('\n');
  return isScalar(value) ? String(value.value) : '';
}

function linesOf(text: string): string[] {
  return text.split('\n').map((line) => line.trim()).filter((line) => line !== '');
}

function setField(document: Document, job: YAMLMap, field: EditableField, lines: readonly string[]): void {
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
