import { type Document, isMap, isScalar, isSeq, Scalar, type YAMLMap, YAMLSeq } from 'yaml';
import { plain } from '../config/quote.ts';
import type { WrittenName } from '../share/offers/things.ts';
import type { AlbumsAnswer, SelectionAnswer } from './answers.ts';

/** Writes what a job chooses by. Whatever else stands below `select`, such as paths, stays. */
export function setSelection(document: Document, job: YAMLMap, { favorites, ...names }: SelectionAnswer): void {
  const found = job.get('select');
  const group = isMap(found) ? found : document.createNode({}) as YAMLMap;
  if (group !== found) job.set('select', group);
  for (const key of ['albums', 'people', 'tags'] as const) setNames(group, key, names[key]);
  // Without people there is nobody to be matched.
  if (names.people.length === 0) group.delete('people_match');
  if (!favorites) group.delete('favorites');
  else if (String(group.get('favorites')) !== 'true') group.set('favorites', true);
}

/** Writes which shared albums reach their members, and where. What is left out stays left out. */
export function setSharedAlbums(group: YAMLMap, { albums, directory }: AlbumsAnswer): void {
  const found = group.get('albums');
  const except = isMap(found) ? found.get('except', true) : undefined;
  // "All but some" stays when all of the rest are wanted.
  if (albums === 'all') {
    if (!isMap(found)) setText(group, 'albums', albums);
  } else {
    setNames(group, 'albums', albums);
    if (except !== undefined && !group.has('except')) group.set('except', except);
  }
  const directories = group.get('directory');
  const isThere = isSeq(directories) && directories.items.some((item) => isScalar(item) && isPath(item, directory));
  if (!isThere) setText(group, 'directory', directory);
}

/** One of several directories is known with or without the slash at its end. */
function isPath({ value }: Scalar, directory: string): boolean {
  return String(value).replace(/\/?$/, '/') === directory;
}

function setText(group: YAMLMap, key: string, text: string): void {
  const old = group.get(key, true);
  if (isScalar(old)) {
    if (String(old.value).trim() !== text) old.value = text;
  } else group.set(key, text);
}

/** A list, one name on a line; what stands there already stays, with its comment. */
function setNames(group: YAMLMap, key: string, names: readonly WrittenName[]): void {
  if (names.length === 0) return void group.delete(key);
  const old = group.get(key, true);
  const items = isSeq(old) ? old.items : isScalar(old) ? [old] : [];
  const itemOf = (text: string) => items.find((item) => isScalar(item) && String(item.value).trim() === text);
  if (items.length === names.length && names.every(({ text }) => itemOf(text) !== undefined)) return;
  const list = new YAMLSeq();
  list.items = names.map(({ text, comment }) => itemOf(text) ?? scalarOf(text, comment));
  group.set(key, list);
}

function scalarOf(text: string, comment: string | undefined): Scalar {
  const scalar = new Scalar(text);
  // One that looks like a number or a date stays a text for every reader.
  if (!/^[\p{L}]/u.test(text)) scalar.type = Scalar.QUOTE_DOUBLE;
  if (comment !== undefined) scalar.comment = ` ${plain(JSON.stringify(comment))}`;
  return scalar;
}
