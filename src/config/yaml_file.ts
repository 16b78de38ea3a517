import { isSeq } from 'yaml';
import { JOB_FIELD_NAMES, type JobField } from './job_fields.ts';
import { unknownKey } from './names.ts';
import type { ConfigProblem } from './problems.ts';
import { ENVIRONMENT_NAMES } from './settings.ts';
import type { Raw, Source } from './sources.ts';
import { type Entry, parseYaml, type YamlDocument } from './yaml_document.ts';

/** A job of the YAML file before its values are checked. */
export interface RawJob {
  /** `jobs[0]` */
  readonly path: string;
  readonly place: string;
  readonly fields: ReadonlyMap<JobField, Raw>;
}

/** What a configuration file says, whatever its format. */
export interface ConfigFile {
  readonly settings: Source;
  /** Whether there is anything under `jobs`, even if none of it could be read as a job. */
  readonly hasJobs: boolean;
  readonly jobs: readonly RawJob[];
}

const JOB_LIST_KEYS = ['jobs', 'sync_jobs'];
const SETTING_KEYS = ENVIRONMENT_NAMES
  .filter((name) => name !== 'CONFIG_FILE')
  .map((name) => name.toLowerCase());
const JOB_KEYS = [...new Set(JOB_FIELD_NAMES.map((field) => field.replace(/\..*/, '')))];
const REQUIRE_KEYS = JOB_FIELD_NAMES.filter((field) => field.startsWith('require.')).map((field) => field.slice(8));

/**
 * Reads settings and jobs from the text of a YAML file. Everything unknown or of the wrong shape is reported.
 *
 * @param label the name of the file in `place`
 * @param isJson true = the names of settings may stand in upper case, as in the environment
 * @returns undefined if the file as a whole could not be understood (also reported)
 */
export function readYaml(
  text: string,
  label: string,
  problems: ConfigProblem[],
  { isJson = false }: { readonly isJson?: boolean } = {},
): ConfigFile | undefined {
  const document = parseYaml(text, label, problems);
  if (document === undefined) return undefined;
  const entries = document.text(document.root) === '' ? [] : document.entries(document.root);
  if (entries === undefined) {
    problems.push({
      key: label,
      place: document.placeOf(document.root),
      message: 'the file does not consist of lines like "key: value"',
      remedy: 'Compare it with config.example.yaml.',
    });
    return undefined;
  }
  const settings = new Map<string, Raw>();
  const lists: Entry[] = [];
  for (const written of entries) {
    const entry = isJson && written.key === written.key.toUpperCase()
      ? { ...written, key: written.key.toLowerCase() }
      : written;
    if (JOB_LIST_KEYS.includes(entry.key)) lists.push(entry);
    else if (SETTING_KEYS.includes(entry.key)) addSetting(document, entry, settings, problems);
    else problems.push(unknownKey(entry.key, '', entry.keyPlace, [...JOB_LIST_KEYS, ...SETTING_KEYS]));
  }
  const [list, second] = lists;
  if (second !== undefined) {
    problems.push({
      key: second.key,
      place: second.keyPlace,
      message: 'jobs and sync_jobs are two names for the same list, and both are there',
      remedy: 'Put all jobs under jobs.',
    });
  }
  if (list === undefined || isEmpty(document, list)) return { settings, hasJobs: false, jobs: [] };
  return { settings, hasJobs: true, jobs: readJobs(document, list, problems) };
}

function addSetting(document: YamlDocument, entry: Entry, settings: Map<string, Raw>, problems: ConfigProblem[]): void {
  const name = entry.key.toUpperCase();
  const { key, place } = entry;
  const pairs = name === 'PATH_MAP' ? document.entries(entry.node) : undefined;
  if (pairs !== undefined) {
    const value = pairs.map((pair): [string, string] => [pair.key, document.text(pair.node) ?? '']);
    settings.set(name, { key, place, value });
    return;
  }
  const value = singleValue(document, entry, '', problems);
  if (value !== undefined) settings.set(name, { key, place, value });
}

function readJobs(document: YamlDocument, list: Entry, problems: ConfigProblem[]): readonly RawJob[] {
  const target = document.resolve(list.node);
  if (!isSeq(target)) {
    problems.push({
      key: list.key,
      place: list.place,
      message: 'this is not a list of jobs',
      remedy: 'Begin each job with "- name: …", indented below this key.',
    });
    return [];
  }
  return target.items.flatMap((node, index) => {
    const path = `${list.key}[${index}]`;
    const place = document.placeOf(node);
    const entries = document.entries(node);
    if (entries !== undefined) return [{ path, place, fields: readFields(document, entries, path, problems) }];
    problems.push({
      key: path,
      place,
      message: 'this is not a job',
      remedy: 'Write the job as lines like "name: alice to bob" below a "-".',
    });
    return [];
  });
}

/** `jobs:` with nothing after it, or `jobs: []`. */
function isEmpty(document: YamlDocument, list: Entry): boolean {
  const target = document.resolve(list.node);
  return document.text(list.node) === '' || (isSeq(target) && target.items.length === 0);
}

function readFields(
  document: YamlDocument,
  entries: readonly Entry[],
  path: string,
  problems: ConfigProblem[],
): ReadonlyMap<JobField, Raw> {
  const fields = new Map<JobField, Raw>();
  const add = (entry: Entry, prefix: '' | 'require.') => {
    const value = singleValue(document, entry, `${path}.${prefix}`, problems);
    const field = JOB_FIELD_NAMES.find((name) => name === prefix + entry.key);
    if (value === undefined || field === undefined) return;
    fields.set(field, { key: `${path}.${field}`, place: entry.place, value });
  };
  for (const entry of entries) {
    if (!JOB_KEYS.includes(entry.key)) problems.push(unknownKey(entry.key, `${path}.`, entry.keyPlace, JOB_KEYS));
    else if (entry.key !== 'require') add(entry, '');
    else {
      for (const part of requireEntries(document, entry, path, problems)) {
        if (REQUIRE_KEYS.includes(part.key)) add(part, 'require.');
        else problems.push(unknownKey(part.key, `${path}.require.`, part.keyPlace, REQUIRE_KEYS));
      }
    }
  }
  return fields;
}

function requireEntries(
  document: YamlDocument,
  entry: Entry,
  path: string,
  problems: ConfigProblem[],
): readonly Entry[] {
  const parts = document.text(entry.node) === '' ? [] : document.entries(entry.node);
  if (parts !== undefined) return parts;
  problems.push({
    key: `${path}.require`,
    place: entry.place,
    message: 'this is not a group of keys',
    remedy: `Write the keys ${REQUIRE_KEYS.join(', ')} below it, each with auto, required or ignored.`,
  });
  return [];
}

/** The text of a value, or undefined if it is empty (not set) or no single value (reported). */
function singleValue(
  document: YamlDocument,
  entry: Entry,
  path: string,
  problems: ConfigProblem[],
): string | undefined {
  const value = document.text(entry.node);
  if (value !== undefined) return value === '' ? undefined : value;
  problems.push({
    key: path + entry.key,
    place: entry.place,
    message: 'this is not a single value',
    remedy: 'Write one value after the colon, on the same line.',
  });
  return undefined;
}
