import { isMap, isNode, isScalar, isSeq, type Pair } from 'yaml';
import { SHARED_ALBUMS } from '../../config/shared_albums.ts';
import { yamlTextOf } from '../yaml_style.ts';
import { albumsInYaml } from './yaml_albums.ts';
import { jobsInYaml, parsed } from './yaml_job.ts';

/** The text without one share. All other lines stay as they are, also the comment above it; unchanged where there is no such share. Pure. */
export function withoutJob(text: string, name: string): string {
  const document = parsed(text);
  const list = document.get('jobs') ?? document.get('sync_jobs');
  if (!isSeq(list)) return text;
  const at = list.items.findIndex((item) => isMap(item) && String(item.get('name') ?? '').trim() === name);
  const item = list.items[at];
  const range = isNode(item) ? item.range : undefined;
  if (!range) return text;
  const dash = text.slice(0, range[0]).lastIndexOf('-');
  if (list.flow !== true && dash >= 0) return withoutLines(text, dash, range[1]);
  list.items.splice(at, 1);
  return yamlTextOf(document, text);
}

/** The text without shared albums. All other lines stay as they are, also the comment above them. Pure. */
export function withoutSharedAlbums(text: string): string {
  const document = parsed(text);
  const { contents } = document;
  if (!isMap(contents)) return text;
  const { key, value } = contents.items.find((item: Pair) => isScalar(item.key) && item.key.value === SHARED_ALBUMS) ??
    {};
  const [from, to] = [isNode(key) ? key.range?.[0] : undefined, isNode(value) ? value.range?.[1] : undefined];
  if (from === undefined || to === undefined) return text;
  if (contents.flow !== true) return withoutLines(text, from, to);
  document.delete(SHARED_ALBUMS);
  return yamlTextOf(document, text);
}

/** Whether a file shares anything. */
export function sharesIn(text: string): boolean {
  return jobsInYaml(text).length > 0 || albumsInYaml(text) !== undefined;
}

/** Without the lines from one place to another, and without the comments below that are further to the right than their beginning. */
function withoutLines(text: string, from: number, to: number): string {
  const start = text.lastIndexOf('\n', from - 1) + 1;
  const inner = new RegExp(`^[^\\S\\n]{${from - start + 1},}#.*\\n?`);
  // What comes before may end with line breaks of its own.
  let end = lineAfter(text, start + text.slice(start, to).trimEnd().length);
  for (let more = inner.exec(text.slice(end)); more !== null; more = inner.exec(text.slice(end))) end += more[0].length;
  return text.slice(0, start) + text.slice(end);
}

function lineAfter(text: string, place: number): number {
  const at = text.indexOf('\n', place);
  return at < 0 ? text.length : at + 1;
}
