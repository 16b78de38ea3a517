import { isMap, isScalar, isSeq } from 'yaml';
import { JOB_FIELDS, type JobField } from '../../config/job_fields.ts';
import { SETTING_NAMES, settingOf } from '../../config/settings.ts';
import { SHARED_ALBUMS, SHARED_ALBUMS_FIELDS, type SharedAlbumsField } from '../../config/shared_albums.ts';
import { list } from '../../config/words.ts';
import type { PlainLine } from '../../service/settings/desk.ts';
import { ALBUMS_FIELDS, ALBUMS_LISTS } from './yaml_albums.ts';
import { EDITABLE_FIELDS, type JobInYaml, parsed, valuesOfText } from './yaml_job.ts';

const ID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/i;

/** What the file says of a share, in plain words; ids of users are left out. */
export function sayShare({ source, target, fields }: JobInYaml): PlainLine[] {
  const users = ([['source', source], ['target', target]] as const).filter(([, user]) => user !== '' && !ID.test(user));
  const said = EDITABLE_FIELDS.map((field) => [field, fields[field]] as const);
  return [...users, ...said].filter(([, value]) => value !== '')
    .map(([field, value]) => ({ label: JOB_FIELDS[field].label, value: list(valuesOfText(value)) }));
}

/** What it says of shared albums; nothing where none are shared. */
export function sayAlbums(fields: Readonly<Record<string, string>> | undefined): PlainLine[] {
  if (fields === undefined) return [];
  return ALBUMS_FIELDS.flatMap((field) => {
    const names = list(valuesOfText(fields[field] ?? ''));
    const isList = ALBUMS_LISTS.some((one) => one === field);
    const mode = fields[`${field}.mode`];
    const value = !isList || mode === 'these' ? names : mode === 'except' ? `all but ${names}` : 'all';
    return value === '' ? [] : [{ label: SHARED_ALBUMS_FIELDS[field].label, value }];
  });
}

/** What is called so in a sentence about what is wrong: a setting, or a field of a share; undefined where it has no other name. */
export function labelOfKey(key: string): string | undefined {
  const setting = SETTING_NAMES.find((name) => name === key.toUpperCase());
  if (setting !== undefined) return settingOf(setting).label;
  const [, group = '', field = ''] = /^(jobs|sync_jobs|shared_albums)(?:\[\d+\])?\.(.+)$/.exec(key) ?? [];
  const fields: Readonly<Record<string, { readonly label: string }>> = group === SHARED_ALBUMS
    ? SHARED_ALBUMS_FIELDS
    : JOB_FIELDS;
  return Object.hasOwn(fields, field) ? fields[field]?.label : undefined;
}

/** What the keys of a file are called on this page, each once. */
export function keysIn(text: string): PlainLine[] {
  const { contents } = parsed(text);
  const found = new Map<string, string>();
  const visit = (node: unknown, labelOf: (path: string) => string | undefined, path = ''): void => {
    if (isSeq(node)) node.items.forEach((item) => visit(item, labelOf, path));
    if (!isMap(node)) return;
    for (const { key, value } of node.items) {
      const name = `${path}${isScalar(key) ? String(key.value) : ''}`;
      const label = labelOf(name);
      if (label !== undefined) found.set(name, label);
      if (name === SHARED_ALBUMS) visit(value, (one) => SHARED_ALBUMS_FIELDS[one as SharedAlbumsField]?.label);
      else if (name === 'jobs' || name === 'sync_jobs') visit(value, (one) => JOB_FIELDS[one as JobField]?.label);
      else visit(value, labelOf, `${name}.`);
    }
  };
  const settings = new Map(SETTING_NAMES.map((name) => [name.toLowerCase(), settingOf(name).label]));
  visit(contents, (name) => settings.get(name.toLowerCase()));
  return [...found].map(([value, label]) => ({ label, value }));
}
