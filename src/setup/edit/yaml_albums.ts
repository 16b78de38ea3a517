import { isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import { SHARED_ALBUMS } from '../../config/shared_albums.ts';
import { yamlTextOf } from '../yaml_style.ts';
import { parsed, setField, textAt, valuesOfText } from './yaml_job.ts';

/** How a list of albums or of users is meant: everything, what is in it, or what is not in it. */
export const MODES = ['all', 'these', 'except'] as const;
type Mode = (typeof MODES)[number];

/** The fields of shared albums that can be changed on a page; of the lists each has a mode beside it. */
export const ALBUMS_FIELDS = [
  'albums',
  'members',
  'directory',
  'placement',
  'into',
  'include_archived',
  'share_edited',
] as const;
export const ALBUMS_LISTS = ['albums', 'members'] as const;
type List = (typeof ALBUMS_LISTS)[number];

/** What a YAML file says of shared albums: each field, one value on a line, and `albums.mode` and `members.mode`; undefined where it shares none. Pure. */
export function albumsInYaml(text: string): Readonly<Record<string, string>> | undefined {
  const group = parsed(text).get(SHARED_ALBUMS);
  return isMap(group) ? fieldsOf(group) : undefined;
}

/** The text with some of that changed. Comments, order, and whatever else stands there stay. Pure. */
export function withSharedAlbums(text: string, fields: Readonly<Record<string, string>>): string {
  const document = parsed(text);
  const found = document.get(SHARED_ALBUMS);
  const group = isMap(found) ? found : document.createNode({}) as YAMLMap;
  const before = fieldsOf(group);
  const isOther = (field: string) =>
    fields[field] !== undefined &&
    valuesOfText(fields[field]).join('\n') !== valuesOfText(before[field] ?? '').join('\n');
  const changed = Object.keys(fields).filter(isOther);
  if (changed.length === 0) return text;
  for (const list of ALBUMS_LISTS.filter((one) => changed.includes(one) || changed.includes(`${one}.mode`))) {
    const mode = fields[`${list}.mode`] ?? before[`${list}.mode`];
    const names = valuesOfText(fields[list] ?? before[list] ?? '');
    // Its other name says the same.
    if (list === 'albums') group.delete('except');
    if (mode === 'except') group.set(list, document.createNode({ except: names }, { flow: true }));
    else if (mode === 'all') group.set(list, 'all');
    else if (names.length === 0) group.set(list, document.createNode([], { flow: true }));
    else setField(document, group, list, names);
  }
  for (const field of ALBUMS_FIELDS.filter((one) => changed.includes(one) && !isList(one))) {
    setField(document, group, field, valuesOfText(fields[field] ?? ''));
  }
  if (found !== group) document.set(SHARED_ALBUMS, group);
  return yamlTextOf(document, text);
}

function isList(field: string): field is List {
  return ALBUMS_LISTS.some((list) => list === field);
}

function fieldsOf(group: YAMLMap): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const field of ALBUMS_FIELDS) if (!isList(field)) fields[field] = textAt(group, field);
  for (const list of ALBUMS_LISTS) {
    const { mode, names } = listOf(group, list);
    fields[`${list}.mode`] = mode;
    fields[list] = names;
  }
  return fields;
}

function listOf(group: YAMLMap, list: List): { readonly mode: Mode; readonly names: string } {
  const value = group.get(list, true);
  const except = textAt(group, isMap(value) ? `${list}.except` : 'except');
  if (isMap(value) || (list === 'albums' && except !== '')) return { mode: 'except', names: except };
  const names = textAt(group, list);
  // A list with that word in it names something that is called so.
  const isAll = names === '' && !isSeq(value) || isScalar(value) && names.trim().toLowerCase() === 'all';
  return isAll ? { mode: 'all', names: '' } : { mode: 'these', names };
}
