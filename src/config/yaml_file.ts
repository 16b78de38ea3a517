import { isMap, isSeq } from 'yaml';
import {
  JOB_FIELD_GROUPS,
  JOB_FIELD_NAMES,
  JOB_FIELDS,
  type JobField,
  type JobFieldDefinition,
  REASON_FIELD_NAMES,
  type ReasonField,
} from './job_fields.ts';
import { unknownKey } from './names.ts';
import type { ConfigProblem } from './problems.ts';
import { ENVIRONMENT_NAMES, isListSetting } from './settings.ts';
import {
  SHARED_ALBUMS,
  SHARED_ALBUMS_FIELD_NAMES,
  SHARED_ALBUMS_FIELDS,
  type SharedAlbumsDraft,
  type SharedAlbumsField,
  type SharedAlbumsFieldDefinition,
} from './shared_albums.ts';
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
  /** What no job shares. */
  readonly never: ReadonlyMap<ReasonField, Raw>;
  /** Set for INI, the form of immich-metadata-sync. */
  readonly isIni?: true;
  /** What is shared because it is in a shared album. */
  readonly sharedAlbums?: SharedAlbumsDraft | undefined;
}

const JOB_LIST_KEYS = ['jobs', 'sync_jobs'];
const NEVER = 'never';
const SETTING_KEYS = ENVIRONMENT_NAMES
  .filter((name) => name !== 'CONFIG_FILE')
  .map((name) => name.toLowerCase());
const JOB_KEYS = [...new Set(JOB_FIELD_NAMES.map((field) => field.replace(/\..*/, '')))];

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
  const never = new Map<ReasonField, Raw>();
  const lists: Entry[] = [];
  let sharedAlbums: SharedAlbumsDraft | undefined;
  for (const written of entries) {
    const entry = isJson && written.key === written.key.toUpperCase()
      ? { ...written, key: written.key.toLowerCase() }
      : written;
    if (JOB_LIST_KEYS.includes(entry.key)) lists.push(entry);
    else if (entry.key === NEVER) {
      const add = (field: string, raw: Raw) => never.set(field as ReasonField, raw);
      readGroup(document, entry, '', REASON_FIELD_NAMES, () => true, add, problems);
    } else if (entry.key === SHARED_ALBUMS) sharedAlbums = readSharedAlbums(document, entry, problems);
    else if (SETTING_KEYS.includes(entry.key)) addSetting(document, entry, settings, problems);
    else {problems.push(
        unknownKey(entry.key, '', entry.keyPlace, [...JOB_LIST_KEYS, NEVER, SHARED_ALBUMS, ...SETTING_KEYS]),
      );}
  }
  const [list, second] = lists;
  if (second !== undefined) {
    problems.push({
      key: second.key,
      place: second.keyPlace,
      message: 'jobs and sync_jobs are two names for the same list, and both are there',
      remedy: 'Put all shares under jobs.',
    });
  }
  const rest = { settings, never, sharedAlbums };
  if (list === undefined || isEmpty(document, list)) return { ...rest, hasJobs: false, jobs: [] };
  return { ...rest, hasJobs: true, jobs: readJobs(document, list, problems) };
}

const SHARED_ALBUMS_KEYS = [...new Set(SHARED_ALBUMS_FIELD_NAMES.map((field) => field.replace(/\..*/, '')))];

/** `albums` and `members` are a value, a list, or a group with what is left out. Undefined when nothing could be read (reported). */
function readSharedAlbums(
  document: YamlDocument,
  entry: Entry,
  problems: ConfigProblem[],
): SharedAlbumsDraft | undefined {
  const entries = document.entries(entry.node);
  if (entries === undefined) {
    problems.push({
      key: entry.key,
      place: entry.place,
      message: document.text(entry.node) === '' ? 'nothing stands below this key' : 'this is not a group of keys',
      remedy: `Write albums: all and directory: /data/shared below it, or take it out.`,
    });
    return undefined;
  }
  const fields = new Map<SharedAlbumsField, Raw>();
  for (const part of entries) {
    const path = `${entry.key}.`;
    if (!SHARED_ALBUMS_KEYS.includes(part.key)) {
      problems.push(unknownKey(part.key, path, part.keyPlace, SHARED_ALBUMS_KEYS));
      continue;
    }
    const field = part.key as SharedAlbumsField;
    if (document.entries(part.node) !== undefined && `${field}.except` in SHARED_ALBUMS_FIELDS) {
      const add = (_: string, raw: Raw) => fields.set(`${field}.except` as SharedAlbumsField, raw);
      readGroup(document, part, path, ['except'], () => true, add, problems);
      continue;
    }
    const { isList }: SharedAlbumsFieldDefinition = SHARED_ALBUMS_FIELDS[field];
    const value = isList === true
      ? listValue(document, part, path, problems)
      : singleValue(document, part, path, problems);
    if (value !== undefined) fields.set(field, { key: path + part.key, place: part.place, value });
  }
  return { place: entry.place, fields };
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
  const isSequence = isListSetting(name) && isSeq(document.resolve(entry.node));
  const value = (isSequence ? listValue : singleValue)(document, entry, '', problems);
  if (value !== undefined) settings.set(name, { key, place, value });
}

function readJobs(document: YamlDocument, list: Entry, problems: ConfigProblem[]): readonly RawJob[] {
  const target = document.resolve(list.node);
  if (!isSeq(target)) {
    problems.push({
      key: list.key,
      place: list.place,
      message: 'this is not a list of shares',
      remedy: 'Begin each share with "- name: …", indented below this key.',
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
      message: 'this is not a share',
      remedy: 'Write the share as lines like "name: alice to bob" below a "-".',
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
  const definitionOf = (field: string) => (JOB_FIELDS as Readonly<Record<string, JobFieldDefinition>>)[field];
  const isList = (field: string) => definitionOf(field)?.isList === true;
  for (const entry of entries) {
    const group = JOB_FIELD_GROUPS.get(entry.key);
    if (!JOB_KEYS.includes(entry.key)) problems.push(unknownKey(entry.key, `${path}.`, entry.keyPlace, JOB_KEYS));
    else if (group !== undefined && (definitionOf(entry.key) === undefined || isMap(document.resolve(entry.node)))) {
      const add = (part: string, raw: Raw) => fields.set(`${entry.key}.${part}` as JobField, raw);
      readGroup(document, entry, `${path}.`, group, (part) => isList(`${entry.key}.${part}`), add, problems);
    } else {
      const value = isList(entry.key)
        ? listValue(document, entry, `${path}.`, problems)
        : singleValue(document, entry, `${path}.`, problems);
      if (value === undefined) continue;
      fields.set(entry.key as JobField, { key: `${path}.${entry.key}`, place: entry.place, value });
    }
  }
  return fields;
}

/** Reads the keys below a key, each with `add`. */
function readGroup(
  document: YamlDocument,
  entry: Entry,
  path: string,
  known: readonly string[],
  isList: (key: string) => boolean,
  add: (key: string, raw: Raw) => void,
  problems: ConfigProblem[],
): void {
  const parts = document.text(entry.node) === '' ? [] : document.entries(entry.node);
  // A group that chooses and names nothing would be taken for one that is not there, and share everything.
  const isEmpty = parts !== undefined && known.some(isList) && parts.every((part) => document.text(part.node) === '');
  if (parts === undefined || isEmpty) {
    problems.push({
      key: path + entry.key,
      place: entry.place,
      message: parts === undefined ? 'this is not a group of keys' : 'nothing stands below this key',
      remedy: known.some(isList)
        ? `Write some of ${known.join(', ')} below it, each with one value or a list, or take it out.`
        : `Write the keys ${known.join(', ')} below it, each with auto, required or ignored.`,
    });
    return;
  }
  for (const part of parts) {
    const inside = `${path}${entry.key}.`;
    if (!known.includes(part.key)) {
      problems.push(unknownKey(part.key, inside, part.keyPlace, known));
      continue;
    }
    const value = isList(part.key)
      ? listValue(document, part, inside, problems)
      : singleValue(document, part, inside, problems);
    if (value !== undefined) add(part.key, { key: inside + part.key, place: part.place, value });
  }
}

/** What may be one value or a list. Empty is a problem, as it says neither all nor nothing. */
function listValue(
  document: YamlDocument,
  entry: Entry,
  path: string,
  problems: ConfigProblem[],
): string | readonly string[] | undefined {
  const target = document.resolve(entry.node);
  const value = isSeq(target) ? target.items.map((item) => document.text(item)) : document.text(entry.node);
  const isRight = Array.isArray(value)
    ? value.length > 0 && value.every((item) => item !== undefined && item !== '')
    : value !== undefined && value !== '';
  if (isRight) return value as string | readonly string[];
  problems.push({
    key: path + entry.key,
    place: entry.place,
    message: value === undefined
      ? 'this is neither a value nor a list of values'
      : 'nothing, or an empty value, stands here',
    remedy: 'Write one value, or several as a list: [one, another]; or take the key out.',
  });
  return undefined;
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
